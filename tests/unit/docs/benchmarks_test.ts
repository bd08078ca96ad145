import { readText } from "../../../ffi/host/files.ts";
import { assert, assertEquals } from "../../assert.ts";
import { filesOf, FOLDER, PAGE, parseMeasurements, SOURCE } from "../../bench/document.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

Deno.test("docs/benchmarks.md and its curves are what the bench has written of its results", async () => {
  const measurements = parseMeasurements(readText(`${ROOT}${FOLDER}/${SOURCE}`) ?? "");
  const folder = await Deno.makeTempDir({ prefix: "gimlet-benchmarks-" });
  try {
    const paths = new Map<string, string>();
    for (const [path, text] of filesOf(measurements)) {
      const copy = `${folder}/${path.replaceAll("/", "-")}`;
      await Deno.writeTextFile(copy, text);
      paths.set(path, copy);
    }
    const args = ["fmt", "-q", `--config=${ROOT}deno.json`, ...paths.values()];
    const { success } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert(success);
    for (const [path, copy] of paths) {
      assertEquals(readText(`${ROOT}${path}`), readText(copy), path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/benchmarks.md has a part for each bench that was measured, in their order, with figures", () => {
  const page = readText(`${ROOT}${PAGE}`) ?? "";
  const { benches } = parseMeasurements(readText(`${ROOT}${FOLDER}/${SOURCE}`) ?? "");
  const main = readText(`${ROOT}tests/bench/main.ts`) ?? "";
  const [, list = ""] = /const BENCHES[^{]*\{([^}]*)\}/.exec(main) ?? [];
  const names = list.match(/\w+/g) ?? [];
  const measured = Object.keys(benches);
  assertEquals(measured, names.filter((name) => measured.includes(name)));
  for (const name of measured) assert(page.includes(`## \`deno task bench ${name}\``), name);
  for (const { rows } of Object.values(benches).flat()) {
    for (const { name, samples } of rows) {
      assert(samples.length > 0 && samples.every((sample) => Number.isFinite(sample)), name);
    }
  }
});
