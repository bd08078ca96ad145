/** Broken objects are an error of ours, or they load; never the end of the process. */

import { assertEquals } from "../assert.ts";
import { run } from "../gimlet.ts";
import { root, test } from "../support.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const MAIN = `${ROOT}tests/fuzz/objects_main.ts`;
const OBJECTS = ["programs/tools/bitehist/bitehist", "programs/tools/strlen_count/strlen_count"];
const EACH = 50;
const OUTCOMES = ["loaded", "E_OBJECT", "E_LOAD", "E_VERIFIER", "E_NO_PROBE", "E_NO_BTF"];

test("100 broken objects: each is refused or loads, and the process goes on", {
  needs: [root],
}, async () => {
  const paths = OBJECTS.map((name) => `${ROOT}${name}.bpf.o`);
  const words = [Deno.execPath(), "run", "-A", "--no-check", MAIN, String(EACH), ...paths];
  const { status, stdout, stderr } = await run(words);
  const lines = stdout.trimEnd().split("\n");
  // Where it died, the last line says at which object.
  assertEquals([status, stderr, lines.at(-1)!.startsWith("try")], [0, "", false], lines.at(-1));
  const outcomes = lines.filter((line) => !line.startsWith("try "));
  assertEquals(outcomes.length, EACH * OBJECTS.length);
  assertEquals(outcomes.filter((outcome) => !OUTCOMES.includes(outcome)), []);
  // Not all fail at the first look.
  assertEquals(new Set(outcomes).size > 2, true);
});
