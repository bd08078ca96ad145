/** Writes ELF files: relocatable objects for BPF, as a compiler would. */

const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;
const ET_REL = 1;
const EM_BPF = 247;

/** Section types and flags by the names of `elf.h`, as far as objects have them. */
export const SECTION_TYPE = { progbits: 1, symtab: 2, strtab: 3, nobits: 8, rel: 9 } as const;
export const SECTION_FLAG = { write: 1, alloc: 2, execute: 4 } as const;

const encoder = new TextEncoder();

/** A section; its number is its place in the list, plus 1. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly bytes: Uint8Array;
  readonly link?: number;
  readonly info?: number;
  readonly align?: number;
  readonly entrySize?: number;
}

/** Strings one after another, each with its NUL. */
export class StringTable {
  readonly #offsets = new Map<string, number>([["", 0]]);
  #text = "\0";
  /** Of the text, in bytes. */
  #size = 1;

  /** The offset of a string. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#size;
    this.#offsets.set(text, offset);
    this.#text += `${text}\0`;
    this.#size += encoder.encode(text).length + 1;
    return offset;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return encoder.encode(this.#text);
  }
}

/** The bytes of a little-endian BPF object with these sections; `.shstrtab` is added. */
export function writeElf(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const names = new StringTable();
  const all: Section[] = [...sections];
  all.forEach(({ name }) => names.add(name));
  names.add(".shstrtab");
  all.push({ name: ".shstrtab", type: SECTION_TYPE.strtab, bytes: names.bytes() });
  const offsets = layOut(all);
  const headers = align(offsets.at(-1)! + all.at(-1)!.bytes.length, 8);
  const file = new Uint8Array(headers + (all.length + 1) * SECTION_HEADER_SIZE);
  const view = new DataView(file.buffer);
  writeHeader(view, headers, all.length + 1);
  all.forEach((section, i) => {
    file.set(section.bytes, offsets[i]!);
    const at = headers + (i + 1) * SECTION_HEADER_SIZE;
    writeSectionHeader(view, at, { section, name: names.add(section.name), offset: offsets[i]! });
  });
  return file;
}

function layOut(sections: readonly Section[]): number[] {
  let end = HEADER_SIZE;
  return sections.map(({ bytes, align: alignment = 8 }) => {
    const at = align(end, alignment);
    end = at + bytes.length;
    return at;
  });
}

function writeHeader(view: DataView, sectionHeaders: number, count: number): void {
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((byte, i) => view.setUint8(i, byte));
  view.setUint16(16, ET_REL, true);
  view.setUint16(18, EM_BPF, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(sectionHeaders), true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(58, SECTION_HEADER_SIZE, true);
  view.setUint16(60, count, true);
  view.setUint16(62, count - 1, true);
}

function writeSectionHeader(
  view: DataView,
  at: number,
  { section, name, offset }: { section: Section; name: number; offset: number },
): void {
  const { type, flags = 0, bytes, link = 0, info = 0, align = 8, entrySize = 0 } = section;
  view.setUint32(at, name, true);
  view.setUint32(at + 4, type, true);
  view.setBigUint64(at + 8, BigInt(flags), true);
  view.setBigUint64(at + 24, BigInt(offset), true);
  view.setBigUint64(at + 32, BigInt(bytes.length), true);
  view.setUint32(at + 40, link, true);
  view.setUint32(at + 44, info, true);
  view.setBigUint64(at + 48, BigInt(align), true);
  view.setBigUint64(at + 56, BigInt(entrySize), true);
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
