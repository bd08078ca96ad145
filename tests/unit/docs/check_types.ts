/** The type check of code that stands in documents: by Deno, but names may be there that nobody uses. */

import { parse } from "../../jsonc.ts";
import { run } from "../../gimlet.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

/** Type-checks a module; gives what is wrong with it. */
export async function checkTypes(source: string): Promise<string> {
  return await withConfig(async (folder) => {
    await Deno.writeTextFile(`${folder}/module.ts`, source);
    return await check(folder, [`${folder}/module.ts`]);
  });
}

/** Type-checks the code in the doc comments of files; gives what is wrong with it. */
export function checkDocExamples(files: readonly string[]): Promise<string> {
  return withConfig((folder) => check(folder, ["--doc", ...files.map((file) => ROOT + file)]));
}

async function check(folder: string, words: readonly string[]): Promise<string> {
  const command = [Deno.execPath(), "check", "--no-lock", "--config", `${folder}/deno.json`];
  const { status, stderr } = await run([...command, ...words], { env: { NO_COLOR: "1" } });
  return status === 0 ? "" : stderr;
}

/** The project's own configuration, but for what speaks against imports that Deno adds to examples. */
async function withConfig<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-docs-" });
  try {
    const { imports, compilerOptions } = parse(await Deno.readTextFile(`${ROOT}deno.json`));
    const options = {
      ...compilerOptions as object,
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const config = { imports, compilerOptions: options, nodeModulesDir: "none" };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
