/**
 * What can go wrong, as a table: how it is brought about, and what gimlet has to say of it. tests/native runs the faults
 * that a machine can be given while it runs, tests/vm those that take another kernel.
 */

import { type ReportedCode, statusOfCode } from "../cmd/exit_status.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "./assert.ts";
import { jsonRecords } from "./records.ts";

/** A fault. */
export interface Fault {
  /** gimlet's arguments. */
  readonly args: readonly string[];
  /** A shell script that makes the fault and runs gimlet: `"$@"`. It has mounts of its own. Without one, nothing is amiss. */
  readonly under?: string;
  /** The code of the error, which says the exit status; or the exit status of a run that is no error. */
  readonly ends: ReportedCode | number;
  /** What it has to say of the cause. */
  readonly cause: string;
  /** What it has to say of what helps. */
  readonly fix?: string;
  /** With --json there is no error record: stdout is what is amiss, or the subcommand has no such option. */
  readonly noRecord?: boolean;
}

/** A fault that takes a kernel: of this series, with these arguments. */
export interface KernelFault extends Fault {
  readonly kernel: "5.10" | "6.1" | "6.12" | "7.2";
  readonly append?: readonly string[];
}

const TRUE = ["--", "/bin/true"] as const;
const EVENTS = ["hello_perf_output", ...TRUE] as const;
const BITES = ["bitehist", ...TRUE] as const;

/** Drops capabilities that root has; CAP_SYS_ADMIN stands for many. */
function without(...capabilities: string[]): string {
  const set = capabilities.map((name) => `-${name}`).join();
  return `exec setpriv --bounding-set=${set} --inh-caps=${set} "$@"`;
}

/** Runs a copy of the binary as nobody, with capabilities of its own. */
function asNobody(capabilities: string): string {
  return `mount -t tmpfs none /mnt; chmod 755 /mnt; cp "$1" /mnt/gimlet; shift
    ${capabilities === "" ? "" : `setcap ${capabilities}+ep /mnt/gimlet`}
    cd /; exec setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/gimlet "$@"`;
}

/** Lets the process have files up to this number only, of which none but the first three are open. */
function withFiles(limit: number): string {
  const script = `for file in /proc/$$/fd/*; do
      number=\${file##*/}
      if [ "$number" -gt 2 ] && [ "$number" -lt 255 ]; then eval "exec $number>&-"; fi
    done
    exec prlimit --nofile=${limit}:${limit} "$@"`;
  return `exec bash -c '${script}' bash "$@"`;
}

/** Puts what is behind a path out of sight. */
function hidden(...paths: string[]): string {
  return paths.map((path) => `mount -t tmpfs none ${path}\n`).join("") + 'exec "$@"';
}

/** A libbpf that has its name and none of its functions. */
const EMPTY_LIBBPF = `mount -t tmpfs none /mnt
  gcc -shared -nostdlib -Wl,-soname,libbpf.so.1 -x c /dev/null -o /mnt/libbpf.so.1
  GIMLET_LIBBPF=/mnt/libbpf.so.1 exec "$@"`;

/** The faults of this machine's own kernel. `$SECCOMP` and `$CALLS` are workloads. */
export const NATIVE_FAULTS: Readonly<Record<string, Fault>> = {
  // What this process may do.
  "no privileges at all": {
    under: asNobody(""),
    args: EVENTS,
    ends: "E_CAPABILITY",
    cause: "CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH are missing",
    fix: "sudo setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep /mnt/gimlet",
  },
  "no CAP_BPF": {
    under: without("bpf", "sys_admin"),
    args: EVENTS,
    ends: "E_CAPABILITY",
    cause: "CAP_BPF is missing",
    fix: "Run it as root: sudo",
  },
  "no CAP_PERFMON": {
    under: without("perfmon", "sys_admin"),
    args: EVENTS,
    ends: "E_CAPABILITY",
    cause: "CAP_PERFMON is missing",
    fix: "Run it as root: sudo",
  },
  "no CAP_DAC_READ_SEARCH for who does not own tracefs": {
    under: asNobody("cap_bpf,cap_perfmon"),
    args: EVENTS,
    ends: "E_CAPABILITY",
    cause: "CAP_DAC_READ_SEARCH is missing",
    fix: "sudo setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep",
  },
  "no CAP_SYS_ADMIN, which probes in user space want": {
    under: without("sys_admin"),
    args: ["strlen_count", ...TRUE],
    ends: "E_CAPABILITY",
    cause: "CAP_SYS_ADMIN is missing",
    fix: "Run it as root: sudo",
  },
  "no capability for reading trace_pipe": {
    under: asNobody("cap_bpf,cap_perfmon"),
    args: ["hello_world", ...TRUE],
    ends: "E_CAPABILITY",
    cause: "CAP_DAC_READ_SEARCH is missing",
    fix: "sudo setcap",
  },
  "a seccomp filter without bpf()": {
    under: '"$SECCOMP" bpf 1 "$@"',
    args: EVENTS,
    ends: "E_PERMISSION",
    cause: "a seccomp filter",
    fix: "seccomp=unconfined",
  },
  "a seccomp filter that knows no bpf()": {
    under: '"$SECCOMP" bpf 38 "$@"',
    args: EVENTS,
    ends: "E_PERMISSION",
    cause: "a seccomp filter",
    fix: "seccomp=unconfined",
  },
  "a seccomp filter without perf_event_open()": {
    under: '"$SECCOMP" perf_event_open 1 "$@"',
    args: EVENTS,
    ends: "E_PERMISSION",
    cause: "a seccomp filter",
    fix: "seccomp=unconfined",
  },
  "root of a user namespace only": {
    under: 'exec unshare --user --map-root-user "$@"',
    args: EVENTS,
    ends: "E_PERMISSION",
    cause: "root in its own user namespace only",
    fix: "outside of rootless containers",
  },

  // What this process may have.
  "too few files for libbpf": {
    under: withFiles(16),
    args: EVENTS,
    ends: "E_LIMIT",
    cause: "too many files are open",
    fix: "ulimit -n 1024",
  },
  "too few files for maps": {
    under: withFiles(20),
    args: EVENTS,
    ends: "E_LIMIT",
    cause: "too many files are open",
    fix: "ulimit -n 1024",
  },
  "too few files for probes": {
    under: withFiles(26),
    args: ["hello_perf_output", "--plan", "tracepoint", ...TRUE],
    ends: "E_LIMIT",
    cause: "too many files are open",
    fix: "ulimit -n 1024",
  },

  // libbpf.
  "a libbpf older than 1.0": {
    under: EMPTY_LIBBPF,
    args: EVENTS,
    ends: "E_OLD_LIBBPF",
    cause: "the library found is older than libbpf 1.0",
    fix: "sudo apt-get install libbpf1",
  },
  "a libbpf that is named and not there": {
    under: 'GIMLET_LIBBPF=/no/libbpf.so.1 exec "$@"',
    args: EVENTS,
    ends: "E_NO_LIBBPF",
    cause: "$GIMLET_LIBBPF is /no/libbpf.so.1",
    fix: "unset GIMLET_LIBBPF",
  },
  "a libbpf that is named and no library": {
    under: 'GIMLET_LIBBPF=/etc/passwd exec "$@"',
    args: EVENTS,
    ends: "E_NO_LIBBPF",
    cause: "which is no usable library",
    fix: "unset GIMLET_LIBBPF",
  },

  // The kernel.
  "no BTF": {
    under: hidden("/sys/kernel/btf"),
    args: BITES,
    ends: "E_NO_BTF",
    cause: "the kernel has no BTF in /sys/kernel/btf/vmlinux",
    fix: "CONFIG_DEBUG_INFO_BTF=y",
  },
  "no BTF, and a script that asks for the kernel's types": {
    under: hidden("/sys/kernel/btf"),
    args: ["-e", "BEGIN { print(((struct task_struct *)curtask)->pid); exit(); }"],
    ends: "E_NO_BTF",
    cause: "the kernel has no BTF in /sys/kernel/btf/vmlinux",
    fix: "CONFIG_DEBUG_INFO_BTF=y",
  },
  "no /sys": {
    under: hidden("/sys"),
    args: BITES,
    ends: "E_NO_BTF",
    cause: "the kernel has no BTF in /sys/kernel/btf/vmlinux",
    fix: "CONFIG_DEBUG_INFO_BTF=y",
  },
  "no tracefs, and no right to mount it": {
    under: `umount -a -t tracefs; ${without("sys_admin")}`,
    args: ["hello_world", ...TRUE],
    ends: "E_NO_TRACEFS",
    cause: "it is not mounted, and cannot be mounted from here",
    fix: "mount -t tracefs tracefs /sys/kernel/tracing",
  },
  "tracing that is switched off": {
    under: `echo 0 > /sys/kernel/tracing/tracing_on
      trap 'echo 1 > /sys/kernel/tracing/tracing_on' EXIT; "$@"`,
    args: ["hello_world", ...TRUE],
    ends: "E_TRACING_OFF",
    cause: "tracing is switched off",
    fix: "echo 1 >",
  },
  "a trace_pipe that somebody else reads": {
    under: `cat /sys/kernel/tracing/trace_pipe & reader=$!
      until ls -l "/proc/$reader/fd" | grep -q trace_pipe; do :; done
      trap 'kill $reader' EXIT; "$@"`,
    args: ["hello_world", ...TRUE],
    ends: "E_TRACE_PIPE_BUSY",
    cause: "reads it, and each line goes to one reader only",
    fix: "End that process first: ps -p",
  },
  "a plan that does not work here": {
    under: hidden("/sys/kernel/tracing", "/sys/bus/event_source/devices"),
    args: ["bitehist", "--plan", "kprobe"],
    ends: "E_NO_PLAN",
    cause: "plan kprobe: this kernel is built without kprobes",
    fix: "--plan list",
  },
  "no plan that works": {
    under: hidden("/sys/kernel/tracing", "/sys/bus/event_source/devices", "/sys/kernel/btf"),
    args: BITES,
    ends: "E_NO_BTF",
    cause: "plan tracepoint:",
    fix: "CONFIG_DEBUG_INFO_BTF=y",
  },

  // What is traced, and the command.
  "a process that is not there": {
    args: ["hello_perf_output", "--pid", "4194304"],
    ends: "E_NO_PROCESS",
    cause: "there is no process of that number",
    fix: "ps -e",
  },
  "a process of another pid namespace": {
    under: 'exec unshare --pid --fork --mount-proc "$@"',
    args: ["hello_perf_output", "--tgid", String(Deno.pid)],
    ends: "E_NO_PROCESS",
    cause: "there is no process of that number",
    fix: "ps -e",
  },
  "a server that is not there": {
    args: ["nodejs_http_server", "4194304"],
    ends: "E_NO_PROCESS",
    cause: "there is no process of that number",
    fix: "ps -e",
  },
  "a static probe that a program does not have": {
    args: ["nodejs_http_server", String(Deno.pid), "--plan", "usdt"],
    ends: "E_NO_PLAN",
    cause: "has no USDT probe node:http__server__request",
    fix: "--plan list",
  },
  "a command that is not there": {
    args: ["bitehist", "--", "/no/such/program"],
    ends: "E_COMMAND",
    cause: "there is no such program",
    fix: "gimlet TOOL -- CMD ARGS…",
  },
  "a command that is no program": {
    args: ["bitehist", "--", "/etc/passwd"],
    ends: "E_COMMAND",
    cause: "Permission denied",
    fix: "gimlet TOOL -- CMD ARGS…",
  },
  "a command that is a folder": {
    args: ["bitehist", "--", "/"],
    ends: "E_COMMAND",
    cause: "Permission denied",
    fix: "gimlet TOOL -- CMD ARGS…",
  },
  "a command without its interpreter": {
    under: `mount -t tmpfs none /mnt; printf '#!/no/sh\\n' > /mnt/script; chmod +x /mnt/script
      exec "$@"`,
    args: ["bitehist", "--", "/mnt/script"],
    ends: "E_COMMAND",
    cause: "its interpreter is missing",
    fix: "gimlet TOOL -- CMD ARGS…",
  },
  "a command that is killed": {
    args: ["bitehist", "--", "sh", "-c", "kill -KILL $$"],
    ends: 137,
    cause: "",
  },
  "a command that fails": { args: ["bitehist", "--", "sh", "-c", "exit 7"], ends: 7, cause: "" },

  // What gimlet writes.
  "a full disk behind stdout": {
    under: 'exec "$@" > /dev/full',
    args: EVENTS,
    ends: "E_OUTPUT",
    cause: "Cannot write stdout: No space left on device",
    fix: "df -h",
    noRecord: true,
  },
  "a full disk behind the help": {
    under: 'exec "$@" > /dev/full',
    args: ["help"],
    ends: "E_OUTPUT",
    cause: "Cannot write stdout: No space left on device",
    fix: "df -h",
    noRecord: true,
  },
  "a full disk behind stderr, where a mistake is told": {
    under: 'exec "$@" 2> /dev/full',
    args: ["no_such_tool"],
    ends: 2,
    cause: "",
    noRecord: true,
  },
  "a full disk behind a recording": {
    args: ["record", "/dev/full", ...EVENTS],
    ends: "E_OUTPUT",
    cause: "Cannot write /dev/full: No space left on device",
    fix: "df -h",
    noRecord: true,
  },
  "a full disk behind a report": {
    args: ["hello_perf_output", "--expect", "lost == 0", "--junit", "/dev/full", ...TRUE],
    ends: "E_OUTPUT",
    cause: "Cannot write /dev/full: No space left on device",
    fix: "df -h",
  },
  "a full disk behind a script's output": {
    args: ["-o", "/dev/full", "-e", "BEGIN { print(1); exit(); }"],
    ends: "E_OUTPUT",
    cause: "Cannot write /dev/full: No space left on device",
    fix: "df -h",
    noRecord: true,
  },
  "a script's process that is not there": {
    args: ["-p", "4194304", "-e", "BEGIN { exit(); }"],
    ends: "E_NO_PROCESS",
    cause: "there is no process of that number",
    fix: "ps -e",
  },
  "a script's file that is not there": {
    args: ["/no/such.bt"],
    ends: "E_USAGE",
    cause: 'Cannot read script "/no/such.bt"',
    fix: "gimlet FILE.bt",
  },
  "a script's file descriptor that is not open": {
    args: ["-e", "BEGIN { exit(); }", "--ready-fd", "9"],
    ends: "E_USAGE",
    cause: "Cannot write to file descriptor 9: it is not open",
    fix: "--ready-fd 9 9>FILE",
  },
  "a stdout that is closed": { under: 'exec "$@" >&-', args: EVENTS, ends: 0, cause: "" },
  "a stderr that is closed": { under: 'exec "$@" 2>&-', args: EVENTS, ends: 0, cause: "" },
  "a stdin that is closed": { under: 'exec "$@" <&-', args: EVENTS, ends: 0, cause: "" },
  "a reader that has gone away": {
    under: '{ "$@"; echo $? > /dev/fd/9; } 9> /dev/null | exec true',
    args: ["hello_perf_output", "--duration", "1m"],
    ends: 0,
    cause: "",
  },
  "a report that cannot be begun": {
    args: ["hello_perf_output", "--expect", "lost == 0", "--junit", "/no/such/x.xml", ...TRUE],
    ends: "E_USAGE",
    cause: "Cannot write /no/such/x.xml",
    fix: "--junit takes the path of a file",
  },
  "a file descriptor that is not open": {
    args: ["hello_perf_output", "--ready-fd", "9", ...TRUE],
    ends: "E_USAGE",
    cause: "Cannot write to file descriptor 9: it is not open",
    fix: "--ready-fd 9 9>FILE",
  },
  "a recording that is none": {
    args: ["replay", "/etc/passwd"],
    ends: "E_USAGE",
    cause: "it is no recording of gimlet",
    fix: "gimlet replay FILE",
    noRecord: true,
  },

  // What was expected of the run.
  "an expectation that does not hold": {
    args: ["hello_perf_output", "--expect", "events == 4294967296", ...TRUE],
    ends: 1,
    cause: "",
  },
  "an expectation that nobody understands": {
    args: ["hello_perf_output", "--expect", "events = 2", ...TRUE],
    ends: "E_USAGE",
    cause: "events = 2",
    fix: "",
  },
  "no events": {
    args: ["bitehist", "--comm", "nobody", "--require-events", "--duration", "10ms"],
    ends: 124,
    cause: "",
  },
  "events that were lost": {
    // A gimlet that is stopped reads nothing.
    under:
      `exec "$@" -- sh -c 'kill -STOP $PPID; "$0" urandom 300000 64; kill -CONT $PPID' "$CALLS"`,
    args: ["urandomread", "--fail-on-loss"],
    ends: 6,
    cause: "",
  },

  // Machines within the machine.
  "no QEMU": {
    under: 'PATH=/no exec "$@"',
    args: ["vm", "--kernel", "/proc/self/exe", "--", "/bin/true"],
    ends: "E_VM_NO_QEMU",
    cause: "qemu-system-x86_64 is not installed",
    noRecord: true,
  },
  "no kernel": {
    args: ["vm", "--kernel", "0.1", "--", "true"],
    ends: "E_VM_NO_KERNEL",
    cause: "no kernel 0.1",
    noRecord: true,
  },
};

/** The faults that take a kernel of their own. */
export const KERNEL_FAULTS: Readonly<Record<string, KernelFault>> = {
  "lockdown, mode confidentiality": {
    kernel: "6.1",
    append: ["lockdown=confidentiality"],
    args: ["hello_perf_output", "--plan", "kprobe", ...TRUE],
    ends: "E_LOCKDOWN",
    cause: "the kernel is locked down (confidentiality)",
    fix: "Boot without Secure Boot or lockdown=",
  },
  "lockdown, mode confidentiality: another plan traces all the same": {
    kernel: "6.1",
    append: ["lockdown=confidentiality"],
    args: EVENTS,
    ends: 0,
    cause: "",
  },
  "lockdown, mode integrity: it traces all the same": {
    kernel: "6.1",
    append: ["lockdown=integrity"],
    args: EVENTS,
    ends: 0,
    cause: "",
  },
  "a limit of locked memory": {
    kernel: "5.10",
    under: `exec prlimit --memlock=0:0 ${without("sys_resource").slice("exec ".length)}`,
    args: EVENTS,
    ends: "E_PERMISSION",
    cause: "the kernel did not permit it",
    fix: "ulimit -l unlimited",
  },
  "an unprivileged user": {
    kernel: "7.2",
    under: 'exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"',
    args: EVENTS,
    ends: "E_CAPABILITY",
    cause: "CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH are missing",
    fix: "sudo setcap",
  },
  "kprobes that are switched off": {
    kernel: "6.1",
    under: `echo 0 > /sys/kernel/debug/kprobes/enabled; exec "$@"`,
    args: ["hello_perf_output", "--plan", "kprobe"],
    ends: "E_NO_PLAN",
    cause: "kprobes are switched off: /sys/kernel/debug/kprobes/enabled is 0",
    fix: "--plan list",
  },
};

/** The error of a fault, as a person reads it, and as a program does; each run of gimlet is a fresh one. */
export interface Told {
  readonly status: number;
  readonly stderr: string;
  /** With --json. */
  readonly records: string;
}

/** Holds what gimlet said against the table. */
export function assertTold({ ends, cause, fix = "", noRecord = false }: Fault, told: Told): void {
  const status = typeof ends === "number" ? ends : statusOfCode(ends);
  assertEquals(told.status, status, told.stderr);
  assertStringIncludes(told.stderr, cause);
  assertStringIncludes(told.stderr, fix);
  if (typeof ends === "number") return;
  const lines = told.stderr.trimEnd().split("\n");
  assertMatch(lines[0]!, /^gimlet( vm)?: /);
  assert(lines.length <= 6, told.stderr);
  if (noRecord) return;
  const record = jsonRecords(told.records).find(({ type }) => type === "error");
  assertEquals([record?.code, String(record?.message).includes(cause)], [ends, true]);
}

/** The arguments with --json, behind the name of the tool, or before all that a script takes. */
export function withJson([first = "", ...rest]: readonly string[]): string[] {
  const isScript = first.startsWith("-") || first.endsWith(".bt");
  return isScript ? ["--json", first, ...rest] : [first, "--json", ...rest];
}
