/** docs/script.md: what stands below a program is what it prints. */

import { assert, assertEquals } from "../../../assert.ts";
import { differencesPage, PAGE } from "../../../differential/differences.ts";
import { runText } from "./run_script.ts";

const TEXT = Deno.readTextFileSync(new URL("../../../../docs/script.md", import.meta.url));
const EXAMPLE = /```bpftrace\n([^]*?)```(?:\n\n```text\n([^]*?)```)?/g;

/** The examples that say what they print. */
const shown = [...TEXT.matchAll(EXAMPLE)].flatMap(([, program, output]) =>
  output === undefined ? [] : [{ program: program!, output }]
);

Deno.test("docs/script.md shows what programs print", () => assert(shown.length >= 15));

for (const { program, output } of shown) {
  Deno.test(`docs/script.md: ${program.split("\n").find((line) => line.includes("{"))}`, () => {
    assertEquals(runText(program).trim(), output.trim());
  });
}

Deno.test("docs/script_vs_bpftrace.md is what the table of differences says", () => {
  // Mend it: deno run -A tests/differential/differences.ts
  assertEquals(Deno.readTextFileSync(PAGE), differencesPage());
});
