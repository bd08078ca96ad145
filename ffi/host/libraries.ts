/** Where this machine's shared libraries are: as ld.so(8) looks for them. */

import { findLibrary, type LdCacheEntry, parseLdCache } from "../elf/ld_cache.ts";

/** The loader's cache. A small system, such as a container's, may have none. */
export const LD_CACHE = "/etc/ld.so.cache";

/** Where glibc looks without a cache; Debian's folders, then everyone else's. */
export const LIBRARY_FOLDERS: readonly string[] = [
  `/lib/${Deno.build.arch}-linux-gnu`,
  `/usr/lib/${Deno.build.arch}-linux-gnu`,
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
];

/** The path of a library, named as in {@linkcode findLibrary}: `c`, `libc.so.6`; `undefined` where there is none. */
export function libraryPath(name: string): string | undefined {
  const cached = findLibrary(readCache(), name);
  if (cached !== undefined) return cached.path;
  for (const folder of LIBRARY_FOLDERS) {
    const found = findLibrary(listed(folder), name);
    if (found !== undefined) return found.path;
  }
  return undefined;
}

function readCache(): LdCacheEntry[] {
  try {
    return parseLdCache(Deno.readFileSync(LD_CACHE));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function listed(folder: string): LdCacheEntry[] {
  try {
    return Array.from(
      Deno.readDirSync(folder),
      ({ name }) => ({ soname: name, path: `${folder}/${name}`, flags: 0, hwcap: 0n }),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
