/** Scripts, compiled and run without a kernel, print what bpftrace printed (tests/differential/record.ts). */

import { assert, assertEquals } from "../../../assert.ts";
import { comparable, isPure, keyOf } from "../../../differential/compare.ts";
import { type Case, GROUPS } from "../../../differential/programs.ts";
import { expectedOf, RECORDED } from "../../../differential/recorded.ts";
import { runText } from "./run_script.ts";

for (const [group, cases] of Object.entries(GROUPS)) {
  const pure = cases.filter(isPure);
  if (pure.length === 0) continue;
  Deno.test(`scripts print what bpftrace prints: ${group} (${pure.length} programs)`, () => {
    for (const each of pure) assertEquals(outputOf(each), expectedOf(each), each.program);
  });
}

Deno.test("what bpftrace was seen to print is of programs that there are", () => {
  const known = new Set(Object.values(GROUPS).flat().map(keyOf));
  assert(Object.keys(RECORDED).every((key) => known.has(key)));
});

function outputOf(each: Case): string {
  const { program, options = [], parameters = [] } = each;
  const json = options.includes("json");
  return comparable(runText(program, { json, settings: { parameters } }), each);
}
