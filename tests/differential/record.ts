/**
 * Writes tests/fixtures/script/bpftrace.json: what bpftrace prints for the programs of programs.ts that need nothing but BEGIN
 * and END, so that tests can compare without it. Needs root and bpftrace.
 *
 *     sudo deno run -A tests/differential/record.ts
 */

import { comparable, isPure, keyOf, runCase } from "./compare.ts";
import { GROUPS } from "./programs.ts";

const TARGET = new URL("../fixtures/script/bpftrace.json", import.meta.url);

const recorded: Record<string, string> = {};
for (const each of Object.values(GROUPS).flat()) {
  if (!isPure(each) || each.difference !== undefined) continue;
  const { status, stdout, stderr } = await runCase(["bpftrace"], each);
  if (status !== 0) throw new Error(`bpftrace ends with ${status}: ${each.program}\n${stderr}`);
  recorded[keyOf(each)] = comparable(stdout, each);
}
Deno.mkdirSync(new URL(".", TARGET), { recursive: true });
Deno.writeTextFileSync(TARGET, `${JSON.stringify(recorded, null, 2)}\n`);
console.log(`${Object.keys(recorded).length} programs`);
