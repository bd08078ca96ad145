/** Where this machine's shared libraries are: as ld.so(8) looks for them. */

import { mappedFiles, pathOfMapped } from "./process.ts";
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

/** The path to the library of this name that a process has mapped; `undefined` where it has none. */
export function mappedLibrary(pid: number, name: string): string | undefined {
  const files = mappedFiles(pid);
  const entries = files.map(({ path }) => ({ soname: sonameOf(path), path, flags: 0, hwcap: 0n }));
  const found = findLibrary(entries, name);
  const file = files.find(({ path }) => path === found?.path);
  return file && pathOfMapped(pid, file);
}

/** The name of a library's file; glibc < 2.34 has libc-2.31.so behind the link libc.so.6, and the kernel tells the former. */
function sonameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/^(lib\w+)-[\d.]+\.so$/, "$1.so");
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
