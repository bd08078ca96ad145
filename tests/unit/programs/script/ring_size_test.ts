import { ringBytesFor } from "../../../../programs/script/ring_size.ts";
import type { Attachment } from "../../../../programs/script/probes.ts";
import { parse } from "../../../../programs/script/parser.ts";
import { DEFAULT_SETTINGS } from "../../../../programs/script/settings.ts";
import { Diagnostics, Source } from "../../../../programs/script/source.ts";
import { assert, assertEquals } from "../../../assert.ts";

const WHOLE = DEFAULT_SETTINGS.ringBytes;
const BEGIN = { kind: "begin" } as const;

function bytesFor(body: string, attachment: Attachment = BEGIN, ringBytes = WHOLE): number {
  const source = new Source("test", `BEGIN { ${body} }`);
  const [probe] = parse(source, new Diagnostics()).probes;
  assert(probe !== undefined);
  return ringBytesFor([{ probe, attachment }], { ...DEFAULT_SETTINGS, ringBytes });
}

Deno.test("programs that run seldom and send little have a small buffer", () => {
  const small = bytesFor('printf("hello\\n"); exit();');
  assert(small < WHOLE);
  assertEquals(bytesFor("print(@x)", { kind: "interval", nanoseconds: 1_000_000_000n }), small);
});

Deno.test("programs that may send much have a whole one", () => {
  const often = [
    bytesFor("while ($i < 100000) { print($i); $i++ }"),
    bytesFor("if (1) { unroll(3) { print(1) } }"),
    bytesFor("print(1)", { kind: "interval", nanoseconds: 1000n }),
    bytesFor("print(1)", { kind: "tracepoint", category: "sched", event: "sched_switch" }),
  ];
  assertEquals(often, often.map(() => WHOLE));
});

Deno.test("a size that is set holds", () => {
  assertEquals(bytesFor("exit()", BEGIN, 1 << 16), 1 << 16);
});
