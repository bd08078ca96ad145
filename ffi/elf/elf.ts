/**
 * ELF files, 64-bit and little-endian: headers now, contents when they are asked for.
 *
 * The names are those of `elf.h` without prefixes. Offsets, sizes and addresses are numbers: in user space they are
 * below 2^53, and what is not is refused when it is read.
 */

import { FormatError } from "../errors.ts";
import { Reader } from "../wire/reader.ts";

/** `e_type` */
export const ELF_TYPE = { REL: 1, EXEC: 2, DYN: 3 } as const;

/** `e_machine` */
export const MACHINE = { X86_64: 62, AARCH64: 183, RISCV: 243, BPF: 247 } as const;

/** `sh_type` */
export const SECTION_TYPE = {
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  DYNAMIC: 6,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  DYNSYM: 11,
} as const;

/** `sh_flags` */
export const SECTION_FLAG = { WRITE: 1, ALLOC: 2, EXECINSTR: 4 } as const;

/** `p_type` */
export const SEGMENT_TYPE = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4 } as const;

/** `p_flags` */
export const SEGMENT_FLAG = { X: 1, W: 2, R: 4 } as const;

/** `Elf64_Shdr`, with its name looked up. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entsize: number;
  /**
   * The section's bytes, not copied; empty for `SHT_NOBITS` (.bss), whatever its size.
   *
   * @throws {FormatError} where they are not inside of the file
   */
  data(): Uint8Array;
}

/** `Elf64_Phdr` */
export interface ElfSegment {
  readonly index: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
  /** The segment's bytes in the file, not copied. */
  data(): Uint8Array;
}

/** An ELF file. */
export interface Elf {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  /** The first section of this name. */
  section(name: string): ElfSection | undefined;
}

const EHDR_SIZE = 64;
const SHDR_SIZE = 64;
const PHDR_SIZE = 56;
const SHN_XINDEX = 0xffff;
const PN_XNUM = 0xffff;

/**
 * Reads the headers of an ELF file.
 *
 * @throws {FormatError} where it is not ELF, not 64-bit, not little-endian, or its headers do not lie inside of it. What
 * is decoded later (names, contents, addresses) throws when it is read.
 */
export function parseElf(bytes: Uint8Array): Elf {
  const reader = new Reader(bytes, "ELF");
  checkIdent(reader);
  reader.check(0, EHDR_SIZE, "the ELF header");
  const segments = readSegments(reader);
  const sections = readSections(reader);
  return {
    bytes,
    type: reader.u16(16, "e_type"),
    machine: reader.u16(18, "e_machine"),
    get entry() {
      return reader.exact(24, "e_entry");
    },
    sections,
    segments,
    section: (name) => sections.find((section) => section.name === name),
  };
}

function checkIdent(reader: Reader): void {
  if (!reader.matches(0, Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))) {
    throw reader.error("the file does not begin with \\x7fELF");
  }
  const elfClass = reader.u8(4, "EI_CLASS");
  if (elfClass !== 2) {
    throw reader.error(`the file is ${elfClass === 1 ? "32-bit" : "broken"}, should be 64-bit`);
  }
  if (reader.u8(5, "EI_DATA") !== 1) {
    throw reader.error("the file is big-endian, should be little-endian");
  }
}

function readSegments(reader: Reader): ElfSegment[] {
  const table = reader.exact(32, "e_phoff");
  const count = segmentCount(reader);
  if (count === 0) return [];
  checkEntrySize(reader, { name: "e_phentsize", at: 54, expected: PHDR_SIZE });
  reader.check(table, count * PHDR_SIZE, "the program header table");
  return Array.from({ length: count }, (_, i) => new Segment(reader, table + i * PHDR_SIZE, i));
}

/** `e_phnum`, or `sh_info` of section 0 where there are too many for it. */
function segmentCount(reader: Reader): number {
  const count = reader.u16(56, "e_phnum");
  if (count !== PN_XNUM) return count;
  return reader.u32(reader.exact(40, "e_shoff") + 44, "section 0");
}

function readSections(reader: Reader): ElfSection[] {
  const table = reader.exact(40, "e_shoff");
  if (table === 0) return [];
  checkEntrySize(reader, { name: "e_shentsize", at: 58, expected: SHDR_SIZE });
  // With too many sections for 16 bits, section 0 has the numbers.
  const count = reader.u16(60, "e_shnum") || reader.exact(table + 32, "section 0");
  reader.check(table, count * SHDR_SIZE, "the section header table");
  const last = reader.u16(62, "e_shstrndx");
  const names = last === SHN_XINDEX ? reader.u32(table + 40, "section 0") : last;
  const sections: ElfSection[] = [];
  for (let i = 0; i < count; i++) {
    const name = (at: number) => sectionName(sections[names], at);
    sections.push(new Section(reader, { at: table + i * SHDR_SIZE, index: i, name }));
  }
  return sections;
}

function checkEntrySize(
  reader: Reader,
  field: { name: string; at: number; expected: number },
): void {
  const size = reader.u16(field.at, field.name);
  if (size === field.expected) return;
  throw reader.error(`${field.name} is ${size}, should be ${field.expected}`);
}

function sectionName(names: ElfSection | undefined, at: number): string {
  if (names === undefined) return "";
  const strings = new Reader(names.data(), "ELF", "section of section names");
  return strings.cstring(at, "a section name");
}

/** A section header; the fields that may be refused are read when they are asked for. */
class Section implements ElfSection {
  readonly index: number;
  readonly type: number;
  readonly link: number;
  readonly info: number;
  readonly #reader: Reader;
  readonly #at: number;
  readonly #lookUp: (at: number) => string;
  #name: string | undefined;

  constructor(
    reader: Reader,
    header: { at: number; index: number; name: (at: number) => string },
  ) {
    this.#reader = reader;
    this.#at = header.at;
    this.#lookUp = header.name;
    this.index = header.index;
    this.type = reader.u32(header.at + 4, "sh_type");
    this.link = reader.u32(header.at + 40, "sh_link");
    this.info = reader.u32(header.at + 44, "sh_info");
  }

  get name(): string {
    return this.#name ??= this.#lookUp(this.#reader.u32(this.#at, "sh_name"));
  }

  get flags(): number {
    return this.#exact(8, "flags");
  }

  get addr(): number {
    return this.#exact(16, "address");
  }

  get offset(): number {
    return this.#exact(24, "offset");
  }

  get size(): number {
    return this.#exact(32, "size");
  }

  get entsize(): number {
    return this.#exact(56, "entry size");
  }

  data(): Uint8Array {
    if (this.type === SECTION_TYPE.NOBITS) return new Uint8Array(0);
    return this.#reader.slice(this.offset, this.size, `section ${this.index}`);
  }

  #exact(field: number, what: string): number {
    return this.#reader.exact(this.#at + field, `section ${this.index}'s ${what}`);
  }
}

/** A program header. */
class Segment implements ElfSegment {
  readonly index: number;
  readonly type: number;
  readonly flags: number;
  readonly #reader: Reader;
  readonly #at: number;

  constructor(reader: Reader, at: number, index: number) {
    this.#reader = reader;
    this.#at = at;
    this.index = index;
    this.type = reader.u32(at, "p_type");
    this.flags = reader.u32(at + 4, "p_flags");
  }

  get offset(): number {
    return this.#exact(8, "offset");
  }

  get vaddr(): number {
    return this.#exact(16, "address");
  }

  get filesz(): number {
    return this.#exact(32, "size in the file");
  }

  get memsz(): number {
    return this.#exact(40, "size in memory");
  }

  data(): Uint8Array {
    return this.#reader.slice(this.offset, this.filesz, `segment ${this.index}`);
  }

  #exact(field: number, what: string): number {
    return this.#reader.exact(this.#at + field, `segment ${this.index}'s ${what}`);
  }
}

/**
 * The strings of the table that is section `link`, read by their offsets.
 *
 * @throws {FormatError} where there is no such section
 */
export function stringTable(elf: Elf, link: number): Reader {
  const section = elf.sections[link];
  if (section === undefined) {
    throw new FormatError(
      `Cannot read ELF: string table is section ${link}, the file has ${elf.sections.length}`,
    );
  }
  return new Reader(section.data(), "ELF", `section ${section.name}`);
}
