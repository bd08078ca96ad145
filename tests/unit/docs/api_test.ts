/** docs/api.md: what it says there is, there is; and it speaks of every call of BCC's reference. */

import { assert, assertEquals } from "../../assert.ts";
import { checkTypes } from "./check_types.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
const MOD = new URL("../../../mod.ts", import.meta.url).href;
const PAGE = await Deno.readTextFile(`${ROOT}docs/api.md`);
/** The calls of BCC's Python API, a name a line. */
const CALLS = (await Deno.readTextFile(`${ROOT}tests/fixtures/bcc/python_api.txt`)).trim().split(
  "\n",
);

interface Row {
  readonly bcc: string;
  /** The names of ours, as the page has them. */
  readonly names: readonly string[];
  readonly example: string;
}

/** The cells of a table's row: `|` in a cell has a backslash before. */
function cellsOf(line: string): string[] {
  return line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

const LINES = PAGE.split("\n").filter((line) => /^\| (?!BCC \||---)/.test(line)).map(cellsOf);

const ROWS = LINES.filter((cells) => cells.length === 3).map(([bcc, ours, example]): Row => ({
  bcc: bcc!,
  names: Array.from(ours!.matchAll(/`([^`]+)`/g), ([, name]) => name!),
  example: /^(`+) ?(.*?) ?\1$/.exec(example!)![2]!,
}));

Deno.test("api.md: every example compiles", async () => {
  const context = /^```ts\n(.*?)^```$/ms.exec(PAGE)![1]!
    .replace("../mod.ts", MOD);
  const functions = ROWS.map(({ example }, i) =>
    `export async function e${i}() {\n${example}\n}\n`
  );
  assertEquals(await checkTypes(context + functions.join("")), "");
});

Deno.test("the README's example of the library compiles", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readme)!;
  assertEquals(await checkTypes(code!.replace("./mod.ts", MOD)), "");
});

Deno.test("api.md: an example that names what there is not would not compile", async () => {
  const errors = await checkTypes(`import * as gimlet from "${MOD}";\ngimlet.openObjects("x");\n`);
  assert(errors.includes("openObjects"), errors);
});

Deno.test("api.md: every name is used in its example", () => {
  const unused = ROWS.flatMap(({ bcc, names, example }) =>
    names.flatMap((name) => name.split(".")).filter((name) => !example.match(`\\b${name}\\b`))
      .map((name) => `${bcc}: ${name}`)
  );
  assertEquals(unused, []);
  assertEquals(ROWS.filter(({ names }) => names.length === 0), []);
});

Deno.test("api.md: every call of BCC's reference is there, or left out with a reason", () => {
  const spoken = LINES.map(([bcc]) => bcc).join("\n");
  assertEquals(CALLS.filter((name) => !spoken.match(`\\b${name}\\b`)), []);
  for (const [bcc, why] of LINES.filter((cells) => cells.length === 2)) {
    assert(why!.length > 20, `${bcc} is left out, and nothing is said why`);
  }
});
