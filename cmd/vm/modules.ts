/** Kernel modules in a folder as /lib/modules/VERSION: where they are and what must be loaded before them. */

import { messageOf } from "../../ffi/errors.ts";
import { parseElf } from "../../ffi/elf/elf.ts";
import { list } from "../../ffi/host/files.ts";
import { baseName, join } from "./paths.ts";

/** The files of modules: plain, or compressed. */
const FILE_NAME = /^(.+)\.ko(\.xz|\.zst|\.gz)?$/;

/** What writes the plain contents of a compressed file to its standard output. */
const UNPACKERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  ".xz": ["xz", "-dc"],
  ".zst": ["zstd", "-qdc"],
  ".gz": ["gzip", "-dc"],
};

/**
 * The modules that a module needs, from the `depends=` of its .modinfo section.
 *
 * @throws {FormatError} where it is no ELF file
 */
export function moduleDependencies(bytes: Uint8Array): string[] {
  const section = parseElf(bytes).section(".modinfo");
  if (section === undefined) return [];
  return new TextDecoder().decode(section.data()).split("\0")
    .filter((field) => field.startsWith("depends="))
    .flatMap((field) => field.slice("depends=".length).split(","))
    .filter((name) => name !== "");
}

/**
 * The files of the modules and of all that they need, in the order of loading. What is built into the kernel needs no
 * file.
 *
 * @throws {Error} where the kernel has no module of such a name
 */
export function modulePaths(folder: string, names: readonly string[]): string[] {
  const files = moduleFiles(folder);
  const builtIn = builtInModules(folder);
  const ordered = new Map<string, string>();
  const visit = (name: string) => {
    const id = canonical(name);
    if (ordered.has(id) || builtIn.has(id)) return;
    const file = files.get(id);
    if (file === undefined) throw new Error(`Cannot find the kernel module ${name} in ${folder}`);
    for (const needed of moduleDependencies(readModule(file))) visit(needed);
    ordered.set(id, file);
  };
  names.forEach(visit);
  return [...ordered.values()];
}

/** A module is one whether written with `-` or `_`. */
function canonical(name: string): string {
  return name.replaceAll("-", "_");
}

function moduleFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string) => {
    for (const entry of Deno.readDirSync(path)) {
      const child = join(path, entry.name);
      const name = FILE_NAME.exec(entry.name);
      if (entry.isDirectory) walk(child);
      else if (name?.[1] !== undefined) add(canonical(name[1]), child);
    }
  };
  const add = (id: string, path: string) => {
    if (path.endsWith(".ko") || !files.has(id)) files.set(id, path);
  };
  const kernel = join(folder, "kernel");
  if (list(kernel).length > 0) walk(kernel);
  return files;
}

function builtInModules(folder: string): Set<string> {
  const names = new Set<string>();
  for (const line of readLines(join(folder, "modules.builtin"))) {
    const name = FILE_NAME.exec(baseName(line))?.[1];
    if (name !== undefined) names.add(canonical(name));
  }
  return names;
}

function readLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * A module as the kernel takes it: what is compressed is unpacked by xz, zstd or gzip.
 *
 * @throws {Error} where it cannot be
 */
export function readModule(path: string): Uint8Array {
  const unpacker = UNPACKERS[FILE_NAME.exec(path)?.[2] ?? ""];
  if (unpacker === undefined) return Deno.readFileSync(path);
  const [program, ...args] = unpacker;
  try {
    const result = new Deno.Command(program, { args: [...args, path] }).outputSync();
    if (result.success) return result.stdout;
    throw new Error(new TextDecoder().decode(result.stderr).trim());
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "it is not installed" : messageOf(error);
    throw new Error(`Cannot unpack ${path} with ${program}: ${reason}`);
  }
}

/** The name of a module's file without what says how it is compressed. */
export function plainName(path: string): string {
  const name = baseName(path);
  const suffix = FILE_NAME.exec(name)?.[2] ?? "";
  return name.slice(0, name.length - suffix.length);
}
