import { buildId } from "../../../../ffi/elf/build_id.ts";
import { parseElf, SECTION_FLAG, SECTION_TYPE } from "../../../../ffi/elf/elf.ts";
import { demangleLegacyRust } from "../../../../ffi/elf/rust_symbol.ts";
import { demangleRustV0 } from "../../../../ffi/elf/rust_v0.ts";
import { SymbolIndex } from "../../../../ffi/elf/symbol_index.ts";
import { assertEquals } from "../../../assert.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import rustNames from "../../../fixtures/rust_v0.json" with { type: "json" };
import { buildElf, pack, stringData, symbolData } from "./build_elf.ts";

const GLOBAL = 1;
const LOCAL = 0;
const WEAK = 2;
const NAMES = [
  ...["__libc_malloc", "malloc", "_start", "outer", "inner", "label", "later@@V2", "local"],
  ...["mark", "ABSOLUTE", "weak_one", "strong_one"],
];
const strings = stringData(...NAMES);

function symbol(name: string, options: Parameters<typeof symbolData>[0]) {
  return symbolData({ name: strings.at(name), section: 1, type: 2, bind: GLOBAL, ...options });
}

const file = buildElf({
  sections: [
    { name: ".text", flags: SECTION_FLAG.ALLOC | SECTION_FLAG.EXECINSTR, data: new Uint8Array(64) },
    { name: ".data", flags: SECTION_FLAG.ALLOC, data: new Uint8Array(64) },
    { name: ".strtab", type: SECTION_TYPE.STRTAB, data: strings.data },
    {
      name: ".symtab",
      type: SECTION_TYPE.SYMTAB,
      link: 3,
      data: pack(
        symbolData({}),
        symbol("later@@V2", { value: 0x5000, size: 0x10 }),
        symbol("__libc_malloc", { value: 0x1000, size: 0x40 }),
        symbol("malloc", { value: 0x1000, size: 0x40 }),
        symbol("local", { value: 0x1000, size: 0x40, bind: LOCAL }),
        symbol("outer", { value: 0x2000, size: 0x100 }),
        symbol("inner", { value: 0x2040, size: 0x10 }),
        symbol("label", { value: 0x3000, size: 0, type: 0 }),
        symbol("_start", { value: 0x3010, size: 0x10 }),
        symbol("mark", { value: 0x3018, size: 0, type: 0, section: 2 }),
        symbol("ABSOLUTE", { value: 0x3014, size: 0, section: 0xfff1 }),
        symbol("weak_one", { value: 0x6000, size: 8, bind: WEAK }),
        symbol("strong_one", { value: 0x6000, size: 8 }),
      ),
    },
    {
      name: ".note.gnu.build-id",
      type: SECTION_TYPE.NOTE,
      data: pack([4, 4], [3, 4], [3, 4], new TextEncoder().encode("GNU\0"), [0xcafe01, 4]),
    },
  ],
});
const elf = parseElf(file);
const index = new SymbolIndex(elf);
const nameAt = (address: number) => index.at(address)?.name;

Deno.test("SymbolIndex.at() finds the function that an address lies in", () => {
  assertEquals(index.at(0x2041), { name: "inner", address: 0x2040, size: 0x10 });
  assertEquals(nameAt(0x5008), "later");
  assertEquals([nameAt(0xfff), nameAt(0x1040), nameAt(0x5010)], [undefined, undefined, undefined]);
});

Deno.test("SymbolIndex.at() finds the function around a part of it that has a name of its own", () => {
  assertEquals(nameAt(0x2060), "outer");
});

Deno.test("SymbolIndex.at() takes the plainest of several names", () => {
  assertEquals(nameAt(0x1010), "malloc");
  assertEquals(nameAt(0x6000), "strong_one");
});

Deno.test("SymbolIndex.at() knows labels of assembler code, and no marks of the linker", () => {
  assertEquals(nameAt(0x300f), "label");
  assertEquals(nameAt(0x3019), "_start");
  assertEquals(nameAt(0x3020), undefined);
});

Deno.test("SymbolIndex survives broken files", () => {
  assertSurvivesMutations(file, (bytes) => {
    const broken = new SymbolIndex(parseElf(bytes));
    broken.at(0x1010);
    broken.at(0x2060);
  });
});

Deno.test("buildId() reads the number that the linker gave", () => {
  assertEquals(buildId(elf), "01feca");
  assertEquals(buildId(parseElf(buildElf({}))), undefined);
});

Deno.test("demangleLegacyRust() reads paths, escapes and dots, and leaves C++ alone", () => {
  const cases = [
    ["_ZN4core3fmt5Write9write_str17h0123456789abcdefE", "core::fmt::Write::write_str"],
    ["_ZN99_$LT$std..io..Error$GT$3fmt17h0123456789abcdefE", undefined],
    [
      "_ZN53_$LT$std..io..Error$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE",
      "<std::io::Error as core::fmt::Display>::fmt",
    ],
    ["_ZN4main17h0123456789abcdefE.llvm.123", "main"],
    ["_ZN3foo3barEv", undefined],
    ["main", undefined],
  ] as const;
  for (const [mangled, path] of cases) assertEquals(demangleLegacyRust(mangled), path, mangled);
});

for (const [mangled, path] of rustNames) {
  Deno.test(`demangleRustV0() says the same as c++filt of ${mangled}`, () => {
    assertEquals(demangleRustV0(mangled!), path);
  });
}

Deno.test("demangleRustV0() writes constants, negative ones too, and refuses what is broken", () => {
  assertEquals(demangleRustV0("_RNvINtC1a1SKj3_E1f"), "a::S::<3>::f");
  assertEquals(demangleRustV0("_RINvC1a1fKln5_E"), "a::f::<-5>");
  assertEquals(demangleRustV0("_RINvC1a1fKb1_Kc41_E"), "a::f::<true, 'A'>");
  for (const broken of ["_R", "_RNvC1a", "_RNvB_1f", "_RINvC1a1f", "_RNvC9a1f", "_ZN1aE", "main"]) {
    assertEquals(demangleRustV0(broken), undefined, broken);
  }
});
