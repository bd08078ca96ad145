import { ExpectReport } from "../../../cmd/expect_report.ts";
import { parseScriptOptions } from "../../../cmd/script_options.ts";
import { scriptSink } from "../../../cmd/script_sinks.ts";
import { Writer } from "../../../cmd/writer.ts";
import type { OutputValue } from "../../../programs/lib/value.ts";
import { assertEquals } from "../../assert.ts";

const HELLO: OutputValue = {
  type: "output",
  text: () => "hello\n",
  foreign: () => '{"type": "printf", "data": "hello\\n"}',
  value: () => ({ type: "event", fields: { kind: "printf", text: "hello\n" }, line: () => "" }),
};

/** What is written by the time that a session flushes, and what in the end. */
function written(...words: readonly string[]): [string, string] {
  let text = "";
  const target = {
    writeSync(bytes: Uint8Array): number {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  };
  const out = new Writer(target);
  const options = parseScriptOptions([...words, "-e", "BEGIN { }"]);
  const report = new ExpectReport("gimlet -e", { results: "text", expectations: [] });
  const sink = scriptSink(out, report, options);
  sink.emit(HELLO);
  sink.flush();
  const first = text;
  out.flush();
  return [first, text];
}

Deno.test("-B full holds output back, line and none do not; nothing is lost", () => {
  assertEquals(written("-B", "full"), ["", "hello\n"]);
  for (const words of [[], ["-B", "line"], ["-Bnone"]]) {
    assertEquals(written(...words), ["hello\n", "hello\n"]);
  }
});

Deno.test("a script's output as text, as bpftrace's JSON, and as a record", () => {
  assertEquals(written("-f", "text")[1], "hello\n");
  assertEquals(written("-f", "json")[1], '{"type": "printf", "data": "hello\\n"}\n');
  assertEquals(written("--json")[1], '{"type":"event","kind":"printf","text":"hello\\n"}\n');
});
