/** The kernel's symbols: /proc/kallsyms, some 200 000 lines, looked up by address and by name. */

import { firstAbove } from "../wire/search.ts";

const FILE = "/proc/kallsyms";

/** A symbol of the kernel or of one of its modules. */
export interface KernelSymbol {
  /** As it is linked: with what compilers put behind it, such as `.isra.0`. */
  readonly name: string;
  /** 0 where the kernel hides addresses: see {@linkcode Kallsyms.hasAddresses}. */
  readonly address: bigint;
  /** As nm(1) has it: `T` and `t` are functions, global and local. */
  readonly type: string;
  /** The module that it stands in, `bpf` for BPF programs; `undefined` for the kernel itself. */
  readonly module: string | undefined;
}

/** Whether a symbol is a function, weak ones too. */
export function isFunction({ type }: Pick<KernelSymbol, "type">): boolean {
  return /^[tTwW]$/.test(type);
}

/** Per-CPU variables have offsets for addresses, and hidden addresses are 0: neither is one of the kernel's. */
const AN_ADDRESS = /^[89a-f]/m;
const SPACE = 32;
const TAB = "\t";
/** A symbol that another module follows, or nothing, is taken to be no longer than this many bytes. */
const LONGEST_LAST = 1 << 20;

/**
 * The symbols of a kernel. The text is kept, and a line is taken apart when it is asked for: what is made for the first look-up
 * of an address is a list of addresses and line starts, in order of the addresses.
 */
export class Kallsyms {
  readonly #text: string;
  #table: AddressTable | undefined;

  /** Of the text of /proc/kallsyms: see {@linkcode parseKallsyms}. */
  constructor(text: string) {
    this.#text = text;
  }

  /** False where the kernel shows zeros in place of addresses (`kernel.kptr_restrict`, or CAP_SYSLOG is missing). */
  get hasAddresses(): boolean {
    return AN_ADDRESS.test(this.#text);
  }

  /** The symbol that an address lies in; `undefined` where none is known. Of several at one address, the first in the file. */
  at(address: bigint): KernelSymbol | undefined {
    const { addresses, lines } = this.#table ??= readAddresses(this.#text);
    const wanted = Number(BigInt.asIntN(64, address));
    const next = firstAbove(addresses, wanted);
    if (next === 0) return undefined;
    const start = addresses[next - 1]!;
    let first = next - 1;
    while (first > 0 && addresses[first - 1] === start) first--;
    const symbol = this.#symbol(lines[first]!);
    const follower = next < lines.length ? this.#symbol(lines[next]!) : undefined;
    const isLast = follower === undefined || follower.module !== symbol.module;
    return isLast && wanted - start > LONGEST_LAST ? undefined : symbol;
  }

  /** The symbols of a name: static functions of one name are there several times. */
  *find(name: string): Generator<KernelSymbol> {
    for (const end of ["\n", TAB]) {
      const wanted = ` ${name}${end}`;
      let at = this.#text.indexOf(wanted);
      for (; at >= 0; at = this.#text.indexOf(wanted, at + 1)) {
        yield this.#symbol(this.#text.lastIndexOf("\n", at) + 1);
      }
    }
  }

  /** All of them, in the order of the file. */
  *symbols(): Generator<KernelSymbol> {
    for (let at = 0; at < this.#text.length; at = this.#text.indexOf("\n", at) + 1) {
      yield this.#symbol(at);
    }
  }

  /** Reads "ffffffff81000000 T name\t[module]". */
  #symbol(start: number): KernelSymbol {
    const text = this.#text;
    const type = text.indexOf(" ", start) + 1;
    const end = text.indexOf("\n", type);
    const [name = "", module] = text.slice(type + 2, end).split(TAB);
    return {
      name,
      address: BigInt(`0x${text.slice(start, type - 1)}`),
      type: text.charAt(type),
      module: module?.slice(1, -1),
    };
  }
}

/**
 * Reads the text of /proc/kallsyms. Its last line must be whole.
 *
 * @example
 * ```ts
 * const symbols = parseKallsyms("ffffffff81000000 T _text\nffffffff81000040 t helper\n");
 * if (symbols.at(0xffffffff81000044n)?.name !== "helper") throw new Error("not found");
 * ```
 */
export function parseKallsyms(text: string): Kallsyms {
  return new Kallsyms(text);
}

/** Reads the running kernel's symbols: some 50 ms, most of them the kernel's. */
export function readKallsyms(): Kallsyms {
  return parseKallsyms(Deno.readTextFileSync(FILE));
}

interface AddressTable {
  /** As signed numbers, which are exact: the kernel's addresses are the last of the 64-bit ones. In ascending order. */
  readonly addresses: Float64Array;
  /** Where the line of each address begins. */
  readonly lines: Uint32Array;
}

function readAddresses(text: string): AddressTable {
  const addresses: number[] = [];
  const lines: number[] = [];
  let isAscending = true;
  let last = -Infinity;
  for (let at = 0; at < text.length;) {
    const line = at;
    let high = 0;
    let low = 0;
    for (let code = text.charCodeAt(at); code !== SPACE; code = text.charCodeAt(++at)) {
      // Ten more for `a`: its code is 97.
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | (code < 58 ? code - 48 : code - 87);
    }
    // As AN_ADDRESS says.
    if (high < 0) {
      const address = high * 0x1_0000_0000 + (low >>> 0);
      isAscending &&= address >= last;
      last = address;
      addresses.push(address);
      lines.push(line);
    }
    at = text.indexOf("\n", at) + 1;
    if (at === 0) break;
  }
  const table = { addresses: Float64Array.from(addresses), lines: Uint32Array.from(lines) };
  return isAscending ? table : sorted(table);
}

/** The kernel's own symbols come sorted, and then those of the modules in any order: only those are sorted, then merged. */
function sorted({ addresses, lines }: AddressTable): AddressTable {
  let run = 1;
  while (addresses[run]! >= addresses[run - 1]!) run++;
  const rest = Array.from(lines.subarray(run), (_, i) => run + i)
    .sort((a, b) => addresses[a]! - addresses[b]!);
  const order = new Uint32Array(lines.length);
  for (let i = 0, left = 0, right = 0; i < order.length; i++) {
    const fromRest = left >= run ||
      right < rest.length && addresses[rest[right]!]! < addresses[left]!;
    order[i] = fromRest ? rest[right++]! : left++;
  }
  return {
    addresses: Float64Array.from(order, (i) => addresses[i]!),
    lines: Uint32Array.from(order, (i) => lines[i]!),
  };
}
