/** Addresses of a process: to names. */

import { PerfMapFile } from "../host/perf_map.ts";
import { type Mapping, rangeOf, readMaps } from "../host/proc_maps.ts";
import { pathOfMapped } from "../host/process.ts";
import { imageOf, readMapping } from "../host/process_image.ts";
import { firstAbove } from "../wire/search.ts";
import { demangle } from "./demangle.ts";
import { type FileSymbols, symbolsOfFile, symbolsOfImage } from "./file_symbols.ts";
import { type Frame, frameText, type FrameTextOptions } from "./frame.ts";

const VDSO = "[vdso]";

/** How a name of a process is written. */
export interface SymOptions extends FrameTextOptions {
  /** Writes C++ and Rust names as they stand in the source; the default. */
  readonly demangle?: boolean;
}

/**
 * The symbols of one process, as its memory was mapped when they were first asked for; addresses that were not mapped then make it
 * look again. What was seen stays known after the process has ended.
 */
export class ProcessSymbols {
  readonly pid: number;
  readonly #perfMap: PerfMapFile;
  readonly #files = new Map<Mapping, FileSymbols | undefined>();
  #mappings: readonly Mapping[] = [];
  #starts = new Float64Array();

  constructor(pid: number) {
    this.pid = pid;
    this.#perfMap = new PerfMapFile(pid);
    this.#readMappings();
  }

  /** What is known of an address. */
  frame(address: bigint): Frame {
    const at = Number(address);
    const mapping = this.#mappingAt(at);
    if (mapping === undefined) return { address, name: undefined, offset: 0, module: undefined };
    const found = this.#symbolsOf(mapping)?.at(at - mapping.start + mapping.offset);
    if (found === undefined) return this.#compiledFrame(address, mapping);
    const { symbol, offset } = found;
    return { address, name: symbol.name, offset, module: mapping.path };
  }

  /** Code that a run-time compiler made lies in memory of no file, or in one that has no symbols for it. */
  #compiledFrame(address: bigint, { path }: Mapping): Frame {
    const found = this.#perfMap.at(Number(address));
    if (found === undefined) {
      return { address, name: undefined, offset: 0, module: path === "" ? undefined : path };
    }
    const { name, address: start } = found;
    return { address, name, offset: Number(address) - start, module: this.#perfMap.path };
  }

  #mappingAt(address: number): Mapping | undefined {
    const known = this.#knownMappingAt(address);
    if (known !== undefined) return known;
    this.#readMappings();
    return this.#knownMappingAt(address);
  }

  #knownMappingAt(address: number): Mapping | undefined {
    const mapping = this.#mappings[firstAbove(this.#starts, address) - 1];
    return mapping !== undefined && address < mapping.end ? mapping : undefined;
  }

  #readMappings(): void {
    const mappings = readMaps(this.pid);
    if (mappings.length === 0) return; // It has ended: what was seen is still true.
    this.#files.clear();
    this.#mappings = mappings;
    this.#starts = Float64Array.from(mappings, ({ start }) => start);
  }

  #symbolsOf(mapping: Mapping): FileSymbols | undefined {
    if (!this.#files.has(mapping)) this.#files.set(mapping, this.#readSymbols(mapping));
    return this.#files.get(mapping);
  }

  #readSymbols(mapping: Mapping): FileSymbols | undefined {
    const { path, inode } = mapping;
    if (path === VDSO) return this.#vdsoSymbols(mapping);
    if (inode === 0) return undefined;
    return symbolsOfFile(pathOfMapped(this.pid, { path, range: rangeOf(mapping) }));
  }

  #vdsoSymbols(mapping: Mapping): FileSymbols | undefined {
    try {
      return symbolsOfImage(readMapping(this.pid, mapping));
    } catch {
      return undefined; // It has ended, or is not ours to look at.
    }
  }
}

/** How many processes are kept. */
const MOST_PROCESSES = 256;
const processes = new Map<
  number,
  { readonly image: string | undefined; symbols: ProcessSymbols }
>();

/** The symbols of a process, kept until it runs another program or its number is another process's. */
export function processSymbols(pid: number): ProcessSymbols {
  const known = processes.get(pid);
  const image = imageOf(pid);
  if (known !== undefined && (image === undefined || image === known.image)) return known.symbols;
  const symbols = new ProcessSymbols(pid);
  processes.delete(pid);
  processes.set(pid, { image, symbols });
  // The first is the one that was not asked for anew for the longest time.
  const [oldest] = processes.keys();
  if (processes.size > MOST_PROCESSES && oldest !== undefined) processes.delete(oldest);
  return symbols;
}

/** Gives what is known of addresses in a process. */
export function userFrames(
  pid: number,
  { demangle: wanted = true }: SymOptions = {},
): (address: bigint) => Frame {
  const symbols = processSymbols(pid);
  return (address) => {
    const frame = symbols.frame(address);
    return frame.name === undefined || !wanted ? frame : { ...frame, name: demangle(frame.name) };
  };
}

/**
 * The function of an address in a process, such as `strlen`: BCC's `BPF.sym`. Where none is known, the address in hexadecimal.
 * Names come from the file's symbol tables, from separate debug information, from a perf map, and for the `[vdso]` from memory.
 *
 * @example
 * ```ts
 * sym(Deno.pid, 0x7f0012345678n, { showOffset: true, showModule: true }); // malloc+0x1f [libc.so.6]
 * ```
 */
export function sym(pid: number, address: bigint, options: SymOptions = {}): string {
  return frameText(userFrames(pid, options)(address), options);
}
