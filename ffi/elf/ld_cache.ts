/**
 * The loader's cache, /etc/ld.so.cache: which file a library name stands for.
 *
 * Layouts: glibc's `sysdeps/generic/dl-cache.h`, `struct cache_file_new` and, in front of it on old systems,
 * `struct cache_file`.
 */

import { Reader } from "../wire/reader.ts";
import { MACHINE } from "./elf.ts";

/** A library in the cache. */
export interface LdCacheEntry {
  /** What programs ask for: `libc.so.6`. */
  readonly soname: string;
  /** Where it is: `/lib/x86_64-linux-gnu/libc.so.6`. */
  readonly path: string;
  /** Kind and architecture: `FLAG_ELF_LIBC6 | FLAG_X8664_LIB64` and the like. */
  readonly flags: number;
  /** Not 0: a variant for some processors only (a folder of `glibc-hwcaps`). */
  readonly hwcap: bigint;
}

/** How {@linkcode findLibrary} chooses. */
export interface FindLibraryOptions {
  /** The `e_machine` of the programs that use the library; where it is not given, any 64-bit one that we know. */
  readonly machine?: number;
}

const encoder = new TextEncoder();
const NEW_MAGIC = encoder.encode("glibc-ld.so.cache1.1");
const OLD_MAGIC = encoder.encode("ld.so-1.7.0");

const OLD_HEADER_SIZE = 16;
const OLD_ENTRY_SIZE = 12;
const NEW_HEADER_SIZE = 48;
const NEW_ENTRY_SIZE = 24;
const BIG_ENDIAN = 3;

const FLAG_ELF_LIBC6 = 0x0003;

/** `FLAG_X8664_LIB64` and `FLAG_AARCH64_LIB64`, with `FLAG_ELF_LIBC6` */
const FLAGS_OF: ReadonlyMap<number, number> = new Map([
  [MACHINE.X86_64, FLAG_ELF_LIBC6 | 0x0300],
  [MACHINE.AARCH64, FLAG_ELF_LIBC6 | 0x0a00],
]);

/**
 * Reads the cache, in the format "glibc-ld.so.cache1.1" or in the older one which embeds it.
 *
 * @throws {FormatError} where it is neither, or is broken
 */
export function parseLdCache(bytes: Uint8Array): LdCacheEntry[] {
  const file = new Reader(bytes, "ld.so.cache");
  const start = newFormatStart(file);
  // The strings' offsets count from here.
  const cache = new Reader(
    file.slice(start, file.size - start, "the cache"),
    "ld.so.cache",
  );
  cache.check(0, NEW_HEADER_SIZE, "the header");
  if ((cache.u8(28, "flags") & 3) === BIG_ENDIAN) {
    throw cache.error("the file is big-endian, should be little-endian");
  }
  const count = cache.u32(20, "nlibs");
  cache.check(NEW_HEADER_SIZE, count * NEW_ENTRY_SIZE, "the list of libraries");
  return Array.from(
    { length: count },
    (_, i) => readEntry(cache, NEW_HEADER_SIZE + i * NEW_ENTRY_SIZE),
  );
}

function newFormatStart(file: Reader): number {
  if (file.matches(0, NEW_MAGIC)) return 0;
  if (!file.matches(0, OLD_MAGIC)) {
    throw file.error("the file begins neither with glibc-ld.so.cache1.1 nor with ld.so-1.7.0");
  }
  const end = OLD_HEADER_SIZE + file.u32(12, "nlibs") * OLD_ENTRY_SIZE;
  const start = Math.ceil(end / 8) * 8;
  if (!file.matches(start, NEW_MAGIC)) {
    throw file.error("after ld.so-1.7.0 there is no glibc-ld.so.cache1.1");
  }
  return start;
}

function readEntry(cache: Reader, at: number): LdCacheEntry {
  return {
    soname: cache.cstring(cache.u32(at + 4, "key"), "a library name"),
    path: cache.cstring(cache.u32(at + 8, "value"), "a library path"),
    flags: cache.u32(at, "flags"),
    hwcap: cache.u64(at + 16, "hwcap"),
  };
}

/**
 * Finds a library by its name ("c", "libc"), or by its file name ("libc.so.6", "libc.so"). Among several wins the one
 * for this machine, then the one for all processors, then the highest version.
 */
export function findLibrary(
  entries: readonly LdCacheEntry[],
  name: string,
  options: FindLibraryOptions = {},
): LdCacheEntry | undefined {
  const exact = entries.filter((entry) => entry.soname === name);
  const candidates = exact.length > 0 ? exact : entries.filter((entry) => isNamed(entry, name));
  return candidates
    .filter((entry) => fits(entry, options.machine))
    .reduce<LdCacheEntry | undefined>(
      (best, entry) => best === undefined || compare(entry, best) > 0 ? entry : best,
      undefined,
    );
}

function isNamed(entry: LdCacheEntry, name: string): boolean {
  const files = name.includes(".so") ? [name] : [`lib${name}.so`, `${name}.so`];
  return files.some((file) => entry.soname === file || entry.soname.startsWith(`${file}.`));
}

/** Entries of other architectures are no help, except where nobody says which is wanted. */
function fits(entry: LdCacheEntry, machine: number | undefined): boolean {
  return machine === undefined || entry.flags === FLAGS_OF.get(machine);
}

function compare(a: LdCacheEntry, b: LdCacheEntry): number {
  return Number(isOfKnownMachine(a)) - Number(isOfKnownMachine(b)) ||
    Number(a.hwcap === 0n) - Number(b.hwcap === 0n) ||
    compareVersions(a.soname, b.soname);
}

function isOfKnownMachine(entry: LdCacheEntry): boolean {
  return [...FLAGS_OF.values()].includes(entry.flags);
}

/** By the numbers after `.so`: libssl.so < libssl.so.1.1 < libssl.so.3 < libssl.so.10 */
function compareVersions(a: string, b: string): number {
  const left = versionOf(a);
  const right = versionOf(b);
  const length = Math.max(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionOf(soname: string): number[] {
  const version = soname.split(".so.")[1] ?? "";
  return version === "" ? [] : version.split(".").map((part) => Number.parseInt(part) || 0);
}
