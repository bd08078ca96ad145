/** uprobes and uretprobes: functions of programs and libraries. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { parseElf } from "../elf/elf.ts";
import { ifuncTargets } from "../elf/ifunc.ts";
import { fileOffset, findSymbol } from "../elf/symbols.ts";
import { BpfError } from "../errors.ts";
import { libraryPath } from "../host/libraries.ts";
import { exists, tracefsPath } from "../host/tracefs.ts";

/** A function in a file: where it begins, in bytes from the start of the file. An IFUNC begins in several places. */
export interface UserFunction {
  readonly path: string;
  readonly symbol: string;
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

/**
 * Finds a function. `library` is a path, or a library's name as the dynamic loader knows it, with or without `lib` and `.so.N`:
 * `c` is `/lib/x86_64-linux-gnu/libc.so.6`.
 *
 * @throws {BpfError} E_NO_PROBE where there is no such file or function
 */
export function findUserFunction(library: string, symbol: string): UserFunction {
  const path = library.includes("/") ? library : libraryPath(library);
  if (path === undefined) {
    throw noProbe(`find library ${library}`, "the dynamic loader knows none of that name");
  }
  const elf = parseElf(readFile(path));
  const found = findSymbol(elf, symbol);
  if (found === undefined) {
    throw noProbe(`find ${symbol} in ${path}`, "its symbol tables have no such function");
  }
  const targets = ifuncTargets(elf, found);
  const addresses = targets.length > 0 ? targets : [found.value];
  const offsets = addresses.flatMap((address) => fileOffset(elf, address) ?? []);
  return { path, symbol, offsets };
}

/** Attaches to every place where a function begins. */
export function attachUserFunction(
  program: Program,
  { path, symbol, offsets }: UserFunction,
  { pid = -1, onReturn = false } = {},
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

function readFile(path: string): Uint8Array<ArrayBuffer> {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw noProbe(`read ${path}`, error instanceof Error ? error.message : String(error));
  }
}

function noProbe(action: string, cause: string): BpfError {
  return new BpfError(action, { step: "attach", code: "E_NO_PROBE", cause });
}
