import { missingCapabilities, parseEffective } from "../../../../ffi/host/capabilities.ts";
import { parseCgroupMounts } from "../../../../ffi/host/cgroups.ts";
import { parseSeccompFilter, parseUserNamespace } from "../../../../ffi/host/confinement.ts";
import { parseCpuList } from "../../../../ffi/host/cpus.ts";
import { parseFdFlags } from "../../../../ffi/host/inherited_fd.ts";
import { parseKernelConfig } from "../../../../ffi/host/kernel_config.ts";
import { parseLimit } from "../../../../ffi/host/limits.ts";
import { parseLockdown } from "../../../../ffi/host/lockdown.ts";
import { parseMaps } from "../../../../ffi/host/proc_maps.ts";
import { filesAmong, hasEnded, parseJobControl } from "../../../../ffi/host/process.ts";
import { sysctlPath } from "../../../../ffi/host/sysctl.ts";
import { parseTracefsMounts } from "../../../../ffi/host/tracefs.ts";
import { parseCpuTime, parsePeakMemory } from "../../../../ffi/host/usage.ts";
import { assertEquals } from "../../../assert.ts";

const WANTED = ["CAP_BPF", "CAP_PERFMON", "CAP_DAC_READ_SEARCH"] as const;

Deno.test("missingCapabilities() names what the effective set does not hold", () => {
  const status = "CapPrm:\t000001ffffffffff\nCapEff:\t0000008000000000\n";
  assertEquals(missingCapabilities(parseEffective(status), WANTED), [
    "CAP_PERFMON",
    "CAP_DAC_READ_SEARCH",
  ]);
  assertEquals(missingCapabilities(0n, WANTED), [...WANTED]);
  assertEquals(missingCapabilities(parseEffective("nothing"), WANTED), [...WANTED]);
});

Deno.test("CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, and for nothing else", () => {
  assertEquals(missingCapabilities(1n << 21n, WANTED), ["CAP_DAC_READ_SEARCH"]);
});

Deno.test("parseCpuList() reads the kernel's list format", () => {
  assertEquals(parseCpuList("0-2,5\n"), [0, 1, 2, 5]);
  assertEquals(parseCpuList("0\n"), [0]);
  assertEquals(parseCpuList("\n"), []);
});

Deno.test("parseLockdown() reads the mode in brackets", () => {
  assertEquals(parseLockdown("none [integrity] confidentiality\n"), "integrity");
  assertEquals(parseLockdown(""), undefined);
});

Deno.test("what a process has used is read from /proc", () => {
  const stat = "7 (a) b) R 1 7 7 0 -1 4194560 9 0 0 0 12 3 0 0 20 0 9 0 55 1 2";
  assertEquals(parseCpuTime(stat), 150_000_000n);
  assertEquals(parsePeakMemory("VmPeak:\t  900 kB\nVmHWM:\t    61234 kB\n"), 62_703_616n);
});

Deno.test("a seccomp filter and a user namespace are seen in what /proc says", () => {
  assertEquals(parseSeccompFilter("NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"), true);
  assertEquals(parseSeccompFilter("Seccomp:\t0\n"), false);
  assertEquals(parseUserNamespace("         0          0 4294967295\n"), false);
  assertEquals(parseUserNamespace("         0       1000          1\n"), true);
});

Deno.test("parseJobControl() finds the fields behind a name with brackets and blanks", () => {
  const stat = "7 (a ) b (c) S 1 7 7 34816 9 4194304 0 0";
  assertEquals(parseJobControl(stat), { processGroup: 7, terminal: 34816, foregroundGroup: 9 });
});

Deno.test("a zombie has ended, whatever its name looks like", () => {
  assertEquals(hasEnded("7 (a) S) Z 1 7 7 0 -1"), true);
  assertEquals(hasEnded("7 (a) Z) S 1 7 7 0 -1"), false);
});

Deno.test("filesAmong() gives each file once, with the name of its first mapping", () => {
  const maps = "00400000-00401000 r--p 00000000 fd:00 12                         /opt/a b/prog\n" +
    "00401000-00402000 r-xp 00001000 fd:00 12                         /opt/a b/prog\n" +
    "7f0000001000-7f0000002000 rw-p 00000000 00:00 0 \n" +
    "7f0000002000-7f0000003000 r-xp 00000000 fd:00 7  /lib/libc.so.6 (deleted)\n" +
    "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                  [stack]\n";
  assertEquals(filesAmong(parseMaps(maps)), [
    { path: "/opt/a b/prog", range: "400000-401000" },
    { path: "/lib/libc.so.6", range: "7f0000002000-7f0000003000" },
  ]);
  assertEquals(filesAmong(parseMaps("")), []);
});

Deno.test("parseTracefsMounts() finds tracefs wherever it is mounted", () => {
  const mounts = "proc /proc proc rw 0 0\ntracefs /sys/kernel/debug/tracing tracefs rw 0 0\n" +
    "tracefs /sys/kernel/tracing tracefs rw 0 0\n";
  assertEquals(parseTracefsMounts(mounts), ["/sys/kernel/debug/tracing", "/sys/kernel/tracing"]);
  assertEquals(parseTracefsMounts("proc /proc proc rw 0 0\n"), []);
});

Deno.test("parseFdFlags() reads the octal number of fdinfo", () => {
  assertEquals(parseFdFlags("pos:\t0\nflags:\t02100001\nmnt_id:\t15\n"), 0o2100001);
  assertEquals(parseFdFlags("pos:\t0\n"), undefined);
});

Deno.test("parseKernelConfig() reads what is switched on, and texts without their quotes", () => {
  const text = 'CONFIG_BPF=y\n# CONFIG_KPROBES is not set\nCONFIG_LSM="bpf,yama"\nCONFIG_HZ=250\n';
  assertEquals([...parseKernelConfig(text)], [
    ["CONFIG_BPF", "y"],
    ["CONFIG_LSM", "bpf,yama"],
    ["CONFIG_HZ", "250"],
  ]);
});

Deno.test("parseLimit() finds a limit by its name", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units     \n" +
    "Max locked memory         8388608              unlimited            bytes     \n";
  assertEquals(parseLimit(limits, "Max locked memory"), { soft: "8388608", hard: "unlimited" });
  assertEquals(parseLimit(limits, "Max open files"), undefined);
});

Deno.test("parseCgroupMounts() tells the versions apart", () => {
  const v1 = "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n";
  const v2 = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
  assertEquals(parseCgroupMounts(v1 + v2), {
    v1: ["/sys/fs/cgroup/cpu"],
    v2: "/sys/fs/cgroup/unified",
  });
  assertEquals(parseCgroupMounts("proc /proc proc rw 0 0\n"), { v1: [], v2: undefined });
});

Deno.test("a sysctl is a file below /proc/sys", () => {
  assertEquals(sysctlPath("net.core.bpf_jit_enable"), "/proc/sys/net/core/bpf_jit_enable");
});
