import { column, table } from "../../../programs/lib/format.ts";
import { cEscaped, seconds, textLines } from "../../../programs/lib/text.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("seconds() is exact to the ns, as C's %.9f would be if doubles were", () => {
  assertEquals(seconds(0n), "0.000000000");
  assertEquals(seconds(1n), "0.000000001");
  assertEquals(seconds(8999998999999999n), "8999998.999999999");
  assertEquals(seconds(9007199254740991n), "9007199.254740991");
  assertEquals(seconds(24585001174885999n), "24585001.174885999");
  assertEquals(seconds(-1500000000n), "-1.500000000");
  assertEquals(seconds(18446744073709551615n), "18446744073.709551615");
});

Deno.test("cEscaped() writes a string as C source would", () => {
  assertEquals(cEscaped('a"b\\c\n\t\r\x01\x7fü'), 'a\\"b\\\\c\\n\\t\\r\\x01\\x7fü');
});

Deno.test("a table keeps BCC's widths, and long cells push the others on", () => {
  const { header, line } = table([
    column<{ comm: string; pid: number }>("COMM", 6, ({ comm }) => comm),
    column<{ comm: string; pid: number }>("PID", 4, ({ pid }) => String(pid)),
    column<{ comm: string; pid: number }>("MESSAGE", 0, () => "hi"),
  ]);
  const event = { comm: "sh", pid: 7 };
  assertEquals(header, "COMM   PID  MESSAGE");
  assertEquals(line(event, event), "sh     7    hi");
  assertEquals(line({ comm: "very long", pid: 12345 }, event), "very long 12345 hi");
});

Deno.test("textLines() tells losses beside the output, and nothing of the header", () => {
  assertEquals(textLines({ type: "lost", reason: "buffer_full", count: 12n }), [
    { kind: "note", text: "lost 12: the buffer was full" },
  ]);
  assertEquals(textLines({ type: "attached", probes: ["x"] }), []);
});
