import { Diagnostics, type SourceFile } from "../../../../programs/script/source.ts";
import { withHeaders } from "../../../../programs/script/headers.ts";
import { parse } from "../../../../programs/script/parser.ts";
import { assertEquals } from "../../../assert.ts";

const FILES: Readonly<Record<string, string>> = {
  "a.h": '#include "b.h"\nstruct a { struct b first; };\n',
  "b.h": '#include "a.h"\n#define SIZE 3\nstruct b { int n; };\n',
  "code.h": "int f(void) { return 1; }\n",
  "probe.h": "BEGIN { }\n",
};

function read(text: string, includes: readonly string[] = []) {
  const asked: (string | undefined)[] = [];
  const finder = {
    find(name: string, beside: string | undefined): SourceFile | undefined {
      asked.push(beside);
      return FILES[name] === undefined ? undefined : { name, text: FILES[name] };
    },
  };
  return { ...withHeaders({ name: "x.bt", text }, { includes, finder }), asked };
}

Deno.test("headers stand before the script, each once, behind what they include themselves", () => {
  const script = '#include "a.h"\n#include <b.h>\nBEGIN { print(SIZE); }';
  const { source, remarks, asked } = read(script);
  assertEquals(source.text, `${FILES["b.h"]}\n${FILES["a.h"]}\n${script}`);
  assertEquals([source.script, remarks], [script, []]);
  assertEquals(asked, ["x.bt", "a.h", "b.h", undefined]);
  const diagnostics = new Diagnostics();
  const { declarations, probes } = parse(source, diagnostics);
  assertEquals([declarations.length, probes.length, diagnostics.all], [2, 1, []]);
});

Deno.test("positions are those of the file that somebody wrote", () => {
  const { source } = read('#include "a.h"\n\nBEGIN { }');
  const at = source.text.indexOf("BEGIN");
  assertEquals(source.position(at), { line: 3, column: 1 });
  assertEquals([source.fileName(at), source.lineOf(at)], ["x.bt", "BEGIN { }"]);
  const inHeader = source.text.indexOf("struct a");
  assertEquals([source.fileName(inHeader), source.position(inHeader).line], ["a.h", 2]);
  assertEquals([source.fileName(0), source.lineOf(0)], ["b.h", '#include "a.h"']);
  const message = { severity: "error", span: { start: inHeader, end: inHeader + 6 } } as const;
  assertEquals(source.describe({ ...message, message: "no", hint: "" }), [
    "a.h:2:1-7: ERROR: no",
    "struct a { struct b first; };",
    "~~~~~~",
  ]);
});

Deno.test("what cannot be read is told of; what may be the kernel's is passed over", () => {
  const { source, remarks } = read(
    '#include <linux/sched.h>\n#include "mine.h"\n#include "code.h"\nBEGIN { }',
    ["probe.h", "linux/fs.h"],
  );
  assertEquals(source.text, source.script);
  assertEquals(remarks.map(({ message }) => message), [
    "probe.h has more than declarations, and is not read",
    "there is no header mine.h",
    "code.h has more than declarations, and is not read",
  ]);
});
