import {
  endLine,
  headLine,
  readHead,
  readLine,
  textLine,
  valueLines,
} from "../../../programs/lib/recording.ts";
import { jsonLine } from "../../../programs/lib/json.ts";
import type { Value } from "../../../programs/lib/value.ts";
import { FormatError } from "../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../assert.ts";

Deno.test("a recorded value keeps its JSON and its text exactly", () => {
  const value: Value = {
    type: "event",
    fields: { ts: 18446744073709551615n, type: "line", text: "\\n\n\u2028" },
    line: () => "two\nlines\t\x1b",
  };
  assertEquals(valueLines(value).map(readLine), [
    { type: "json", text: jsonLine(value)! },
    { type: "line", kind: "output", text: "two\nlines\t\x1b" },
  ]);
  assertEquals(valueLines(value).every((line) => !line.includes("\n")), true);
  assertEquals(valueLines({ type: "status", kind: "note", text: "x" }).map(readLine), [
    { type: "line", kind: "note", text: "x" },
  ]);
});

Deno.test("a recording has a head and an end", () => {
  readHead(headLine("0.1.0", ["hello_world"]));
  for (const line of ["{}", "x", "[]", "null", '{"type":"recording","format":2}']) {
    assertThrows(() => readHead(line), FormatError);
  }
  assertEquals(readLine(endLine(3)), { type: "end", status: 3 });
  assertEquals(readLine(textLine("error", "x")), { type: "line", kind: "error", text: "x" });
  for (
    const line of ['{"type":"line",', '{"type":"end","status":"0"}', '{"type":"line","kind":1}']
  ) {
    assertThrows(() => readLine(line), FormatError, "gimlet does not write");
  }
});
