/** What older kernels lack: scripts make do with less, or are refused in words. */

import { assert, assertEquals, assertMatch } from "../../../assert.ts";
import { isRefusedByOld, runsOnOld } from "../../../differential/old_kernel.ts";
import { GROUPS } from "../../../differential/programs.ts";
import { compileText, runText } from "./run_script.ts";

const LONG = "long ".repeat(200);
const SHORT_KEYS = { kernel: { hasLongKeys: () => false } };

function keySizes(text: string, options = {}): number[] {
  const { plan, lines } = compileText(text, options);
  assertEquals(lines, []);
  return plan!.maps.flatMap(({ keys }) => keys.map((key) => "size" in key ? key.size : 8));
}

Deno.test("strings of keys share the room that there is", () => {
  const program = `BEGIN { @[comm, "${LONG}", 1] = count(); }`;
  assertEquals(keySizes(program), [16, LONG.length + 1, 8]);
  assertEquals(keySizes(program, SHORT_KEYS), [16, 480, 8]);
  assertEquals(keySizes(`BEGIN { @["${LONG}", "${LONG}"] = 1; }`, SHORT_KEYS), [248, 248]);
  assertEquals(keySizes(`BEGIN { @["short"] = 1; @["shorter"] = 2; }`, SHORT_KEYS), [8]);
});

Deno.test("a string that is cut is the same key wherever it comes from", () => {
  const program = `BEGIN { $s = "${LONG}"; @t = "${LONG}"; $u = ("${LONG}", 1);
    @["${LONG}"]++; @[$s]++; @[@t]++; @[1 ? $s : "x"]++; @[$u.0]++; clear(@t); }`;
  assertEquals(runText(program, SHORT_KEYS).trim(), `@[${LONG.slice(0, 503)}]: 5`);
  assertEquals(runText(program).trim(), `@[${LONG}]: 5`);
});

Deno.test("keys that cannot be made shorter are refused", () => {
  const numbers = Array.from({ length: 64 }, (_, i) => i).join(", ");
  const { lines } = compileText(`BEGIN { @[${numbers}] = 1; }`, SHORT_KEYS);
  const [first] = lines;
  assertEquals(
    first?.replace(/^\S+ /, ""),
    "ERROR: not supported: keys of 512 bytes on this kernel: they need Linux >= 5.11",
  );
});

Deno.test("what other CPUs have gathered cannot be read everywhere", () => {
  const kernel = { hasHelper: (name: string) => name !== "map_lookup_percpu_elem" };
  for (
    const read of [`if (@c > 1) { exit(); }`, `print(@c[1]);`, `for ($kv : @c) { print($kv); }`]
  ) {
    const program = `BEGIN { @c${read.includes("if") ? "" : "[1]"} = count(); ${read} }`;
    const refused = compileText(program, { kernel }).lines.filter((line) => line.includes("ERROR"));
    assertEquals(refused.map((line) => line.replace(/^\S+ /, "")), [
      "ERROR: not supported: reading count() on this kernel: it needs Linux >= 5.19",
    ]);
    assertEquals(compileText(program).lines, []);
  }
  assertEquals(compileText(`BEGIN { @c = count(); print(@c); }`, { kernel }).lines, []);
});

Deno.test("what Linux 5.10 cannot run is refused in words, all else is compiled", () => {
  const newer = ["for_each_map_elem", "loop", "map_lookup_percpu_elem"];
  const kernel = { hasHelper: (name: string) => !newer.includes(name), hasLongKeys: () => false };
  const programs = Object.values(GROUPS).flat().filter(({ program }) => program.includes("BEGIN"));
  const refused = programs.filter(isRefusedByOld);
  assert(refused.length >= 15, `${refused.length} programs`);
  for (const { program } of refused) {
    const told = compileText(program, { kernel }).lines.filter((line) => line.includes("ERROR"));
    assertMatch(
      told[0] ?? "",
      /not supported: .* on this kernel: (it needs|they need) Linux >= 5\./,
    );
    assertEquals(told.filter((line) => !line.includes("not supported")), [], program);
  }
  for (const { program, parameters = [] } of programs.filter(runsOnOld)) {
    if (/task_struct/.test(program)) continue; // of a kernel's BTF
    assertEquals(compileText(program, { kernel, settings: { parameters } }).lines, [], program);
  }
});
