/** Builds small ELF files for the tests. */

import { SECTION_FLAG, SECTION_TYPE } from "../../../../ffi/elf/elf.ts";

/** A section; its address is its offset + {@linkcode BASE} where it is allocated. */
export interface SectionSpec {
  readonly name: string;
  readonly type?: number;
  readonly flags?: number;
  readonly data: Uint8Array;
  readonly link?: number;
  readonly entsize?: number;
}

/** A segment that covers one section, or without `section` the whole file. */
export interface SegmentSpec {
  readonly type: number;
  readonly flags?: number;
  readonly section?: string;
}

/** A whole file. */
export interface ElfSpec {
  readonly type?: number;
  readonly machine?: number;
  /** From index 1 on; .shstrtab comes last by itself. */
  readonly sections?: readonly SectionSpec[];
  readonly segments?: readonly SegmentSpec[];
}

/** Address of the first byte of the file. */
export const BASE = 0x10000;

/** Offset of the first section, so that tests can know addresses. */
export const FIRST = 0x400;

/** Little-endian integers: `[value, size]` or bytes. */
export function pack(...parts: (readonly [number | bigint, 1 | 2 | 4 | 8] | Uint8Array)[]) {
  const bytes: number[] = [];
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      bytes.push(...part);
      continue;
    }
    const [value, size] = part;
    const unsigned = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0n; i < size; i++) bytes.push(Number((unsigned >> (8n * i)) & 0xffn));
  }
  return Uint8Array.from(bytes);
}

/** A string table, and where each string is in it. */
export function stringData(
  ...strings: string[]
): { data: Uint8Array; at: (text: string) => number } {
  const text = `\0${strings.map((string) => `${string}\0`).join("")}`;
  return { data: new TextEncoder().encode(text), at: (it) => text.indexOf(`\0${it}\0`) + 1 };
}

/** One `Elf64_Sym` */
export function symbolData(
  symbol: {
    name?: number;
    type?: number;
    bind?: number;
    section?: number;
    value?: number;
    size?: number;
  },
): Uint8Array {
  const info = ((symbol.bind ?? 1) << 4) | (symbol.type ?? 2);
  return pack(
    [symbol.name ?? 0, 4],
    [info, 1],
    [0, 1],
    [symbol.section ?? 0, 2],
    [symbol.value ?? 0, 8],
    [symbol.size ?? 0, 8],
  );
}

/** Lays the file out: header, segments, sections, section headers. */
export function buildElf(spec: ElfSpec): Uint8Array {
  const given = spec.sections ?? [];
  const names = stringData(...given.map(({ name }) => name), ".shstrtab");
  const sections: SectionSpec[] = [
    ...given,
    { name: ".shstrtab", type: SECTION_TYPE.STRTAB, data: names.data },
  ];
  let end = FIRST;
  const placed = sections.map((section) => {
    const offset = end;
    end = offset + Math.ceil(section.data.length / 16) * 16;
    return { section, offset };
  });
  const segments = spec.segments ?? [];
  const file = new Uint8Array(end + 64 * (sections.length + 1));
  const put = (at: number, bytes: Uint8Array) => file.set(bytes, at);
  put(
    0,
    pack(
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      [spec.type ?? 3, 2],
      [spec.machine ?? 62, 2],
      [1, 4],
      [0, 8],
      [segments.length > 0 ? 64 : 0, 8],
      [end, 8],
      [0, 4],
      [64, 2],
      [56, 2],
      [segments.length, 2],
      [64, 2],
      [sections.length + 1, 2],
      [sections.length, 2],
    ),
  );
  segments.forEach((segment, i) => {
    const found = placed.find(({ section }) => section.name === segment.section);
    const offset = found?.offset ?? 0;
    const size = found?.section.data.length ?? end;
    const address = offset + BASE;
    put(
      64 + i * 56,
      pack(
        [segment.type, 4],
        [segment.flags ?? 4, 4],
        [offset, 8],
        [address, 8],
        [address, 8],
        [
          size,
          8,
        ],
        [size, 8],
        [16, 8],
      ),
    );
  });
  placed.forEach(({ section, offset }, i) => {
    const flags = section.flags ?? 0;
    const address = (flags & SECTION_FLAG.ALLOC) !== 0 ? offset + BASE : 0;
    put(offset, section.data);
    put(
      end + 64 * (i + 1),
      pack(
        [names.at(section.name), 4],
        [section.type ?? SECTION_TYPE.PROGBITS, 4],
        [flags, 8],
        [address, 8],
        [offset, 8],
        [section.data.length, 8],
        [section.link ?? 0, 4],
        [0, 4],
        [16, 8],
        [section.entsize ?? 0, 8],
      ),
    );
  });
  return file;
}
