import { GROUPS } from "/tmp/script/tests/differential/programs.ts";
import { run } from "/tmp/script/tests/gimlet.ts";
const only = Deno.args[0];
let bad = 0, n = 0;
function norm(
  s: string,
  c: {
    unordered?: true;
    normalise?: readonly (readonly [RegExp, string])[];
    options?: readonly string[];
  },
) {
  let t = s;
  for (const [a, b] of c.normalise ?? []) t = t.replaceAll(a, b);
  let lines = t.split("\n");
  if (c.options?.includes("json")) lines = lines.filter((l) => l !== "");
  if (c.unordered) lines.sort();
  return lines.join("\n");
}
const cacheFile = "/tmp/bt-cache.json";
let cache: Record<string, string> = {};
try {
  cache = JSON.parse(Deno.readTextFileSync(cacheFile));
} catch { /**/ }
for (const [g, cases] of Object.entries(GROUPS)) {
  if (only && !g.startsWith(only)) continue;
  for (const c of cases) {
    n++;
    const args = [...c.options ?? [], "-e", c.program, ...c.parameters ?? []];
    const key = JSON.stringify(args);
    let expected = cache[key];
    if (expected === undefined) {
      const e = await run(["timeout", "10", "bpftrace", ...args]);
      expected = cache[key] = e.status === 0 ? e.stdout : "STATUS " + e.status + " " +
        e.stderr.split("\n").filter((l) => !/RLIMIT/.test(l)).slice(0, 2).join(" / ");
    }
    const a = await run([
      "timeout",
      "10",
      Deno.execPath(),
      "run",
      "--no-check",
      "-A",
      "/tmp/script/cmd/main.ts",
      ...args,
    ]);
    const actual = a.status === 0 ? a.stdout : "STATUS " + a.status + " " + a.stderr;
    if (norm(expected, c) !== norm(c.difference ? actual : actual, c)) {
      bad++;
      console.log(
        `### ${g}: ${c.program} ${
          (c.parameters ?? []).join(" ")
        }\n--- bpftrace\n${expected}\n--- gimlet\n${actual}`,
      );
    }
  }
}
Deno.writeTextFileSync(cacheFile, JSON.stringify(cache));
console.log(`${bad} of ${n} differ`);
