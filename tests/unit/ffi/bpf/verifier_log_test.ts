import { verifierRefusal } from "../../../../ffi/bpf/verifier_log.ts";
import { assertEquals } from "../../../assert.ts";

// Recorded: libbpf 1.1's log of a program that reads a map's value without a test for null.
const RECORDED = await Deno.readTextFile(
  new URL("../../../fixtures/logs/null_read.log", import.meta.url),
);

Deno.test("verifierRefusal() finds program and reason in a recorded log", () => {
  const refusal = verifierRefusal(RECORDED)!;
  assertEquals(refusal.program, "refused");
  assertEquals(refusal.reason, "R0 invalid mem access 'map_value_or_null'");
  assertEquals(refusal.source, "return *count; @ refused.bpf.c:11");
});

Deno.test("verifierRefusal() prefers the reason that newer kernels mark", () => {
  const log = [
    "prog 'p': -- BEGIN PROG LOAD LOG --",
    "Reason: pointer may be null",
    "At: line 3",
    "Suggestion: test it",
    "processed 5 insns (limit 1000000)",
    "-- END PROG LOAD LOG --",
  ].join("\n");
  assertEquals(verifierRefusal(log)!.reason, "pointer may be null");
});

Deno.test("verifierRefusal() is undefined where the verifier said nothing", () => {
  assertEquals(
    verifierRefusal("prog 'p': failed to find kernel BTF type ID of 'x': -3"),
    undefined,
  );
});

Deno.test("verifierRefusal() bears a log that was cut off", () => {
  assertEquals(verifierRefusal("prog 'p': -- BEGIN PROG LOAD LOG --\nR1 bad")!.reason, "R1 bad");
});
