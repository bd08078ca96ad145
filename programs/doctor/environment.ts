/** What is around this process: the kernel, its switches, and what holds the process in. Nothing here needs a right. */

import { libbpfVersion } from "../../ffi/bpf/version.ts";
import {
  CAPABILITY,
  type CapabilityName,
  missingCapabilities,
  readEffective,
} from "../../ffi/host/capabilities.ts";
import { parseCgroupMounts } from "../../ffi/host/cgroups.ts";
import {
  hasSeccompFilter,
  isInPidNamespace,
  isInUserNamespace,
} from "../../ffi/host/confinement.ts";
import { findKernelConfig, type KernelConfigFile } from "../../ffi/host/kernel_config.ts";
import { parseLimit } from "../../ffi/host/limits.ts";
import { readLockdown } from "../../ffi/host/lockdown.ts";
import { readSysctl, sysctlPath } from "../../ffi/host/sysctl.ts";
import { readText } from "../../ffi/host/files.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { messageOf } from "../../ffi/errors.ts";

/** How something is known. */
export const WAYS_TO_KNOW = [
  "attempt",
  "btf",
  "configuration",
  "file",
  "libbpf",
  "nothing",
] as const;

/** Something that is so here. */
export interface Fact {
  readonly name: string;
  /** `undefined` where it cannot be known here. */
  readonly value: string | undefined;
  readonly knownBy: typeof WAYS_TO_KNOW[number];
  /** The file, or call, that tells. */
  readonly source: string;
  /** What this is bad for. */
  readonly problem?: string;
  /** What to do about that. */
  readonly fix?: string;
}

/** What is found out about the machine and this process. */
export function findFacts(): Fact[] {
  const config = findKernelConfig();
  return [
    kernel(),
    configuration(config),
    ...switches(config),
    btf(),
    tracefs(),
    functionList(),
    lockdown(),
    capabilities(),
    seccomp(),
    userNamespace(),
    pidNamespace(),
    ...SYSCTLS.map(sysctl),
    kprobeSwitch(),
    lockedMemory(),
    cgroups(),
    libbpf(),
  ];
}

/** A fact of which `read` may fail where files are hidden or forbidden. */
function fact(
  name: string,
  source: string,
  read: () => Partial<Omit<Fact, "name" | "source">> & { readonly value: string | undefined },
): Fact {
  try {
    const found = read();
    const knownBy = found.value === undefined ? "nothing" : "file";
    return { name, source, knownBy, ...found };
  } catch (error) {
    const problem = `it cannot be read: ${messageOf(error)}`;
    return { name, source, value: undefined, knownBy: "nothing", problem };
  }
}

function kernel(): Fact {
  const value = `${Deno.osRelease()} ${Deno.build.arch}`;
  return { name: "kernel", value, knownBy: "file", source: "/proc/sys/kernel/osrelease" };
}

function configuration(found: KernelConfigFile | undefined): Fact {
  const name = "configuration";
  if (found !== undefined) {
    return { name, value: "readable", knownBy: "file", source: found.path };
  }
  const source = `/proc/config.gz, /boot/config-${Deno.osRelease()}`;
  return { name, value: undefined, knownBy: "nothing", source };
}

/** The switches of the configuration that decide what can be traced. */
const SWITCHES = [
  "CONFIG_BPF_SYSCALL",
  "CONFIG_BPF_JIT",
  "CONFIG_BPF_EVENTS",
  "CONFIG_DEBUG_INFO_BTF",
  "CONFIG_DEBUG_INFO_BTF_MODULES",
  "CONFIG_PERF_EVENTS",
  "CONFIG_KPROBES",
  "CONFIG_KPROBE_EVENTS",
  "CONFIG_UPROBE_EVENTS",
  "CONFIG_FTRACE_SYSCALLS",
  "CONFIG_FUNCTION_TRACER",
  "CONFIG_DYNAMIC_FTRACE",
  "CONFIG_FPROBE",
  "CONFIG_BPF_LSM",
] as const;

function switches(found: KernelConfigFile | undefined): Fact[] {
  if (found === undefined) return [];
  return SWITCHES.map((name) => ({
    name,
    value: found.config.get(name) ?? "off",
    knownBy: "configuration",
    source: found.path,
  }));
}

const BTF = "/sys/kernel/btf/vmlinux";

function btf(): Fact {
  const found = fact("btf", BTF, () => ({ value: `${Deno.statSync(BTF).size} bytes` }));
  if (found.value !== undefined) return found;
  return {
    ...found,
    problem:
      "the kernel does not describe its types: no fentry, no tp_btf, and no fields of structs",
    fix: "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of most distributions are",
  };
}

function tracefs(): Fact {
  return fact("tracefs", "/proc/self/mounts", () => {
    const value = tracefsPath();
    Deno.readTextFileSync(`${value}/events/enable`);
    return { value };
  });
}

const FUNCTIONS = "available_filter_functions";

/** Some kernels refuse it to root, too. Then what can be probed is told by symbols and BTF. */
function functionList(): Fact {
  return fact("function_list", FUNCTIONS, () => {
    const source = `${tracefsPath()}/${FUNCTIONS}`;
    using file = Deno.openSync(source);
    file.readSync(new Uint8Array(1));
    return { value: "readable", source };
  });
}

function lockdown(): Fact {
  return fact("lockdown", "/sys/kernel/security/lockdown", () => {
    const value = readLockdown();
    if (value !== "integrity" && value !== "confidentiality") return { value };
    return {
      value,
      problem: value === "integrity"
        ? "some kernels refuse fentry, fexit and LSM programs in this mode"
        : "programs may not read the kernel's memory",
      fix: "Boot without Secure Boot, or without lockdown=",
    };
  });
}

function capabilities(): Fact {
  return fact("capabilities", "/proc/self/status", () => {
    const all = Object.keys(CAPABILITY) as CapabilityName[];
    const missing = missingCapabilities(readEffective(), all);
    const held = all.filter((name) => !missing.includes(name));
    const value = held.join(", ") || "none of those that tracing needs";
    if (missing.length === 0) return { value };
    return {
      value,
      problem: `missing: ${missing.join(", ")}`,
      fix: "Run it as root: sudo gimlet …",
    };
  });
}

function seccomp(): Fact {
  return fact("seccomp", "/proc/self/status", () =>
    hasSeccompFilter()
      ? {
        value: "filtered",
        problem: "a filter looks at each system call, and may refuse bpf() or perf_event_open()",
        fix: "docker run --security-opt seccomp=unconfined …; in a service: SystemCallFilter=",
      }
      : { value: "no filter" });
}

function userNamespace(): Fact {
  return fact("user_namespace", "/proc/self/uid_map", () =>
    isInUserNamespace()
      ? {
        value: "its own",
        problem: "root of a user namespace may not trace the machine",
        fix: "Run it as root of the machine: outside of rootless containers and of unshare --user",
      }
      : { value: "the machine's" });
}

function pidNamespace(): Fact {
  return fact("pid_namespace", "/proc/self/ns/pid", () => ({
    value: isInPidNamespace() ? "its own: --pid and --tgid take its numbers" : "the machine's",
  }));
}

/** A switch in /proc/sys, and what is wrong with some of its values. */
interface Sysctl {
  readonly name: string;
  readonly bad?: { readonly value: string; readonly problem: string; readonly better: string };
}

const SYSCTLS: readonly Sysctl[] = [
  {
    name: "kernel.kptr_restrict",
    bad: {
      value: "2",
      problem: "stacks of the kernel show no names, not even to root",
      better: "1",
    },
  },
  { name: "kernel.perf_event_paranoid" },
  { name: "kernel.unprivileged_bpf_disabled" },
  {
    name: "kernel.ftrace_enabled",
    bad: { value: "0", problem: "fentry, fexit and kprobe.multi are refused", better: "1" },
  },
  {
    name: "net.core.bpf_jit_enable",
    bad: { value: "0", problem: "programs are interpreted, which is slow", better: "1" },
  },
];

function sysctl({ name, bad }: Sysctl): Fact {
  return fact(name, sysctlPath(name), () => {
    const value = readSysctl(name);
    if (value === undefined || value !== bad?.value) return { value };
    const { problem, better } = bad;
    return { value, problem, fix: `As root: sysctl -w ${name}=${better}` };
  });
}

const KPROBE_SWITCH = "/sys/kernel/debug/kprobes/enabled";

function kprobeSwitch(): Fact {
  return fact("kprobes_enabled", KPROBE_SWITCH, () => {
    const value = readText(KPROBE_SWITCH)?.trim();
    if (value !== "0") return { value };
    return { value, problem: "no kprobe fires", fix: `As root: echo 1 > ${KPROBE_SWITCH}` };
  });
}

function lockedMemory(): Fact {
  const source = "/proc/self/limits";
  return fact("locked_memory", source, () => {
    const limit = parseLimit(Deno.readTextFileSync(source), "Max locked memory");
    return { value: limit && `${limit.soft} bytes, at most ${limit.hard}` };
  });
}

function cgroups(): Fact {
  const source = "/proc/self/mounts";
  return fact("cgroups", source, () => {
    const { v1, v2 } = parseCgroupMounts(Deno.readTextFileSync(source));
    if (v2 !== undefined) return { value: `${v1.length > 0 ? "v1 and v2" : "v2"}: ${v2}` };
    return {
      value: v1.length > 0 ? "v1 only" : "none is mounted",
      problem: "--cgroup takes a folder of cgroup v2",
      fix: "As root: mount -t cgroup2 none /sys/fs/cgroup/unified",
    };
  });
}

function libbpf(): Fact {
  const value = libbpfVersion();
  const name = "libbpf";
  if (value !== undefined) {
    return { name, value, knownBy: "libbpf", source: "libbpf_version_string()" };
  }
  return {
    name,
    value,
    knownBy: "nothing",
    source: "the dynamic loader",
    problem: "no usable libbpf.so.1 is installed: nothing can be traced",
    fix: "Debian, Ubuntu: sudo apt-get install libbpf1",
  };
}
