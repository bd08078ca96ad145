/** Where the headers of scripts are looked for. */

import { isFile } from "../ffi/host/files.ts";
import type { HeaderFinder } from "../programs/script/headers.ts";

/** Looks beside the file that includes it, then in the folders of `-I`. */
export function headerFinder(folders: readonly string[]): HeaderFinder {
  return {
    find(name, beside) {
      const places = name.startsWith("/")
        ? [name]
        : [...beside === undefined ? [] : [folderOf(beside)], ...folders]
          .map((folder) => `${folder}/${name}`);
      const path = places.find(isFile);
      return path === undefined ? undefined : { name: path, text: Deno.readTextFileSync(path) };
    },
  };
}

/** What came from the command line stands in the current folder. */
function folderOf(path: string): string {
  return path.includes("/") ? path.replace(/\/[^/]*$/, "") || "/" : ".";
}
