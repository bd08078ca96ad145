/** Perf maps: /tmp/perf-PID.map, in which a run-time compiler (Node.js, Java, …) tells the functions that it made. */

import { firstAbove } from "../wire/search.ts";

/** A function that a run-time compiler made. */
export interface CompiledFunction {
  readonly name: string;
  readonly address: number;
  /** In bytes */
  readonly size: number;
}

/** The functions of a perf map by address. */
export class PerfMap {
  readonly #functions: readonly CompiledFunction[];
  readonly #starts: Float64Array;

  /** Of functions in the order of the file: where code was put over other code, the later one counts. */
  constructor(functions: readonly CompiledFunction[]) {
    // The sort keeps the order of those that begin at one address.
    this.#functions = functions.toSorted((a, b) => a.address - b.address);
    this.#starts = Float64Array.from(this.#functions, ({ address }) => address);
  }

  /** The function that an address lies in. */
  at(address: number): CompiledFunction | undefined {
    const found = this.#functions[firstAbove(this.#starts, address) - 1];
    return found !== undefined && address < found.address + found.size ? found : undefined;
  }
}

/** Reads lines like `7f1fc2a03000 40 LazyCompile:~main /app.js:1`; what is no such line is passed over. */
export function parsePerfMap(text: string): PerfMap {
  const functions: CompiledFunction[] = [];
  for (const line of text.split("\n")) {
    const [, address, size, name] = /^(?:0x)?([\da-f]+) (?:0x)?([\da-f]+) (.+)$/i.exec(line) ?? [];
    if (name === undefined) continue;
    functions.push({ name, address: parseInt(address!, 16), size: parseInt(size!, 16) });
  }
  return new PerfMap(functions);
}

/** The perf map of a process, read again when it has grown. */
export class PerfMapFile {
  /** In a container the process has another root, and the map is named after the number that the process has there. */
  readonly path: string;
  #map = new PerfMap([]);
  #size = 0;

  constructor(pid: number) {
    this.path = `/proc/${pid}/root/tmp/perf-${innermostPid(pid)}.map`;
  }

  /** The function that an address lies in. */
  at(address: number): CompiledFunction | undefined {
    const found = this.#map.at(address);
    if (found !== undefined || !this.#readNews()) return found;
    return this.#map.at(address);
  }

  #readNews(): boolean {
    try {
      const { size } = Deno.statSync(this.path);
      if (size === this.#size) return false;
      this.#size = size;
      this.#map = parsePerfMap(Deno.readTextFileSync(this.path));
      return true;
    } catch {
      return false; // There is none, or the process has ended.
    }
  }
}

function innermostPid(pid: number): number {
  try {
    return parseInnermostPid(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? pid;
  } catch {
    return pid;
  }
}

/** The number of a process in its own pid namespace, in the text of /proc/PID/status. */
export function parseInnermostPid(status: string): number | undefined {
  const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1];
  return pids === undefined ? undefined : Number(pids.split("\t").at(-1));
}
