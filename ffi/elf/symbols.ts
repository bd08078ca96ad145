/** Symbols of ELF files, and where in the file an address is. */

import { Reader } from "../wire/reader.ts";
import type { Elf, ElfSection } from "./elf.ts";
import { SECTION_TYPE, SEGMENT_TYPE, stringTable } from "./elf.ts";

/** `ELF64_ST_TYPE(st_info)`; at an `IFUNC` symbol is a resolver, which returns the function's address. */
export const SYMBOL_TYPE = {
  NOTYPE: 0,
  OBJECT: 1,
  FUNC: 2,
  SECTION: 3,
  FILE: 4,
  COMMON: 5,
  TLS: 6,
  IFUNC: 10,
} as const;

/** `ELF64_ST_BIND(st_info)` */
export const SYMBOL_BIND = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;

/** `SHN_UNDEF`: the symbol is used here and defined elsewhere. */
export const UNDEFINED = 0;

/** `Elf64_Sym`, with its name looked up when it is asked for. */
export interface ElfSymbol {
  readonly name: string;
  /** Address in executables and libraries, offset in its section in object files (`ELF_TYPE.REL`). */
  readonly value: number;
  readonly size: number;
  /** One of {@linkcode SYMBOL_TYPE} */
  readonly type: number;
  /** One of {@linkcode SYMBOL_BIND} */
  readonly bind: number;
  /** The index of the symbol's section: {@linkcode UNDEFINED}, or one of 0xff00 and above with another meaning. */
  readonly section: number;
  /** True for old versions, which new programs are not linked to (`memcpy@GLIBC_2.2.5`). */
  readonly hidden: boolean;
}

const SYM_SIZE = 24;
const SHT_GNU_VERSYM = 0x6fffffff;
const VERSYM_HIDDEN = 0x8000;
const AT_SIGN = 0x40;

const encoder = new TextEncoder();

/**
 * Iterates the symbols of `.dynsym`, then those of `.symtab` (which has the former once more, but is often stripped).
 *
 * @throws {FormatError} where a table, name, address or size is broken
 */
export function* symbols(elf: Elf): Generator<ElfSymbol> {
  for (const table of symbolTables(elf)) yield* table.all();
}

/**
 * Finds a function or variable which the file defines. Among several of this name wins the default version, then the
 * global, then the first.
 */
export function findSymbol(elf: Elf, name: string): ElfSymbol | undefined {
  const wanted = encoder.encode(name);
  let best: ElfSymbol | undefined;
  for (const table of symbolTables(elf)) {
    for (const symbol of table.all()) {
      if (!isDefinition(symbol) || !table.hasName(symbol, wanted)) continue;
      if (best === undefined || rank(symbol) > rank(best)) best = symbol;
    }
  }
  return best;
}

/** As {@linkcode findSymbol}, for many at once: those that there are, by their names. */
export function findSymbols(elf: Elf, names: ReadonlySet<string>): Map<string, ElfSymbol> {
  const found = new Map<string, ElfSymbol>();
  for (const symbol of symbols(elf)) {
    const { name } = symbol;
    if (!names.has(name) || !isDefinition(symbol)) continue;
    const best = found.get(name);
    if (best === undefined || rank(symbol) > rank(best)) found.set(name, symbol);
  }
  return found;
}

/**
 * The offset in the file of what is at an address when the file is mapped: what a uprobe needs. Undefined where no
 * `PT_LOAD` segment maps bytes of the file there.
 */
export function fileOffset(elf: Elf, vaddr: number): number | undefined {
  const segment = elf.segments.find((segment) =>
    segment.type === SEGMENT_TYPE.LOAD &&
    vaddr >= segment.vaddr && vaddr < segment.vaddr + segment.filesz
  );
  return segment && vaddr - segment.vaddr + segment.offset;
}

function isDefinition(symbol: ElfSymbol): boolean {
  return symbol.section !== UNDEFINED &&
    symbol.type !== SYMBOL_TYPE.SECTION && symbol.type !== SYMBOL_TYPE.FILE;
}

function rank(symbol: ElfSymbol): number {
  return (symbol.hidden ? 0 : 2) + (symbol.bind === SYMBOL_BIND.LOCAL ? 0 : 1);
}

function symbolTables(elf: Elf): SymbolTable[] {
  const tables: SymbolTable[] = [];
  for (const type of [SECTION_TYPE.DYNSYM, SECTION_TYPE.SYMTAB]) {
    const section = elf.sections.find((section) => section.type === type);
    if (section !== undefined) tables.push(new SymbolTable(elf, section));
  }
  return tables;
}

/** One symbol table with its strings and, where there are any, its versions. */
class SymbolTable {
  readonly #entries: Reader;
  readonly #strings: Reader;
  readonly #versions: Reader | undefined;

  constructor(elf: Elf, section: ElfSection) {
    this.#entries = new Reader(section.data(), "ELF", `section ${section.name}`);
    this.#strings = stringTable(elf, section.link);
    const versions = elf.sections.find((other) =>
      other.type === SHT_GNU_VERSYM && other.link === section.index
    );
    this.#versions = versions && new Reader(versions.data(), "ELF", `section ${versions.name}`);
  }

  /** All but the first, which is empty by definition. */
  *all(): Generator<TableSymbol> {
    const count = Math.floor(this.#entries.size / SYM_SIZE);
    for (let i = 1; i < count; i++) {
      yield new TableSymbol(this.#entries, this.#strings, {
        at: i * SYM_SIZE,
        hiddenByVersion: this.#isHidden(i),
      });
    }
  }

  /** Compares bytes: decoding thousands of names takes longer. `name@VERSION` has the name too. */
  hasName(symbol: TableSymbol, wanted: Uint8Array): boolean {
    const at = symbol.nameAt;
    if (!this.#strings.matches(at, wanted)) return false;
    const next = this.#strings.u8(at + wanted.length, "a symbol name");
    return next === 0 || next === AT_SIGN;
  }

  #isHidden(index: number): boolean {
    if (this.#versions === undefined) return false;
    return (this.#versions.u16(index * 2, "a symbol version") & VERSYM_HIDDEN) !== 0;
  }
}

class TableSymbol implements ElfSymbol {
  readonly #entries: Reader;
  readonly #strings: Reader;
  readonly #at: number;
  readonly #hiddenByVersion: boolean;

  constructor(
    entries: Reader,
    strings: Reader,
    options: { at: number; hiddenByVersion: boolean },
  ) {
    this.#entries = entries;
    this.#strings = strings;
    this.#at = options.at;
    this.#hiddenByVersion = options.hiddenByVersion;
  }

  get nameAt(): number {
    return this.#entries.u32(this.#at, "st_name");
  }

  /** Without the version that linkers append in `.symtab`. */
  get name(): string {
    return this.#fullName.split("@", 1)[0] ?? "";
  }

  get value(): number {
    return this.#entries.exact(this.#at + 8, "the address of a symbol");
  }

  get size(): number {
    return this.#entries.exact(this.#at + 16, "the size of a symbol");
  }

  get type(): number {
    return this.#entries.u8(this.#at + 4, "st_info") & 0xf;
  }

  get bind(): number {
    return this.#entries.u8(this.#at + 4, "st_info") >> 4;
  }

  get section(): number {
    return this.#entries.u16(this.#at + 6, "st_shndx");
  }

  get hidden(): boolean {
    return this.#hiddenByVersion || /[^@]@[^@]/.test(this.#fullName);
  }

  get #fullName(): string {
    return this.#strings.cstring(this.nameAt, "a symbol name");
  }
}
