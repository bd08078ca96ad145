/** What a dynamically linked file asks of the loader. */

import { Reader } from "../wire/reader.ts";
import type { Elf } from "./elf.ts";
import { SEGMENT_TYPE } from "./elf.ts";
import { fileOffset } from "./symbols.ts";

/** The parts of `PT_INTERP` and `PT_DYNAMIC` that say which libraries are used. */
export interface DynamicInfo {
  /** The loader: `/lib64/ld-linux-x86-64.so.2`. */
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** Folders, `$ORIGIN` and the like not resolved. */
  readonly rpath: readonly string[];
  /** Folders, `$ORIGIN` and the like not resolved. */
  readonly runpath: readonly string[];
}

/** `d_tag` */
const TAG = {
  NULL: 0,
  NEEDED: 1,
  STRTAB: 5,
  STRSZ: 10,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
} as const;

const DYN_SIZE = 16;

interface DynamicEntry {
  readonly tag: number;
  readonly value: number;
}

/**
 * Reads which loader and libraries a file needs; empty for static executables and object files.
 *
 * @throws {FormatError} where entries or strings lie outside of the file
 */
export function dynamicInfo(elf: Elf): DynamicInfo {
  const entries = dynamicEntries(elf);
  const wanted = entries.filter((entry) => NAMES.has(entry.tag));
  const strings = wanted.length > 0 ? dynamicStrings(elf, entries) : undefined;
  const texts = (tag: number) =>
    wanted.filter((entry) => entry.tag === tag)
      .map((entry) => strings?.cstring(entry.value, "a dynamic string") ?? "");
  return {
    interpreter: interpreter(elf),
    needed: texts(TAG.NEEDED),
    soname: texts(TAG.SONAME)[0],
    rpath: texts(TAG.RPATH).flatMap(folders),
    runpath: texts(TAG.RUNPATH).flatMap(folders),
  };
}

const NAMES: ReadonlySet<number> = new Set([TAG.NEEDED, TAG.SONAME, TAG.RPATH, TAG.RUNPATH]);

function folders(list: string): string[] {
  return list.split(":").filter((folder) => folder !== "");
}

function interpreter(elf: Elf): string | undefined {
  const segment = elf.segments.find((segment) => segment.type === SEGMENT_TYPE.INTERP);
  return segment && new Reader(segment.data(), "ELF", "interpreter").cstring(0, "the interpreter");
}

function dynamicEntries(elf: Elf): DynamicEntry[] {
  const segment = elf.segments.find((segment) => segment.type === SEGMENT_TYPE.DYNAMIC);
  if (segment === undefined) return [];
  const reader = new Reader(segment.data(), "ELF", "dynamic segment");
  const entries: DynamicEntry[] = [];
  for (let at = 0; at + DYN_SIZE <= reader.size; at += DYN_SIZE) {
    const tag = Number(reader.u64(at, "d_tag"));
    if (tag === TAG.NULL) break;
    entries.push({ tag, value: Number(reader.u64(at + 8, "d_val")) });
  }
  return entries;
}

function dynamicStrings(elf: Elf, entries: readonly DynamicEntry[]): Reader {
  const file = new Reader(elf.bytes, "ELF");
  const address = entries.find((entry) => entry.tag === TAG.STRTAB)?.value;
  const size = entries.find((entry) => entry.tag === TAG.STRSZ)?.value;
  const offset = address === undefined ? undefined : fileOffset(elf, address);
  if (offset === undefined || size === undefined) {
    throw file.error("the dynamic segment does not say where its strings are");
  }
  return new Reader(file.slice(offset, size, "the dynamic strings"), "ELF", "dynamic strings");
}
