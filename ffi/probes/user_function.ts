/** uprobes and uretprobes: functions of programs and libraries. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { type Elf, parseElf } from "../elf/elf.ts";
import { ifuncTargets } from "../elf/ifunc.ts";
import { type ElfSymbol, fileOffset, findSymbol, findSymbols } from "../elf/symbols.ts";
import { BpfError, messageOf } from "../errors.ts";
import { libraryPath, mappedLibrary } from "../host/libraries.ts";
import { hasProcess, pathSeenBy } from "../host/process.ts";
import { exists } from "../host/files.ts";
import { tracefsPath } from "../host/tracefs.ts";
import { debugFileOf } from "../symbols/file_symbols.ts";

/** A function in a file: where it begins, in bytes from the start of the file. An IFUNC begins in several places. */
export interface UserFunction {
  /** The file. */
  readonly path: string;
  /** Its name, as it was asked for. */
  readonly symbol: string;
  /** In bytes from the start of the file. */
  readonly offsets: readonly number[];
}

/**
 * Looks whether this kernel has uprobes at all.
 *
 * @throws {BpfError} E_NO_PROBE
 */
export function requireUprobes(): void {
  if (exists("/sys/bus/event_source/devices/uprobe/type")) return;
  if (exists(`${tracefsPath()}/uprobe_events`)) return;
  throw noProbe("use uprobes", "this kernel is built without uprobes (CONFIG_UPROBE_EVENTS)");
}

/** Whose files are meant. */
export interface FindOptions {
  /** A process: its libraries and its paths, in its own mount namespace. Without it, those of this machine. */
  readonly pid?: number | undefined;
}

/**
 * Finds the file of a program or library. `library` is a path, or a library's name as the dynamic loader knows it, with or without
 * `lib` and `.so.N`: `c` is `/lib/x86_64-linux-gnu/libc.so.6`. Of a process it is the one that the process has mapped; paths below
 * `/proc` are taken as they are.
 *
 * @throws {BpfError} E_NO_PROBE where there is none, E_NO_PROCESS
 */
export function findUserFile(library: string, { pid }: FindOptions = {}): string {
  if (pid === undefined) {
    const path = library.includes("/") ? library : libraryPath(library);
    if (path !== undefined) return path;
    throw noProbe(`find library ${library}`, "the dynamic loader knows none of that name");
  }
  requireProcess(pid);
  if (library.startsWith("/proc/")) return library;
  if (library.includes("/")) return pathSeenBy(pid, library);
  const path = mappedLibrary(pid, library);
  if (path !== undefined) return path;
  throw noProbe(`find library ${library}`, `process ${pid} has not loaded it`);
}

/**
 * Finds a function, or an instruction of it (`main+0x10`: no probe may be set in the middle of an instruction), in a file as
 * {@linkcode findUserFile} finds it.
 *
 * @throws {BpfError} E_NO_PROBE where there is no such file or function, E_NO_PROCESS
 */
export function findUserFunction(
  library: string,
  symbol: string,
  options: FindOptions = {},
): UserFunction {
  const path = findUserFile(library, options);
  const [, name = symbol, distance = "0"] = /^(.+)\+(0x[\da-f]+|\d+)$/i.exec(symbol) ?? [];
  const elf = parseElf(readFile(path));
  const found = findSymbol(elf, name) ?? findInDebugFile(elf, name);
  if (found === undefined) throw noFunction(name, path);
  const offset = Number(distance);
  if (offset > 0) {
    const variants = ifuncTargets(elf, found).length;
    checkOffset(symbol, { offset, size: found.size, variants });
  }
  return { path, symbol, offsets: offsetsOf(elf, found, offset) };
}

/**
 * Finds many functions of one file, which is read once.
 *
 * @throws {BpfError} as {@linkcode findUserFunction}, where one of them is not there
 */
export function findUserFunctions(library: string, names: readonly string[]): UserFunction[] {
  const path = findUserFile(library);
  const elf = parseElf(readFile(path));
  const found = findSymbols(elf, new Set(names));
  return names.map((symbol) => {
    const place = found.get(symbol) ?? findInDebugFile(elf, symbol);
    if (place === undefined) throw noFunction(symbol, path);
    return { path, symbol, offsets: offsetsOf(elf, place) };
  });
}

/** Where a symbol's function begins in the file; an IFUNC's variants do. */
export function offsetsOf(elf: Elf, symbol: ElfSymbol, distance = 0): number[] {
  const targets = ifuncTargets(elf, symbol);
  const addresses = targets.length > 0 ? targets : [symbol.value + distance];
  return addresses.flatMap((address) => fileOffset(elf, address) ?? []);
}

/** What was stripped off may be installed beside; its addresses are the same. */
function findInDebugFile(elf: Elf, name: string): ElfSymbol | undefined {
  const debug = debugFileOf(elf);
  return debug && findSymbol(debug, name);
}

function checkOffset(
  symbol: string,
  { offset, size, variants }: { offset: number; size: number; variants: number },
): void {
  if (variants > 0) {
    throw noProbe(`find ${symbol}`, `it has ${variants} variants, which differ behind their start`);
  }
  if (size > 0 && offset >= size) {
    throw noProbe(`find ${symbol}`, `the function has ${size} bytes`);
  }
}

/** Attaches to every place where a function begins. */
export function attachUserFunction(
  program: Program,
  { path, symbol, offsets }: UserFunction,
  { pid = -1, onReturn = false }: { pid?: number | undefined; onReturn?: boolean } = {},
): Link[] {
  const links: Link[] = [];
  try {
    for (const offset of offsets) {
      const name = `${path}:${symbol}${offsets.length > 1 ? `@0x${offset.toString(16)}` : ""}`;
      links.push(program.attachUprobe({ path, offset, pid, onReturn }, name));
    }
    return links;
  } catch (error) {
    for (const link of links) link[Symbol.dispose]();
    throw error;
  }
}

/**
 * Looks whether there is such a process.
 *
 * @throws {BpfError} E_NO_PROCESS
 */
export function requireProcess(pid: number): void {
  if (hasProcess(pid)) return;
  throw new BpfError(`trace process ${pid}`, {
    step: "attach",
    code: "E_NO_PROCESS",
    cause: "there is no process of that number",
    hint: "The numbers of those that run: ps -e",
  });
}

/**
 * Reads a program or library.
 *
 * @throws {BpfError} E_NO_PROBE
 */
export function readFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw noProbe(`read ${path}`, messageOf(error));
  }
}

function noFunction(name: string, path: string): BpfError {
  return noProbe(`find ${name} in ${path}`, "its symbol tables have no such function");
}

function noProbe(action: string, cause: string): BpfError {
  return new BpfError(action, { step: "attach", code: "E_NO_PROBE", cause });
}
