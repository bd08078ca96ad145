import { MACHINE, parseElf } from "../../../../ffi/elf/elf.ts";
import { ifuncTargets } from "../../../../ffi/elf/ifunc.ts";
import { findSymbol } from "../../../../ffi/elf/symbols.ts";
import { assert, assertEquals } from "../../../assert.ts";
import { pack } from "./build_elf.ts";
import type { LibraryOptions } from "./fixture_library.ts";
import { FUNCTIONS, library, TEXT } from "./fixture_library.ts";

/** `lea register, [rip + …]` which is the `at`th byte of the resolver. */
function lea(at: number, target: number, rex = 0x48, modrm = 0x05): Uint8Array {
  return pack(Uint8Array.of(rex, 0x8d, modrm), [target - (TEXT + at + 7), 4]);
}

function targets(options: LibraryOptions, name = "pick"): number[] {
  const elf = parseElf(library(options));
  const symbol = findSymbol(elf, name);
  assert(symbol !== undefined);
  return ifuncTargets(elf, symbol);
}

Deno.test("on x86-64 the targets of lea are found, for every register", () => {
  const resolver = pack(
    lea(0, FUNCTIONS[2]),
    lea(7, FUNCTIONS[0], 0x4c, 0x3d),
    lea(14, FUNCTIONS[2], 0x48, 0x15),
  );
  assertEquals(targets({ resolver }), [FUNCTIONS[0], FUNCTIONS[2]]);
});

Deno.test("what is no start of a function, not executable or the resolver itself does not count", () => {
  const resolver = pack(
    lea(0, FUNCTIONS[0] + 16),
    lea(7, TEXT + 160),
    lea(14, TEXT),
    lea(21, 0x7fff0000),
    lea(28, FUNCTIONS[1]),
  );
  assertEquals(targets({ resolver }), [FUNCTIONS[1]]);
});

Deno.test("without a table of functions only aligned addresses count", () => {
  const resolver = pack(lea(0, FUNCTIONS[0] + 16), lea(7, FUNCTIONS[0] + 1));
  assertEquals(targets({ resolver, withoutFunctionTable: true }), [FUNCTIONS[0] + 16]);
});

Deno.test("a plain function has no targets", () => {
  assertEquals(targets({ resolver: lea(0, FUNCTIONS[0]) }, "plain"), []);
});

/** `adrp xN` at byte `at` of the resolver */
function adrp(register: number, at: number, target: number): number {
  const pages = Math.floor(target / 4096) - Math.floor((TEXT + at) / 4096);
  return (0x90000000 | ((pages & 3) << 29) | (((pages >> 2) & 0x7ffff) << 5) | register) >>> 0;
}

/** `add xD, xN, #(target & 0xfff)` */
function add(to: number, from: number, target: number): number {
  return 0x91000000 | ((target & 0xfff) << 10) | (from << 5) | to;
}

Deno.test("on AArch64 the targets of adrp and add, and of adr, are found", () => {
  const distance = FUNCTIONS[2] - (TEXT + 20);
  const adr = 0x10000000 | ((distance & 3) << 29) | ((distance >> 2) << 5);
  const resolver = pack(
    [adrp(1, 0, FUNCTIONS[0]), 4],
    [adrp(2, 4, FUNCTIONS[1]), 4],
    [add(1, 1, FUNCTIONS[0]), 4],
    [add(0, 2, FUNCTIONS[1]), 4],
    [add(0, 7, FUNCTIONS[2]), 4],
    [adr, 4],
  );
  const machine = MACHINE.AARCH64;
  assertEquals(targets({ machine, resolver }), [...FUNCTIONS]);
  assertEquals(targets({ machine, resolver: resolver.slice(0, 20) }), FUNCTIONS.slice(0, 2));
});

Deno.test("adrp and adr reach backwards too", () => {
  const resolverAt = 3 * 4096;
  const distance = FUNCTIONS[1] - (TEXT + resolverAt + 8);
  const resolver = pack(
    [adrp(3, resolverAt, FUNCTIONS[0]), 4],
    [add(0, 3, FUNCTIONS[0]), 4],
    [0x10000000 | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5), 4],
  );
  const found = targets({ machine: MACHINE.AARCH64, resolver, resolverAt });
  assertEquals(found, [FUNCTIONS[0], FUNCTIONS[1]]);
});

Deno.test("on other machines nothing is found", () => {
  assertEquals(targets({ machine: MACHINE.RISCV, resolver: lea(0, FUNCTIONS[0]) }), []);
});
