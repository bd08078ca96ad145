/** The library as a package: documented, its examples run, and ready to be published. */

import { VERSION } from "../../../mod.ts";
import { assert, assertEquals, assertMatch } from "../../assert.ts";
import { run } from "../../gimlet.ts";
import { parse } from "../../jsonc.ts";
import { checkDocExamples } from "./check_types.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;
/** How an example begins that takes more than a machine of any kind: it is type-checked, not run. */
const NOT_RUN = /^ \* \/\/ (As root|Takes )/;
const env = { NO_COLOR: "1" };

function deno(...words: string[]) {
  return run([Deno.execPath(), ...words], { cwd: ROOT, env });
}

/** An example in a doc comment: `name` as `deno test --doc` calls it. */
interface Example {
  readonly file: string;
  readonly name: string;
  readonly runs: boolean;
  /** Deno does not even look at its types. */
  readonly ignored: boolean;
}

/** The files that may have examples. */
function sources(folder: string): string[] {
  return [...Deno.readDirSync(ROOT + folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? sources(path) : path.endsWith(".ts") ? [path] : [];
  });
}

/** The examples of a file. */
function examplesOf(file: string): Example[] {
  const lines = Deno.readTextFileSync(ROOT + file).split("\n");
  return lines.flatMap((line, at) => {
    if (!/^ \* ```ts/.test(line)) return [];
    const end = lines.findIndex((line, i) => i > at && line === " * ```");
    const name = `${file}#${at + 1}-${end + 2}.ts`;
    const ignored = line.includes("ignore");
    return [{ file, name, runs: !NOT_RUN.test(lines[at + 1]!), ignored }];
  });
}

const EXAMPLES = ["mod.ts", ...sources("ffi"), ...sources("programs"), ...sources("cmd")]
  .flatMap(examplesOf);

Deno.test("deno doc --lint has nothing to say", async () => {
  const { status, stderr } = await deno("doc", "--lint", "mod.ts");
  assertEquals([status, stderr.replace("Checked 1 file\n", "")], [0, ""]);
});

Deno.test("deno publish --dry-run has nothing to say, and takes the library alone", async () => {
  const { status, stderr } = await deno("publish", "--dry-run", "--allow-dirty");
  assertEquals(status, 0, stderr);
  assert(!stderr.includes("warning"), stderr);
  const files = Array.from(
    stderr.matchAll(/file:\/\/(\S+)/g),
    ([, path]) => path!.replace(ROOT, ""),
  );
  for (const file of ["mod.ts", "README.md", "LICENSE", "docs/api.md"]) {
    assert(files.includes(file), `${file} is not in ${files.join(" ")}`);
  }
  const strangers = /^(tests|cmd|examples|build\.ts|programs\/tools)|\.o$/;
  assertEquals(files.filter((file) => strangers.test(file)), []);
});

Deno.test("the package has gimlet's version", async () => {
  const { version } = parse(await Deno.readTextFile(`${ROOT}deno.json`));
  assertEquals(version, VERSION);
});

Deno.test("the examples in doc comments have the right types", async () => {
  const files = new Set(EXAMPLES.map(({ file }) => file));
  assert(files.size > 5);
  assertEquals(EXAMPLES.filter(({ ignored }) => ignored), []);
  assertEquals(await checkDocExamples([...files]), "");
});

Deno.test("the examples in doc comments that need no root run", async () => {
  const running = EXAMPLES.filter(({ runs }) => runs);
  const names = running.map(({ name }) => name.replaceAll(/[.#]/g, "\\$&"));
  const files = new Set(running.map(({ file }) => file));
  const filter = `/(${names.join("|").replaceAll("/", "\\/")})$/`;
  const flags = ["--doc", "-A", "--no-check", "--filter", filter];
  const { status, stdout, stderr } = await deno("test", ...flags, ...files);
  assertEquals(status, 0, stdout + stderr);
  assertMatch(stdout, new RegExp(`\\| ${running.length} passed \\| 0 failed`));
});
