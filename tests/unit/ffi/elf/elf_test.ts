import {
  ELF_TYPE,
  MACHINE,
  parseElf,
  SECTION_TYPE,
  SEGMENT_TYPE,
} from "../../../../ffi/elf/elf.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { BASE, buildElf, FIRST } from "./build_elf.ts";

const small = buildElf({
  sections: [
    { name: ".text", flags: 6, data: Uint8Array.of(1, 2, 3) },
    { name: ".bss", type: SECTION_TYPE.NOBITS, data: new Uint8Array(8) },
  ],
  segments: [{ type: SEGMENT_TYPE.LOAD, section: ".text" }],
});

function patched(at: number, ...bytes: number[]): Uint8Array {
  const copy = small.slice();
  copy.set(bytes, at);
  return copy;
}

Deno.test("sections and segments have what their headers say", () => {
  const elf = parseElf(small);
  assertEquals([elf.type, elf.machine, elf.entry], [ELF_TYPE.DYN, MACHINE.X86_64, 0]);
  assertEquals(elf.sections.map(({ name }) => name), ["", ".text", ".bss", ".shstrtab"]);
  const text = elf.section(".text");
  assertEquals(text?.offset, FIRST);
  assertEquals(text?.addr, BASE + FIRST);
  assertEquals(text?.data(), Uint8Array.of(1, 2, 3));
  assertEquals(elf.segments.map(({ vaddr, filesz }) => [vaddr, filesz]), [[BASE + FIRST, 3]]);
  assertEquals(elf.segments[0]?.data(), Uint8Array.of(1, 2, 3));
});

Deno.test("a section without bytes in the file has no data", () => {
  const bss = parseElf(small).section(".bss");
  assertEquals([bss?.size, bss?.data().length], [8, 0]);
});

Deno.test("a missing section is undefined", () => {
  assertEquals(parseElf(small).section(".nothing"), undefined);
});

Deno.test("a view into a larger buffer is read from its own begin", () => {
  const larger = new Uint8Array(small.length + 10);
  larger.set(small, 7);
  const elf = parseElf(larger.subarray(7, 7 + small.length));
  assertEquals(elf.section(".text")?.data(), Uint8Array.of(1, 2, 3));
});

Deno.test("what is not 64-bit little-endian ELF is refused with the reason", () => {
  const refuse = (bytes: Uint8Array, reason: string) =>
    assertThrows(() => parseElf(bytes), FormatError, `Cannot read ELF: ${reason}`);
  refuse(new Uint8Array(0), "the file does not begin with \\x7fELF");
  refuse(new TextEncoder().encode("#!/bin/sh\n"), "the file does not begin with \\x7fELF");
  refuse(patched(4, 1), "the file is 32-bit, should be 64-bit");
  refuse(patched(5, 2), "the file is big-endian, should be little-endian");
  refuse(small.slice(0, 20), "the ELF header ends at 64, the file at 20");
  refuse(patched(54, 1), "e_phentsize is 1, should be 56");
  refuse(patched(40, 0xff, 0xff), "the section header table ends at 65791");
});

Deno.test("a section outside of the file is refused when its data is asked for", () => {
  const table = new DataView(small.buffer).getUint32(40, true);
  const elf = parseElf(patched(table + 64 + 24, 0, 0, 1));
  assertThrows(
    () => elf.section(".text")?.data(),
    FormatError,
    `Cannot read ELF: section 1 ends at 65539, the file at ${small.length}`,
  );
});

Deno.test("an address above 2^53 is refused when it is asked for", () => {
  const table = new DataView(small.buffer).getUint32(40, true);
  const elf = parseElf(patched(table + 64 + 16, 0, 0, 0, 0, 0, 0, 0, 0x80));
  assertThrows(() => elf.section(".text")?.addr, FormatError, "should be below 2^53");
});

Deno.test("a broken ELF file gives a value or a FormatError", () => {
  assertSurvivesMutations(small, (bytes) => {
    const elf = parseElf(bytes);
    return [
      elf.entry,
      ...elf.sections.map((it) => [it.name, it.data()]),
      elf.segments.map((it) => it.data()),
    ];
  });
});
