import { statusOf } from "../../../cmd/exit_status.ts";
import { errorLines, errorRecord } from "../../../cmd/report.ts";
import { setColorEnabled } from "../../../cmd/std.ts";
import { UsageError } from "../../../cmd/usage.ts";
import { BpfError } from "../../../ffi/errors.ts";
import { assertEquals } from "../../assert.ts";

setColorEnabled(false);

const ERROR = new BpfError("load bitehist", {
  step: "load",
  code: "E_VERIFIER",
  cause: "the kernel's verifier refused program p: R1 is bad",
  hint: "Run it with -v\nor ask",
  log: "first\nsecond",
});

Deno.test("errorLines() gives step, cause and fix, and the log under -v", () => {
  const lines = [
    "gimlet: Cannot load bitehist: the kernel's verifier refused program p: R1 is bad",
    "  → Run it with -v",
    "  → or ask",
  ];
  assertEquals(errorLines(ERROR), lines);
  assertEquals(errorLines(ERROR, { verbose: true }), [...lines, "first", "second"]);
});

Deno.test("errorRecord() gives all parts by name", () => {
  assertEquals(JSON.parse(errorRecord(ERROR)), {
    type: "error",
    step: "load",
    code: "E_VERIFIER",
    message: "Cannot load bitehist: the kernel's verifier refused program p: R1 is bad",
    cause: "the kernel's verifier refused program p: R1 is bad",
    hint: "Run it with -v\nor ask",
    log: "first\nsecond",
  });
});

Deno.test("statusOf() keeps to the published table", () => {
  const of = (code: BpfError["code"]) =>
    statusOf(new BpfError("x", { step: "setup", code, cause: "y" }));
  assertEquals(statusOf(new UsageError("x")), 2);
  assertEquals([of("E_CAPABILITY"), of("E_LOCKDOWN"), of("E_PERMISSION")], [3, 3, 3]);
  assertEquals([of("E_NO_PLAN"), of("E_NO_PROBE"), of("E_NO_TRACEFS")], [4, 4, 4]);
  assertEquals([of("E_VERIFIER"), of("E_LOAD")], [5, 5]);
  assertEquals([of("E_NO_LIBBPF"), of("E_OLD_LIBBPF"), of("E_NO_BTF")], [7, 7, 7]);
  assertEquals(statusOf(new TypeError("a mistake of ours")), 70);
});
