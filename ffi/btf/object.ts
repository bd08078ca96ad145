/**
 * What is in a BPF object: programs, maps, global variables, events; read from its ELF symbols and its BTF.
 *
 * Events are our own convention. In C,
 *
 * ```c
 * GIMLET_EVENT(events, struct data_t);
 * ```
 *
 * expands to `struct data_t *events_event SEC(".gimlet.events");` and says that the records in the ring or perf buffer
 * `events` have the type `struct data_t`. libbpf skips the section.
 */

import type { Elf, ElfSection } from "../elf/elf.ts";
import { ELF_TYPE, MACHINE, parseElf, SECTION_FLAG } from "../elf/elf.ts";
import { SYMBOL_BIND, SYMBOL_TYPE, symbols } from "../elf/symbols.ts";
import { FormatError } from "../errors.ts";
import type { Btf, BtfSection, BtfStruct, BtfType, BtfVariable } from "./btf.ts";
import { parseBtf, resolveType, sizeOfType } from "./btf.ts";
import { MAP_TYPES, type MapType } from "./map_types.ts";

/** A BPF object; each list is sorted by name. */
export interface ObjectDescription {
  /** Where the type ids below belong to. */
  readonly btf: Btf;
  readonly programs: readonly ProgramDescription[];
  readonly maps: readonly MapDescription[];
  readonly globals: readonly GlobalDescription[];
  readonly events: readonly EventDescription[];
}

/** A program that can be attached: a global function outside of `.text`. */
export interface ProgramDescription {
  readonly name: string;
  /** The name in `SEC()`: `kprobe/vfs_read`. */
  readonly section: string;
}

/** A map that is defined with libbpf's `__uint()` and `__type()` in `SEC(".maps")`. */
export interface MapDescription {
  readonly name: string;
  readonly type: MapType;
  readonly maxEntries: number;
  /** The id of the key's type; undefined where only its size or nothing is given. */
  readonly key: number | undefined;
  /** The id of the value's type; undefined where only its size or nothing is given. */
  readonly value: number | undefined;
  /** In bytes; 0 where the map has no key */
  readonly keySize: number;
  /** In bytes; 0 where the map has no value */
  readonly valueSize: number;
  /** What the maps in a map of maps are like, where it says so (`__array(values, …)`). */
  readonly inner?: MapDescription | undefined;
}

/** A global variable; those that are static in a function are not listed. */
export interface GlobalDescription {
  readonly name: string;
  /** `.rodata`, `.data`, `.bss`, or one of these with a suffix. */
  readonly section: string;
  /** In the section, in bytes */
  readonly offset: number;
  /** The id of its type */
  readonly type: number;
  /** Whether it is seen in its own file only. */
  readonly isStatic?: boolean;
}

/** The type of the records in a ring or perf buffer. */
export interface EventDescription {
  readonly map: string;
  /** The id of the type */
  readonly type: number;
}

const EVENT_SECTION = ".gimlet.events";
const EVENT_SUFFIX = "_event";
const VARIABLE_SECTION = /^\.(rodata|data|bss)(\.|$)/;

/**
 * Reads a BPF object file.
 *
 * @throws {FormatError} where it is no BPF object with BTF, or contradicts itself
 */
export function describeObject(bytes: Uint8Array): ObjectDescription {
  const elf = parseElf(bytes);
  if (elf.machine !== MACHINE.BPF || elf.type !== ELF_TYPE.REL) {
    throw error(`machine is ${elf.machine}, should be ${MACHINE.BPF} (compile with -target bpf)`);
  }
  const section = elf.section(".BTF");
  if (section === undefined) throw error("it has no section .BTF (compile with -g)");
  const btf = parseBtf(section.data());
  const sections = [...btf.types()].filter((type): type is BtfSection => type.kind === "datasec");
  const maps = sections.filter(({ name }) => name === ".maps").flatMap((it) => readMaps(btf, it));
  const events = sections.filter(({ name }) => name === EVENT_SECTION)
    .flatMap((it) => readEvents(btf, it, maps));
  return {
    btf,
    programs: readPrograms(elf).sort(byName),
    maps: maps.sort(byName),
    globals: readGlobals(elf, btf, sections).sort(byName),
    events: events.sort((a, b) => compare(a.map, b.map)),
  };
}

/** Compares by code units: the order must not depend on the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compare(a.name, b.name);
}

function error(cause: string): FormatError {
  return new FormatError(`Cannot read BPF object: ${cause}`);
}

/** `.text` has the functions that programs call. */
function readPrograms(elf: Elf): ProgramDescription[] {
  const programs: ProgramDescription[] = [];
  for (const symbol of symbols(elf)) {
    const section = elf.sections[symbol.section];
    const isProgram = symbol.type === SYMBOL_TYPE.FUNC && symbol.bind !== SYMBOL_BIND.LOCAL &&
      section !== undefined && isProgramSection(section);
    if (isProgram) programs.push({ name: symbol.name, section: section.name });
  }
  return programs;
}

function isProgramSection(section: ElfSection): boolean {
  return (section.flags & SECTION_FLAG.EXECINSTR) !== 0 && section.name !== ".text";
}

function variablesOf(btf: Btf, section: BtfSection): { variable: BtfVariable; offset: number }[] {
  return section.variables.map(({ type, offset }) => {
    const variable = btf.type(type);
    if (variable.kind !== "var") {
      throw error(`section ${section.name} has a ${variable.kind}, should have variables`);
    }
    return { variable, offset };
  });
}

/** Offsets are those of the ELF symbols: in BTF they are right for static variables only. */
function readGlobals(elf: Elf, btf: Btf, sections: readonly BtfSection[]): GlobalDescription[] {
  const wanted = sections.filter(({ name }) => VARIABLE_SECTION.test(name));
  const offsets = symbolOffsets(elf);
  return wanted.flatMap((section) =>
    variablesOf(btf, section)
      // clang calls a static variable in a function function.variable; bpf_printk() makes such ones.
      .filter(({ variable }) => !variable.name.includes("."))
      .map(({ variable: { name, type, linkage }, offset }) => ({
        name,
        section: section.name,
        offset: offsets.get(`${section.name} ${name}`) ?? offset,
        type,
        ...(linkage === "static" ? { isStatic: true } : {}),
      }))
  );
}

/** "section name" → offset */
function symbolOffsets(elf: Elf): Map<string, number> {
  const offsets = new Map<string, number>();
  for (const symbol of symbols(elf)) {
    const section = elf.sections[symbol.section];
    if (symbol.type !== SYMBOL_TYPE.OBJECT || section === undefined) continue;
    offsets.set(`${section.name} ${symbol.name}`, symbol.value);
  }
  return offsets;
}

function readMaps(btf: Btf, section: BtfSection): MapDescription[] {
  // Those with __ in front are libbpf's own, as in usdt.bpf.h: their types differ from one version to the next.
  const ours = variablesOf(btf, section).filter(({ variable }) => !variable.name.startsWith("__"));
  return ours.map(({ variable }) => {
    const definition = resolveType(btf, variable.type);
    if (definition.kind !== "struct") {
      throw error(`map ${variable.name} is a ${definition.kind}, should be a struct`);
    }
    return readMap(btf, variable.name, definition);
  });
}

function readMap(
  btf: Btf,
  name: string,
  definition: BtfStruct,
  { isInner = false } = {},
): MapDescription {
  const pointee = (field: string) => {
    const member = definition.members.find((member) => member.name === field);
    return member && pointeeOf(btf, member.type, `map ${name}, field ${field}`);
  };
  const number = (field: string) => {
    const id = pointee(field);
    if (id === undefined) return 0;
    const type = resolveType(btf, id);
    if (type.kind === "array") return type.length;
    throw error(`map ${name}, field ${field} is no number (define it with __uint)`);
  };
  const key = pointee("key");
  const value = pointee("value");
  return {
    name,
    type: mapType(name, number("type")),
    maxEntries: number("max_entries"),
    key,
    value,
    keySize: key === undefined ? number("key_size") : sizeOfType(btf, key),
    valueSize: value === undefined ? number("value_size") : sizeOfType(btf, value),
    // The kernel has one level of maps in maps.
    ...(isInner ? {} : innerMap(btf, name, definition)),
  };
}

/** `__array(values, struct { … })` is an array of pointers to the definition of a map. */
function innerMap(btf: Btf, name: string, definition: BtfStruct): { inner?: MapDescription } {
  const values = definition.members.find((member) => member.name === "values");
  if (values === undefined) return {};
  const list = resolveType(btf, values.type);
  const item = list.kind === "array" ? resolveType(btf, list.type) : list;
  const inner = item.kind === "ptr" ? resolveType(btf, item.type) : item;
  return inner.kind === "struct"
    ? { inner: readMap(btf, `${name}.inner`, inner, { isInner: true }) }
    : {};
}

function mapType(map: string, number: number): MapType {
  const type = MAP_TYPES[number];
  if (type === undefined || number === 0) throw error(`map ${map} has the unknown type ${number}`);
  return type;
}

function readEvents(
  btf: Btf,
  section: BtfSection,
  maps: readonly MapDescription[],
): EventDescription[] {
  return variablesOf(btf, section).map(({ variable: { name, type } }) => {
    const map = name.endsWith(EVENT_SUFFIX) ? name.slice(0, -EVENT_SUFFIX.length) : name;
    if (!maps.some((other) => other.name === map)) {
      throw error(`GIMLET_EVENT(${map}, …) names a map that does not exist`);
    }
    return { map, type: pointeeOf(btf, type, `GIMLET_EVENT(${map}, …)`) };
  });
}

function pointeeOf(btf: Btf, id: number, what: string): number {
  const type: BtfType = resolveType(btf, id);
  if (type.kind === "ptr") return type.type;
  throw error(`${what} is a ${type.kind}, should be a pointer`);
}
