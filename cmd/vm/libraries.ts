/**
 * Which shared libraries programs need, and theirs, found where the dynamic loader finds them (ld.so(8)). Not asked of
 * the loader itself: `ldd` runs what it looks at, and not every program survives that.
 */

import { type DynamicInfo, dynamicInfo } from "../../ffi/elf/dynamic.ts";
import { type Elf, parseElf } from "../../ffi/elf/elf.ts";
import { findLibrary, parseLdCache } from "../../ffi/elf/ld_cache.ts";
import { LD_CACHE, LIBRARY_FOLDERS } from "../../ffi/host/libraries.ts";
import { join, parent } from "./paths.ts";

/** Where libraries are looked for. */
export interface LibrarySource {
  /** The bytes of a file, `undefined` where there is none. */
  read(path: string): Uint8Array | undefined;
  /** The path that the loader's cache has for a library. */
  cached(name: string): string | undefined;
}

/** A file that takes part in loading a program. */
export interface LoadedFile {
  /** Where the loader looks for it. */
  readonly path: string;
  readonly data: Uint8Array;
}

/** What is asked of {@linkcode librariesOf}. */
export interface LibraryRequest {
  /** Executables, with their contents. Scripts and static programs need nothing. */
  readonly programs: readonly LoadedFile[];
  /** Libraries that are opened while running, by name (`libbpf.so.1`) or by path: no file says that it needs them. */
  readonly extra?: readonly string[];
  readonly source: LibrarySource;
}

/**
 * The libraries of all the programs and the loaders that they name, each once.
 *
 * @throws {Error} where one is missing: names it, and who needs it
 */
export function librariesOf(request: LibraryRequest): LoadedFile[] {
  const search = new Search(request.source);
  for (const program of request.programs) search.program(program);
  for (const name of request.extra ?? []) search.library(name, "the options");
  return search.found();
}

/** The machine's own libraries, or those of a system unpacked in the folder `root`. */
export function librarySource(root = "/"): LibrarySource {
  const read = (path: string) => readFile(join(root, path));
  const cache = read(LD_CACHE);
  const entries = cache === undefined ? [] : parseLdCache(cache);
  const cached = (name: string) => {
    const entry = findLibrary(entries, name);
    // It knows versions too; the loader takes the very name only.
    return entry?.soname === name ? entry.path : undefined;
  };
  return { read, cached };
}

class Search {
  readonly #source: LibrarySource;
  readonly #found = new Map<string, LoadedFile>();

  constructor(source: LibrarySource) {
    this.#source = source;
  }

  found(): LoadedFile[] {
    return [...this.#found.values()];
  }

  program(program: LoadedFile): void {
    const elf = asElf(program.data);
    if (elf === undefined) return;
    const info = dynamicInfo(elf);
    if (info.interpreter !== undefined) this.library(info.interpreter, program.path);
    this.#needs(info, program.path);
  }

  library(name: string, neededBy: string, folders: readonly string[] = []): void {
    const path = this.#locate(name, folders);
    if (path === undefined) {
      throw new Error(`Cannot find the library ${name}, needed by ${neededBy}`);
    }
    if (this.#found.has(path)) return;
    const data = this.#source.read(path);
    if (data === undefined) throw new Error(`Cannot read ${path}, needed by ${neededBy}`);
    this.#found.set(path, { path, data });
    const elf = asElf(data);
    if (elf !== undefined) this.#needs(dynamicInfo(elf), path);
  }

  #needs(info: DynamicInfo, path: string): void {
    const folders = [...info.rpath, ...info.runpath].map((folder) => origin(folder, path));
    for (const name of info.needed) this.library(name, path, folders);
  }

  #locate(name: string, folders: readonly string[]): string | undefined {
    if (name.includes("/")) return name;
    const there = (folder: string) => this.#exists(join(folder, name));
    const folder = folders.find(there);
    if (folder !== undefined) return join(folder, name);
    const cached = this.#source.cached(name);
    if (cached !== undefined) return cached;
    const fallback = LIBRARY_FOLDERS.find(there);
    return fallback === undefined ? undefined : join(fallback, name);
  }

  #exists(path: string): boolean {
    return this.#found.has(path) || this.#source.read(path) !== undefined;
  }
}

function origin(folder: string, path: string): string {
  return folder.replace(/\$(ORIGIN\b|\{ORIGIN\})/, parent(path));
}

function asElf(bytes: Uint8Array): Elf | undefined {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  return magic.every((byte, i) => bytes[i] === byte) ? parseElf(bytes) : undefined;
}

function readFile(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
