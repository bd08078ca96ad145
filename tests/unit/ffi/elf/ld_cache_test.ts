import { MACHINE } from "../../../../ffi/elf/elf.ts";
import type { LdCacheEntry } from "../../../../ffi/elf/ld_cache.ts";
import { findLibrary, parseLdCache } from "../../../../ffi/elf/ld_cache.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { pack, stringData } from "./build_elf.ts";

const X86_64 = 0x0303;
const AARCH64 = 0x0a03;
const I386 = 0x0003;

type Row = readonly [soname: string, path: string, flags: number, hwcap?: bigint];

const ROWS: readonly Row[] = [
  ["libssl.so.3", "/lib32/libssl.so.3", I386],
  ["libssl.so.3", "/lib64/v3/libssl.so.3", X86_64, 1n << 62n],
  ["libssl.so.3", "/lib64/libssl.so.3", X86_64],
  ["libssl.so.1.1", "/lib64/libssl.so.1.1", X86_64],
  ["libssl.so", "/lib64/libssl.so", X86_64],
  ["libcap.so.2", "/lib64/libcap.so.2", X86_64],
  ["libc.so.6", "/lib64/libc.so.6", X86_64],
  ["libc.so.6", "/arm/libc.so.6", AARCH64],
  ["libz.so.9", "/lib64/libz.so.9", X86_64],
  ["libz.so.10", "/lib64/libz.so.10", X86_64],
];

function cacheData(rows: readonly Row[]): Uint8Array {
  const strings = stringData(...rows.flatMap(([soname, path]) => [soname, path]));
  const start = 48 + 24 * rows.length;
  const entries = rows.map(([soname, path, flags, hwcap]) =>
    pack([flags, 4], [start + strings.at(soname), 4], [start + strings.at(path), 4], [0, 4], [
      hwcap ?? 0n,
      8,
    ])
  );
  return pack(
    new TextEncoder().encode("glibc-ld.so.cache1.1"),
    [rows.length, 4],
    [strings.data.length, 4],
    [2, 4],
    [0, 8],
    [0, 8],
    ...entries,
    strings.data,
  );
}

const cache = cacheData(ROWS);
const entries = parseLdCache(cache);

function path(name: string, machine?: number): string | undefined {
  return findLibrary(entries, name, machine === undefined ? {} : { machine })?.path;
}

Deno.test("the cache lists names, paths, flags and processor variants", () => {
  const expected = ROWS.map(([soname, path, flags, hwcap]): LdCacheEntry => ({
    soname,
    path,
    flags,
    hwcap: hwcap ?? 0n,
  }));
  assertEquals(entries, expected);
});

Deno.test("the old format which embeds the new one is read too", () => {
  const old = pack(
    new TextEncoder().encode("ld.so-1.7.0\0"),
    [1, 4],
    [0, 4],
    [0, 8],
    [0, 4],
    cache,
  );
  assertEquals(parseLdCache(old), entries);
});

Deno.test("a library is found by its short name", () => {
  assertEquals(path("c", MACHINE.X86_64), "/lib64/libc.so.6");
  assertEquals(path("c", MACHINE.AARCH64), "/arm/libc.so.6");
  assertEquals(path("libcap"), "/lib64/libcap.so.2");
  assertEquals(path("ca"), undefined);
});

Deno.test("a file name is taken as it is, or as the begin of one", () => {
  assertEquals(path("libssl.so.1.1"), "/lib64/libssl.so.1.1");
  assertEquals(path("libssl.so"), "/lib64/libssl.so");
  assertEquals(path("libcap.so"), "/lib64/libcap.so.2");
});

Deno.test("among several wins the 64-bit one for all processors with the highest version", () => {
  assertEquals(path("ssl"), "/lib64/libssl.so.3");
  assertEquals(path("z"), "/lib64/libz.so.10");
});

Deno.test("what is no cache is refused with the reason", () => {
  const refuse = (bytes: Uint8Array, reason: string) =>
    assertThrows(() => parseLdCache(bytes), FormatError, `Cannot read ld.so.cache: ${reason}`);
  refuse(new Uint8Array(100), "the file begins neither with");
  refuse(new TextEncoder().encode("ld.so-1.7.0\0\0\0\0\0"), "after ld.so-1.7.0 there is no");
  refuse(cache.slice(0, 60), "the list of libraries ends at 288, the file at 60");
  refuse(cache.slice(0, cache.length - 1), "a library path at");
});

Deno.test("a broken cache gives a value or a FormatError", () => {
  assertSurvivesMutations(cache, (bytes) => findLibrary(parseLdCache(bytes), "ssl"));
});
