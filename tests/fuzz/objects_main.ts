/**
 * Opens and loads broken objects: `objects_main.ts COUNT OBJECT…` makes COUNT of each object, the same on every run, and prints
 * a line before each of them, so that who watches sees at which one a crash happened; and what became of it after.
 */

import { BpfError, openObject } from "../../mod.ts";
import { mutations } from "../unit/ffi/mutations.ts";

/** What became of a broken object: the code of our error, or `loaded`. */
function outcomeOf(bytes: Uint8Array): string {
  try {
    using _object = openObject(bytes).load();
    return "loaded";
  } catch (error) {
    if (error instanceof BpfError) return error.code;
    throw error;
  }
}

const [count, ...paths] = Deno.args;
for (const path of paths) {
  let number = 0;
  for (const broken of mutations(Deno.readFileSync(path), Number(count))) {
    console.log(`try ${path} ${number++}`);
    console.log(outcomeOf(broken));
  }
}
