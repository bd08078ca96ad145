/** The kernel's modules: which are loaded, and which could be. */

import { isFolder } from "./files.ts";

/** What is known of a module. */
export type ModuleState = "loaded" | "loadable" | "absent";

/** Finds the names of modules in the text of modules.dep: `kernel/fs/nfs/nfs.ko.xz: …` is nfs. */
export function parseModulesDep(text: string): Set<string> {
  return new Set(
    Array.from(
      text.matchAll(/^(?:[^:\n]*\/)?([^/:\n]+)\.ko(?:\.\w+)?:/gm),
      ([, name]) => plainName(name!),
    ),
  );
}

/** Whether a module is loaded (or built in), can be loaded, or is not there. */
export function moduleState(name: string): ModuleState {
  const plain = plainName(name);
  if (isFolder(`/sys/module/${plain}`)) return "loaded";
  try {
    const text = Deno.readTextFileSync(`/lib/modules/${Deno.osRelease()}/modules.dep`);
    return parseModulesDep(text).has(plain) ? "loadable" : "absent";
  } catch {
    return "absent";
  }
}

/** The kernel writes `_` where a file may have `-`. */
function plainName(name: string): string {
  return name.replaceAll("-", "_");
}
