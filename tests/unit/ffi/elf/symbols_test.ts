import { parseElf } from "../../../../ffi/elf/elf.ts";
import { ifuncTargets } from "../../../../ffi/elf/ifunc.ts";
import { dynamicInfo } from "../../../../ffi/elf/dynamic.ts";
import { fileOffset, findSymbol, SYMBOL_TYPE, symbols } from "../../../../ffi/elf/symbols.ts";
import { assert, assertEquals } from "../../../assert.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { BASE, buildElf, FIRST, pack, stringData, symbolData } from "./build_elf.ts";
import { FUNCTIONS, library, TEXT } from "./fixture_library.ts";

const bytes = library({ resolver: Uint8Array.of(0xc3) });
const elf = parseElf(bytes);

Deno.test("symbols come with name, address, type and version", () => {
  const found = [...symbols(elf)].map((
    { name, value, type, hidden, section },
  ) => [name, value, type, hidden, section]);
  assertEquals(found, [
    ["old", FUNCTIONS[0], SYMBOL_TYPE.FUNC, true, 1],
    ["old", FUNCTIONS[1], SYMBOL_TYPE.FUNC, false, 1],
    ["plain", 0, SYMBOL_TYPE.FUNC, false, 0],
    ["plain", FUNCTIONS[2], SYMBOL_TYPE.FUNC, false, 1],
    ["pick", TEXT, SYMBOL_TYPE.IFUNC, false, 1],
  ]);
});

Deno.test("the default version of a symbol is found, not an old one", () => {
  assertEquals(findSymbol(elf, "old")?.value, FUNCTIONS[1]);
});

Deno.test("a symbol that is only used is not found, its definition is", () => {
  assertEquals(findSymbol(elf, "plain")?.value, FUNCTIONS[2]);
});

Deno.test("a part of a name finds nothing", () => {
  assertEquals(findSymbol(elf, "pic"), undefined);
  assertEquals(findSymbol(elf, "pick2"), undefined);
});

Deno.test("a file offset is known for what is mapped from the file", () => {
  assertEquals(fileOffset(elf, TEXT), FIRST);
  assertEquals(fileOffset(elf, BASE - 1), undefined);
  assertEquals(fileOffset(elf, BASE + bytes.length), undefined);
});

Deno.test("a file without symbol tables has no symbols", () => {
  assertEquals([...symbols(parseElf(buildElf({})))], []);
});

Deno.test("in .symtab a name may carry its version, and global wins over local", () => {
  const strings = stringData("f@@V2", "f@V1", "g");
  const file = parseElf(buildElf({
    sections: [
      { name: ".strtab", type: 3, data: strings.data },
      {
        name: ".symtab",
        type: 2,
        link: 1,
        data: pack(
          symbolData({}),
          symbolData({ name: strings.at("f@V1"), section: 1, value: 1 }),
          symbolData({ name: strings.at("f@@V2"), section: 1, value: 2 }),
          symbolData({ name: strings.at("g"), section: 1, value: 3, bind: 0 }),
          symbolData({ name: strings.at("g"), section: 1, value: 4 }),
        ),
      },
    ],
  }));
  assertEquals(findSymbol(file, "f")?.value, 2);
  assertEquals(findSymbol(file, "g")?.value, 4);
  assertEquals([...symbols(file)].map(({ name }) => name), ["f", "f", "g", "g"]);
});

Deno.test("a broken library gives values or a FormatError", () => {
  assertSurvivesMutations(bytes, (broken) => {
    const elf = parseElf(broken);
    const all = [...symbols(elf)].map((it) => [it.name, it.value, it.size, ifuncTargets(elf, it)]);
    const found = findSymbol(elf, "pick");
    assert(found === undefined || found.name === "pick");
    return [all, dynamicInfo(elf)];
  });
});
