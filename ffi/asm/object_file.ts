/** Makes BPF objects out of assembled programs: the file that libbpf opens, as clang would have written it. */

import { BtfWriter } from "../btf/write.ts";
import { type Section, SECTION_FLAG, SECTION_TYPE, StringTable, writeElf } from "../elf/write.ts";
import { concat } from "../wire/concat.ts";
import type { Assembled, KernelField } from "./assembler.ts";

/** A program of an object. */
export interface ObjectProgram {
  /** A name of C. */
  readonly name: string;
  /** Says its type, as libbpf reads it: `tracepoint`, `raw_tp`. Functions that programs hand on are in `.text`. */
  readonly section: string;
  readonly code: Assembled;
}

/** A map of an object; sizes are in bytes. */
export interface ObjectMap {
  /** A name of C. */
  readonly name: string;
  /** The number of `BPF_MAP_TYPE_…` */
  readonly type: number;
  readonly keySize?: number;
  readonly valueSize?: number;
  readonly maxEntries: number;
  readonly flags?: number;
}

/** The section of functions that programs hand on as callbacks. */
export const FUNCTIONS = ".text";

/** What goes into an object. */
export interface ObjectParts {
  readonly programs: readonly ObjectProgram[];
  readonly maps: readonly ObjectMap[];
  /** Constants, the section `.rodata`. */
  readonly constants: Uint8Array;
  /** Variables of 8 bytes each, one after another: the section `.data`, which user space shares. */
  readonly variables: readonly string[];
  readonly license: string;
  /** What the line numbers of the programs speak of. */
  readonly source: { readonly file: string; readonly text: string };
}

/** Numbers of `BPF_MAP_TYPE_…`. */
export const MAP_TYPE = {
  hash: 1,
  array: 2,
  perf_event_array: 4,
  percpu_hash: 5,
  percpu_array: 6,
  stack_trace: 7,
  lru_hash: 9,
  lru_percpu_hash: 10,
  ringbuf: 27,
} as const;

const SYMBOL_SIZE = 24;
const RELOCATION_SIZE = 16;
const R_BPF_64_64 = 1n;
const STT = { object: 1, func: 2, section: 3 } as const;
const STB_GLOBAL = 1;
const POINTER_SIZE = 8;
const LONGEST_LINE = 120;

interface Symbol {
  readonly name: string;
  readonly type: number;
  readonly global: boolean;
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

interface Placed {
  readonly program: ObjectProgram;
  readonly offset: number;
}

/** The bytes of an object. */
export function writeObject(parts: ObjectParts): Uint8Array<ArrayBuffer> {
  const groups = Map.groupBy(parts.programs, ({ section }) => section);
  const code = [...groups].map(([name, programs]) => ({ name, placed: placeAll(programs) }));
  const btf = new BtfWriter();
  const maps = describeMaps(btf, parts.maps);
  describeVariables(btf, parts.variables);
  const extra = describePrograms(btf, code, parts.source);
  const sections: Section[] = code.map(({ name, placed }) => ({
    name,
    type: SECTION_TYPE.progbits,
    flags: SECTION_FLAG.alloc | SECTION_FLAG.execute,
    bytes: concat(placed.map(({ program }) => program.code.bytes)),
  }));
  const number = (section: Section) => sections.push(section);
  number({
    name: "license",
    type: SECTION_TYPE.progbits,
    flags: SECTION_FLAG.alloc | SECTION_FLAG.write,
    bytes: new TextEncoder().encode(`${parts.license}\0`),
  });
  const inMaps = number({ name: ".maps", ...DATA, bytes: new Uint8Array(maps.size) });
  const data = [
    { name: ".rodata", bytes: parts.constants, flags: SECTION_FLAG.alloc },
    { name: ".data", bytes: new Uint8Array(parts.variables.length * 8), flags: DATA.flags },
  ].filter(({ bytes }) => bytes.length > 0);
  const symbols: Symbol[] = data.map(({ name, bytes, flags }) => ({
    name,
    type: STT.section,
    global: false,
    section: number({ name, type: SECTION_TYPE.progbits, flags, bytes }),
    value: 0,
    size: 0,
  }));
  const inData = symbols.find(({ name }) => name === ".data")?.section ?? 0;
  symbols.push(...parts.variables.map((name, i) => ({
    name,
    type: STT.object,
    global: true,
    section: inData,
    value: i * 8,
    size: 8,
  })));
  symbols.push(...parts.maps.map(({ name }, i) => ({
    name,
    type: STT.object,
    global: true,
    section: inMaps,
    value: maps.offsets[i]!,
    size: maps.size / parts.maps.length,
  })));
  symbols.push(...code.flatMap(({ placed }, i) =>
    placed.map(({ program, offset }) => ({
      name: program.name,
      type: STT.func,
      global: true,
      section: i + 1,
      value: offset,
      size: program.code.bytes.length,
    }))
  ));
  number({ name: ".BTF", type: SECTION_TYPE.progbits, bytes: btf.bytes() });
  number({ name: ".BTF.ext", type: SECTION_TYPE.progbits, bytes: extra });
  addSymbols(sections, symbols, code);
  return writeElf(sections);
}

const DATA = {
  type: SECTION_TYPE.progbits,
  flags: SECTION_FLAG.alloc | SECTION_FLAG.write,
} as const;

function placeAll(programs: readonly ObjectProgram[]): Placed[] {
  let end = 0;
  return programs.map((program) => {
    const offset = end;
    end += program.code.bytes.length;
    return { program, offset };
  });
}

/** Each map is a struct of pointers, whose types say the numbers: libbpf's way to describe maps in BTF. */
function describeMaps(
  btf: BtfWriter,
  maps: readonly ObjectMap[],
): { offsets: number[]; size: number } {
  const int = btf.int("int", 4, true);
  const numbers = new Map<number, number>();
  const numberType = (value: number) => {
    const known = numbers.get(value) ?? btf.pointer(btf.array(int, { index: int, length: value }));
    numbers.set(value, known);
    return known;
  };
  const stride = POINTER_SIZE * 5;
  const variables = maps.map(({ name, type, keySize, valueSize, maxEntries, flags }, i) => {
    const fields = { type, key_size: keySize, value_size: valueSize, max_entries: maxEntries };
    const members = Object.entries({ ...fields, map_flags: flags }).filter(([, value]) => value)
      .map(([name, value], at) => ({ name, type: numberType(value!), offset: at * POINTER_SIZE }));
    const variable = btf.variable(name, btf.struct("", stride, members));
    return { type: variable, offset: i * stride, size: stride };
  });
  const size = stride * maps.length;
  btf.section(".maps", size, variables);
  return { offsets: variables.map(({ offset }) => offset), size };
}

/** Without a description libbpf would not let user space share them. */
function describeVariables(btf: BtfWriter, names: readonly string[]): void {
  if (names.length === 0) return;
  const type = btf.int("unsigned long long", 8, false);
  const variables = names.map((name, i) => ({
    type: btf.variable(name, type),
    offset: i * 8,
    size: 8,
  }));
  btf.section(".data", names.length * 8, variables);
}

const FUNC_INFO_SIZE = 8;
const LINE_INFO_SIZE = 16;
const FIELD_RELOCATION_SIZE = 16;
/** `BPF_CORE_FIELD_BYTE_OFFSET` */
const FIELD_OFFSET = 0;

/**
 * The section `.BTF.ext`: which function each program is, which line each instruction is from, and which of them are given the place
 * of a field.
 */
function describePrograms(
  btf: BtfWriter,
  code: readonly { readonly name: string; readonly placed: readonly Placed[] }[],
  source: ObjectParts["source"],
): Uint8Array {
  const returns = btf.int("int", 4, true);
  const context = btf.pointer(0);
  const file = btf.string(source.file);
  const lines = source.text.split("\n").map((line) => line.trim().slice(0, LONGEST_LINE));
  const functions: number[] = [FUNC_INFO_SIZE];
  const lineInfos: number[] = [LINE_INFO_SIZE];
  const fields = new FieldRelocations(btf);
  for (const { name, placed } of code) {
    const section = btf.string(name);
    functions.push(section, placed.length);
    for (const { program, offset } of placed) {
      const local = name === FUNCTIONS;
      functions.push(offset, btf.program(program.name, { returns, context, local }));
    }
    const marks = placed.flatMap(({ program, offset }) =>
      program.code.lines.map((mark) => ({ ...mark, offset: offset + mark.offset }))
    );
    lineInfos.push(section, marks.length);
    for (const { offset, line, column } of marks) {
      const position = line << 10 | Math.min(column, 1023);
      lineInfos.push(offset, file, btf.string(lines[line - 1] ?? ""), position);
    }
    fields.add(section, placed);
  }
  const headerSize = 32;
  const parts = [functions, lineInfos, fields.words()];
  const words = new Uint32Array(parts.flat());
  const bytes = new Uint8Array(headerSize + words.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, headerSize, true);
  let start = 0;
  parts.forEach(({ length }, i) => {
    view.setUint32(8 + 8 * i, start, true);
    view.setUint32(12 + 8 * i, 4 * length, true);
    start += 4 * length;
  });
  bytes.set(new Uint8Array(words.buffer), headerSize);
  return bytes;
}

/** What CO-RE needs: each field described as a struct of its own that has nothing else, at offset 0. */
class FieldRelocations {
  readonly #btf: BtfWriter;
  readonly #words: number[] = [];
  readonly #types = new Map<KernelField, number>();

  constructor(btf: BtfWriter) {
    this.#btf = btf;
  }

  /** Adds those of a section. */
  add(section: number, placed: readonly Placed[]): void {
    const all = placed.flatMap(({ program, offset }) =>
      program.code.fields.map((each) => ({ field: each.field, at: offset + each.offset }))
    );
    if (all.length === 0) return;
    this.#words.push(section, all.length);
    for (const { at, field } of all) {
      const path = this.#btf.string(["0", ...field.members.map(() => "0")].join(":"));
      this.#words.push(at, this.#type(field), path, FIELD_OFFSET);
    }
  }

  words(): number[] {
    return this.#words.length === 0 ? [] : [FIELD_RELOCATION_SIZE, ...this.#words];
  }

  #type(field: KernelField): number {
    const known = this.#types.get(field) ?? this.#describe(field);
    this.#types.set(field, known);
    return known;
  }

  #describe({ struct, members, size }: KernelField): number {
    const leaf = this.#btf.int(`u${size * 8}`, size, false);
    return members.toReversed().reduce((type, name, i) => {
      const isOutermost = i === members.length - 1;
      return this.#btf.struct(isOutermost ? struct : "", size, [{ name, type, offset: 0 }]);
    }, leaf);
  }
}

function addSymbols(
  sections: Section[],
  symbols: readonly Symbol[],
  code: readonly { readonly name: string; readonly placed: readonly Placed[] }[],
): void {
  const names = new StringTable();
  // Local symbols come first.
  const ordered = symbols.toSorted((a, b) => Number(a.global) - Number(b.global));
  const bytes = new Uint8Array((ordered.length + 1) * SYMBOL_SIZE);
  const view = new DataView(bytes.buffer);
  ordered.forEach(({ name, type, global, section, value, size }, i) => {
    const at = (i + 1) * SYMBOL_SIZE;
    view.setUint32(at, type === STT.section ? 0 : names.add(name), true);
    view.setUint8(at + 4, (global ? STB_GLOBAL : 0) << 4 | type);
    view.setUint16(at + 6, section, true);
    view.setBigUint64(at + 8, BigInt(value), true);
    view.setBigUint64(at + 16, BigInt(size), true);
  });
  const strings = sections.push({
    name: ".strtab",
    type: SECTION_TYPE.strtab,
    bytes: names.bytes(),
  });
  const locals = ordered.filter(({ global }) => !global).length + 1;
  const table = sections.push({
    name: ".symtab",
    type: SECTION_TYPE.symtab,
    bytes,
    link: strings,
    info: locals,
    entrySize: SYMBOL_SIZE,
  });
  const indexOf = new Map(ordered.map(({ name }, i) => [name, i + 1]));
  code.forEach(({ name, placed }, i) => {
    const relocations = relocate(placed, indexOf);
    if (relocations.length === 0) return;
    sections.push({
      name: `.rel${name}`,
      type: SECTION_TYPE.rel,
      bytes: relocations,
      link: table,
      info: i + 1,
      entrySize: RELOCATION_SIZE,
    });
  });
}

function relocate(placed: readonly Placed[], indexOf: ReadonlyMap<string, number>): Uint8Array {
  const all = placed.flatMap(({ program, offset }) =>
    program.code.relocations.map((relocation) => ({
      at: offset + relocation.offset,
      symbol: indexOf.get(relocation.symbol),
      name: relocation.symbol,
    }))
  );
  const words = new BigUint64Array(all.length * 2);
  all.forEach(({ at, symbol, name }, i) => {
    if (symbol === undefined) throw new RangeError(`Cannot link: there is no symbol ${name}`);
    words[2 * i] = BigInt(at);
    words[2 * i + 1] = BigInt(symbol) << 32n | R_BPF_64_64;
  });
  return new Uint8Array(words.buffer);
}
