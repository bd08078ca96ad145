import { missingCapabilities, parseEffective } from "../../../../ffi/host/capabilities.ts";
import { parseCpuList } from "../../../../ffi/host/cpus.ts";
import { parseLockdown } from "../../../../ffi/host/lockdown.ts";
import { parseJobControl } from "../../../../ffi/host/process.ts";
import { parseTracefsMounts } from "../../../../ffi/host/tracefs.ts";
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

Deno.test("parseJobControl() finds the fields behind a name with brackets and blanks", () => {
  const stat = "7 (a ) b (c) S 1 7 7 34816 9 4194304 0 0";
  assertEquals(parseJobControl(stat), { processGroup: 7, terminal: 34816, foregroundGroup: 9 });
});

Deno.test("parseTracefsMounts() finds tracefs wherever it is mounted", () => {
  const mounts = "proc /proc proc rw 0 0\ntracefs /sys/kernel/debug/tracing tracefs rw 0 0\n" +
    "tracefs /sys/kernel/tracing tracefs rw 0 0\n";
  assertEquals(parseTracefsMounts(mounts), ["/sys/kernel/debug/tracing", "/sys/kernel/tracing"]);
  assertEquals(parseTracefsMounts("proc /proc proc rw 0 0\n"), []);
});
