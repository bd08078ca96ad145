/** `gimlet help E_…`: what each error code means, why it comes, and what helps. */

import { type ReportedCode, statusOfCode } from "./exit_status.ts";
import { bold } from "./std.ts";
import { unknownName } from "./usage.ts";

/** What there is to say of a code. */
export interface ErrorHelp {
  /** In a line, without a final period; the table of docs/machine_interface.md has it as well. */
  readonly meaning: string;
  /** Usual causes, the most frequent first. */
  readonly causes: readonly string[];
  /** What helps, with commands where there are some. */
  readonly fixes: readonly string[];
}

/** All codes. */
export const ERROR_HELP: Readonly<Record<ReportedCode, ErrorHelp>> = {
  E_CAPABILITY: {
    meaning: "a capability is missing, and named",
    causes: [
      "gimlet does not run as root",
      "a container was started without the capability",
      "probes in user space need CAP_SYS_ADMIN, all others CAP_BPF and CAP_PERFMON",
    ],
    fixes: [
      "Run it as root: sudo gimlet …",
      "Give the file what it needs: sudo setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep gimlet",
      "In a container: docker run --cap-add BPF --cap-add PERFMON --cap-add SYS_ADMIN …",
    ],
  },
  E_LOCKDOWN: {
    meaning: "the kernel is locked down",
    causes: [
      "Secure Boot is on, and the distribution locks its kernel down then",
      "the kernel was started with lockdown=integrity or lockdown=confidentiality",
    ],
    fixes: [
      "See the mode: cat /sys/kernel/security/lockdown",
      "In mode integrity other plans may work: gimlet TOOL --plan list",
      "Mode confidentiality forbids tracing; only a boot without it helps",
    ],
  },
  E_PERMISSION: {
    meaning: "refused for another reason: seccomp, a namespace, a policy",
    causes: [
      "a container's seccomp filter refuses bpf() or perf_event_open()",
      "the process is root in its own user namespace only",
      "SELinux, AppArmor or kernel.perf_event_paranoid forbid it",
    ],
    fixes: [
      "See what filters it: grep -E 'Seccomp|CapEff' /proc/self/status",
      "In a container: docker run --security-opt seccomp=unconfined …, or --privileged",
      "See what a policy refused: dmesg | grep -i denied",
    ],
  },
  E_NO_LIBBPF: {
    meaning: "`libbpf.so.1` is not installed",
    causes: ["the package is missing", "it lies where the dynamic loader does not look"],
    fixes: [
      "Debian, Ubuntu: sudo apt-get install libbpf1; Fedora: sudo dnf install libbpf",
      "Name the file: GIMLET_LIBBPF=/path/to/libbpf.so.1 gimlet …",
    ],
  },
  E_OLD_LIBBPF: {
    meaning: "only a libbpf before 1.0 is installed",
    causes: ["Debian 11 and Ubuntu 22.04 have libbpf 0.x"],
    fixes: [
      "Build a newer one and name it: GIMLET_LIBBPF=/path/to/libbpf.so.1 gimlet …",
      "Its source: https://github.com/libbpf/libbpf (make -C src)",
    ],
  },
  E_NO_BTF: {
    meaning: "the kernel has no BTF",
    causes: [
      "it was built without CONFIG_DEBUG_INFO_BTF, as small and self-made ones often are",
      "/sys is not mounted, as in a chroot",
    ],
    fixes: [
      "Look for it: ls /sys/kernel/btf/vmlinux",
      "Build the kernel with CONFIG_DEBUG_INFO_BTF=y (needs pahole), or take the distribution's",
    ],
  },
  E_NO_TRACEFS: {
    meaning: "tracefs is not mounted and cannot be mounted",
    causes: ["a container without /sys/kernel/tracing", "a kernel without CONFIG_FTRACE"],
    fixes: [
      "As root: mount -t tracefs tracefs /sys/kernel/tracing",
      "In a container: docker run -v /sys/kernel/tracing:/sys/kernel/tracing …",
    ],
  },
  E_TRACING_OFF: {
    meaning: "`tracing_on` is 0",
    causes: ["another tracer, or a crash handler, has switched tracing off"],
    fixes: ["As root: echo 1 > /sys/kernel/tracing/tracing_on"],
  },
  E_TRACE_PIPE_BUSY: {
    meaning: "another process reads `trace_pipe`",
    causes: [
      "another gimlet, bpftrace, bcc or cat reads it; each line goes to one reader only",
      "a reader was left over in the background",
    ],
    fixes: ["End the process that the error names", "Use a tool with a buffer of its own"],
  },
  E_NO_KPROBES: {
    meaning: "the kernel is built without kprobes",
    causes: ["CONFIG_KPROBES is not set, as in kernels for small virtual machines"],
    fixes: [
      "Let gimlet choose another plan: leave --plan out",
      "See the others: gimlet TOOL --plan list",
    ],
  },
  E_NO_PROBE: {
    meaning: "a function, tracepoint or library is not there",
    causes: [
      "the kernel has the function under another name, inlined, or not at all",
      "the library is not installed, or the program does not use it",
      "the module is not loaded",
    ],
    fixes: [
      "See which plans work here: gimlet TOOL --plan list",
      "Look for a function: grep NAME /proc/kallsyms",
    ],
  },
  E_NO_PLAN: {
    meaning: "no plan works here",
    causes: ["every way to see the event has failed, each for the reason that the error names"],
    fixes: [
      "See them one by one: gimlet TOOL --plan list",
      "Ask for one: gimlet TOOL --plan NAME -v",
    ],
  },
  E_NO_PROCESS: {
    meaning: "there is no process of that number",
    causes: [
      "it has ended, or is being replaced",
      "the number is that of another pid namespace, as inside of a container",
    ],
    fixes: ["See those that run: ps -e", "By name: gimlet TOOL $(pidof -s NAME)"],
  },
  E_ATTACH: {
    meaning: "attaching failed for another reason",
    causes: [
      "too many probes or perf events are open",
      "another tracer holds what cannot be shared",
    ],
    fixes: ["Read libbpf's own words: -v", "See what is attached: bpftool link; bpftool perf"],
  },
  E_UNSUPPORTED: {
    meaning: "this kernel or libbpf is too old, or built without it",
    causes: [
      "the kernel is older than what is asked for; the message says since when it is there",
      "the kernel was built without it",
      "a newer function of libbpf is needed; the message says of which version",
    ],
    fixes: [
      "See what runs: gimlet info",
      "Name a newer libbpf: GIMLET_LIBBPF=/path/to/libbpf.so.1 gimlet …",
    ],
  },
  E_VERIFIER: {
    meaning: "the kernel's verifier refused a program",
    causes: ["this kernel is older, newer or otherwise built than those that gimlet is tested on"],
    fixes: [
      "Read the verifier's own words: -v",
      "Please report them with your kernel's version: gimlet version",
    ],
  },
  E_OBJECT: {
    meaning: "a BPF object cannot be read",
    causes: [
      "gimlet run: the file is not there, or no BPF object with BTF",
      "the binary was changed: stripped, packed or cut short",
    ],
    fixes: [
      "Compile it for BPF, with BTF: clang -target bpf -O2 -g -c FILE.bpf.c",
      "Download or build gimlet again; do not run strip, patchelf or upx on it",
    ],
  },
  E_COMPILE: {
    meaning: "clang found errors in BPF C",
    causes: [
      "the C has a mistake: the message has its file, line and column",
      "a type of the kernel is not in gimlet's vmlinux.h",
      "an older libbpf-dev has not the macro that is used",
    ],
    fixes: [
      "See all that clang said: -v",
      "Have every type: bpftool btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h",
    ],
  },
  E_NO_CLANG: {
    meaning: "clang or libbpf's headers are not installed",
    causes: ["gimlet run FILE.bpf.c needs a compiler; FILE.bpf.o does not"],
    fixes: [
      "Get both: apt-get install clang libbpf-dev",
      "Name the compiler: CLANG=/path/to/clang gimlet run FILE.bpf.c",
      "Compile elsewhere, and take the object along: gimlet run FILE.bpf.o",
    ],
  },
  E_LOAD: {
    meaning: "loading failed for another reason",
    causes: [
      "the kernel lacks a kind of map or program",
    ],
    fixes: ["Read libbpf's own words: -v", "See what this kernel is: gimlet version"],
  },
  E_LIMIT: {
    meaning: "a limit of this process or machine was reached: open files, memory",
    causes: [
      "too many files are open: RLIMIT_NOFILE",
      "memory for maps ran out, or its limit: RLIMIT_MEMLOCK before Linux 5.11, a cgroup's since",
    ],
    fixes: [
      "Raise the limits: ulimit -n 1024; ulimit -l unlimited",
      "In a container or a service: its memory limit (docker run --memory, MemoryMax=)",
    ],
  },
  E_MAP: {
    meaning: "a map could not be read",
    causes: ["memory ran out while tracing"],
    fixes: ["Read libbpf's own words: -v", "Please report it: this should not happen"],
  },
  E_READ: {
    meaning: "a buffer could not be read",
    causes: ["memory for buffers ran out, or the kernel took them away"],
    fixes: ["Read libbpf's own words: -v", "Please report it: this should not happen"],
  },
  E_COMMAND: {
    meaning: "the command behind `--` cannot be started",
    causes: ["it is not installed or not in PATH", "the file may not be executed"],
    fixes: [
      "Look for it: command -v CMD; sudo has a PATH of its own",
      "What the shell would read needs one: gimlet TOOL -- sh -c 'a; b'",
    ],
  },
  E_CLOSED: {
    meaning: "something was used after it was closed",
    causes: ["a mistake in a program that uses gimlet as a library"],
    fixes: ["Keep objects, links and buffers open while they are in use"],
  },
  E_USAGE: {
    meaning: "the command line cannot be understood",
    causes: ["an option, a tool or a plan is misspelt", "an expectation cannot be read"],
    fixes: ["See what there is: gimlet --help, gimlet TOOL --help"],
  },
  E_SCRIPT: {
    meaning: "a script has a mistake, and its place is named",
    causes: [
      "a name is misspelled, a bracket or a semicolon is missing",
      "a probe, a field or a type is not there on this kernel",
      "the script uses something that gimlet does not have",
    ],
    fixes: [
      "See what the kernel has: gimlet -lv PROBE",
      "Look for mistakes without running it: gimlet check FILE.bt",
    ],
  },
  E_OUTPUT: {
    meaning: "what was to be told could not be written",
    causes: [
      "the file system of the output, of the recording, of packets or of --junit's file is full",
      "a quota is used up, or the device is broken",
    ],
    fixes: [
      "See what is free: df -h",
      "Write where there is room, or less: --max-events, --duration",
    ],
  },
  E_INTERNAL: {
    meaning: "a mistake in gimlet itself",
    causes: ["something happened that nobody has thought of"],
    fixes: ["Please report it with all that was printed, and: gimlet version"],
  },
  E_VM_BOOT: {
    meaning: "the virtual machine's first program was not reached",
    causes: [
      "the kernel has no initial RAM disk (CONFIG_BLK_DEV_INITRD) or no serial console for QEMU's",
      "--append changes what the kernel starts, or --memory is too small for it",
    ],
    fixes: ["See the whole console: gimlet vm -v …", "Give it more memory: --memory 2G"],
  },
  E_VM_PANIC: {
    meaning: "the virtual machine's kernel panicked",
    causes: ["a mistake in the kernel, which the console's last lines name"],
    fixes: ["See the whole console: gimlet vm -v …", "Find the commit: git bisect run"],
  },
  E_VM_OOPS: {
    meaning: "the virtual machine's kernel oopsed, whatever the command said",
    causes: ["a mistake in the kernel, or in a module that was loaded"],
    fixes: ["See the whole console: gimlet vm -v …", "Find the commit: git bisect run"],
  },
  E_VM_HANG: {
    meaning: "out of time, and the kernel had complained of something stuck",
    causes: [
      "a deadlock in the kernel",
      "an emulated machine on a busy host: things take too long",
    ],
    fixes: ["See the whole console: gimlet vm -v …", "Give it more time: --timeout 10m"],
  },
  E_VM_TIMEOUT: {
    meaning: "the virtual machine's time ran out, and nothing else was wrong",
    causes: ["the command waits for something", "emulation is slow: no /dev/kvm here"],
    fixes: ["Give it more time: --timeout 10m", "See what it does: gimlet vm -v …"],
  },
  E_VM_NO_QEMU: {
    meaning: "QEMU is not installed, or cannot be started",
    causes: ["the package is missing", "the kernel's kind of machine needs another QEMU"],
    fixes: [
      "Debian, Ubuntu: sudo apt-get install qemu-system-x86; Fedora: sudo dnf install qemu-kvm",
    ],
  },
  E_VM_NO_KERNEL: {
    meaning: "the kernel for the virtual machine is not there or cannot be read",
    causes: [
      "--kernel names no file and no installed version",
      "the file may only be read by root",
    ],
    fixes: ["See those that are installed: ls /boot/vmlinuz-*", "Name a file: --kernel bzImage"],
  },
  E_VM_FILES: {
    meaning: "what the virtual machine is to have cannot be put together",
    causes: ["a file, a module, an interpreter or a library of a program is not on this machine"],
    fixes: ["Name what is missing by --file SRC:DST, or install it"],
  },
};

/** Whether a word is meant as a code: `E_NO_BTF`, `e-no-btf`. */
export function isCode(word: string): boolean {
  return /^e[_-]/i.test(word);
}

/**
 * The lines of `gimlet help CODE`.
 *
 * @throws {UsageError} with the nearest, where there is no such code
 */
export function errorHelp(word: string): string[] {
  const wanted = word.toUpperCase().replaceAll("-", "_");
  const code = codes().find((code) => code === wanted);
  if (code === undefined) throw unknownName("error code", word, codes());
  const { meaning, causes, fixes } = ERROR_HELP[code];
  return [
    `${bold(code)}: ${meaning.replaceAll("`", "")} (exit status ${statusOfCode(code)})`,
    "",
    bold("Usual causes:"),
    ...causes.map((cause) => `  ${cause}`),
    "",
    bold("What helps:"),
    ...fixes.map((fix) => `  ${fix}`),
  ];
}

function codes(): ReportedCode[] {
  return Object.keys(ERROR_HELP) as ReportedCode[];
}
