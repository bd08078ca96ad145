/** The symbols of a file by address: which function an instruction belongs to. */

import { Reader } from "../wire/reader.ts";
import { firstAbove } from "../wire/search.ts";
import type { Elf } from "./elf.ts";
import { SECTION_FLAG, SECTION_TYPE, stringTable } from "./elf.ts";
import { SYMBOL_BIND, SYMBOL_TYPE, UNDEFINED } from "./symbols.ts";

/** A symbol that an address lies in. */
export interface FoundSymbol {
  /** As it stands in the file: mangled, but without a version. */
  readonly name: string;
  readonly address: number;
  /** In bytes; 0 where the file does not tell. */
  readonly size: number;
}

const SYM_SIZE = 24;
/** How many symbols before an address are looked at for one that spans it. */
const MOST_NESTED = 16;
const UNDERSCORE = 0x5f;
/** `SHN_LORESERVE`: symbols from there on have values of other kinds than addresses. */
const FIRST_RESERVED = 0xff00;

/** One symbol, before the index is made. */
interface Entry {
  readonly start: number;
  readonly size: number;
  readonly name: number;
  readonly bind: number;
  readonly strings: Reader;
}

/** Functions and variables in the order of their addresses. Names are read when they are asked for. */
export class SymbolIndex {
  readonly #starts: Float64Array;
  readonly #entries: readonly Entry[];

  /**
   * Of the file's `.symtab`, or of its `.dynsym` where that was stripped.
   *
   * @throws {FormatError} where a table is broken
   */
  constructor(elf: Elf) {
    this.#entries = entriesOf(elf).sort((a, b) => a.start - b.start);
    this.#starts = Float64Array.from(this.#entries, ({ start }) => start);
  }

  /** How many symbols it has. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * The symbol that an address (as in the file's symbol table) lies in. Of several names of one function it is the plainest: with the
   * fewest underscores in front (`malloc`, not `__libc_malloc`), then the global one, then the first.
   *
   * @throws {FormatError} where a name is broken
   */
  at(address: number): FoundSymbol | undefined {
    const last = firstAbove(this.#starts, address) - 1;
    for (let i = last; i >= 0 && i > last - MOST_NESTED; i--) {
      const entry = this.#entries[i]!;
      // One without a size ends where the next begins.
      const isInside = entry.size > 0 ? address < entry.start + entry.size : i === last;
      if (isInside) return this.#plainest(i);
    }
    return undefined;
  }

  #plainest(index: number): FoundSymbol {
    const { start } = this.#entries[index]!;
    let best = this.#entries[index]!;
    for (let i = index - 1; i >= 0 && this.#starts[i] === start; i--) {
      const other = this.#entries[i]!;
      if (rank(other) >= rank(best)) best = other;
    }
    const name = nameOf(best).split("@", 1)[0] ?? "";
    return { name, address: start, size: best.size };
  }
}

function nameOf({ strings, name }: Entry): string {
  return strings.cstring(name, "a symbol name");
}

/** The larger the better. */
function rank(entry: Entry): number {
  let underscores = 0;
  while (entry.strings.u8(entry.name + underscores, "a symbol name") === UNDERSCORE) underscores++;
  const bind = [SYMBOL_BIND.LOCAL, SYMBOL_BIND.WEAK, SYMBOL_BIND.GLOBAL].findIndex((bind) =>
    bind === entry.bind
  );
  return bind - underscores * 4 + (entry.size > 0 ? 1000 : 0);
}

function entriesOf(elf: Elf): Entry[] {
  const executable = new Set(
    elf.sections.filter(({ flags }) => (flags & SECTION_FLAG.EXECINSTR) !== 0)
      .map(({ index }) => index),
  );
  const ofType = (type: number) => elf.sections.find((section) => section.type === type);
  const section = ofType(SECTION_TYPE.SYMTAB) ?? ofType(SECTION_TYPE.DYNSYM);
  if (section === undefined) return [];
  const table = new Reader(section.data(), "ELF", `section ${section.name}`);
  return tableEntries(table, stringTable(elf, section.link), executable);
}

function tableEntries(
  table: Reader,
  strings: Reader,
  executable: ReadonlySet<number>,
): Entry[] {
  const entries: Entry[] = [];
  for (let at = SYM_SIZE; at + SYM_SIZE <= table.size; at += SYM_SIZE) {
    const section = table.u16(at + 6, "st_shndx");
    if (section === UNDEFINED || section >= FIRST_RESERVED) continue;
    const info = table.u8(at + 4, "st_info");
    if (!hasCode(info & 0xf, executable.has(section))) continue;
    // The upper half of an address below 2^53 is small.
    const start = table.u32(at + 8, "st_value") + table.u32(at + 12, "st_value") * 0x1_0000_0000;
    const size = table.u32(at + 16, "st_size") + table.u32(at + 20, "st_size") * 0x1_0000_0000;
    const name = table.u32(at, "st_name");
    if (name !== 0) entries.push({ start, size, name, bind: info >> 4, strings });
  }
  return entries;
}

/** Labels of assembler code have no type; elsewhere what has none is a mark of the linker. */
function hasCode(type: number, executable: boolean): boolean {
  return type === SYMBOL_TYPE.FUNC || type === SYMBOL_TYPE.IFUNC || type === SYMBOL_TYPE.OBJECT ||
    type === SYMBOL_TYPE.NOTYPE && executable;
}
