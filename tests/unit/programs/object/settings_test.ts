import type { Shape } from "../../../../ffi/wire/shape.ts";
import type { CValue } from "../../../../ffi/wire/value.ts";
import { fieldsText, hexOf, isBlank, plainOf } from "../../../../programs/lib/object/plain.ts";
import { parsePlace, targetOf } from "../../../../programs/lib/object/place.ts";
import { parseValue } from "../../../../programs/lib/object/settings.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";

Deno.test("values of C types are read as people write them", () => {
  const read: [Shape, string, CValue][] = [
    ["u32", "4096", 4096],
    ["s32", "-0x10", -16],
    ["u64", "0xffffffffffffffff", 0xffff_ffff_ffff_ffffn],
    ["s64", "-9007199254740993", -9007199254740993n],
    ["bool", "true", true],
    ["bool", "0", false],
    ["char[16]", "a b,c", "a b,c"],
    [{ items: "u16", length: 3 }, "80,0x1bb", [80, 443, 0]],
    [{ items: "char[4]", length: 2 }, "ab", ["ab", ""]],
  ];
  for (const [shape, text, value] of read) assertEquals(parseValue(shape, text, "x"), value);
  const refused: [Shape, string, string][] = [
    ["u32", "many", 'Cannot set x: it is "many", should be a whole number'],
    ["u32", "", "should be a whole number"],
    ["bool", "2", "should be true or false"],
    [{ items: "u8", length: 1 }, "1,2", "should be a list of at most 1"],
    [{ fields: { a: "u8" } }, "1", "should be set by its members: x.a"],
  ];
  for (const [shape, text, message] of refused) {
    assertThrows(() => parseValue(shape, text, "x"), SyntaxError, message);
  }
});

Deno.test("places are read, and say what has to be known before loading", () => {
  assertEquals(parsePlace("profile:99"), {
    text: "profile:99",
    kind: "perf_event",
    target: { event: "cpu-clock", frequency: 99 },
  });
  assertEquals(parsePlace("perf_event:page-faults:100"), {
    text: "perf_event:page-faults:100",
    kind: "perf_event",
    target: { event: "page-faults", period: 100n },
  });
  assertEquals(parsePlace("tc:lo:egress"), {
    text: "tc:lo:egress",
    kind: "tc",
    interface: "lo",
    direction: "egress",
  });
  assertEquals(
    ["fentry:vfs_read", "tp_btf:x", "kprobe:y", "xdp:lo"].map(parsePlace).map(targetOf),
    [
      ...["vfs_read", "x", undefined, undefined],
    ],
  );
  for (const wrong of ["kprobe:", "profile:0", "perf_event:no", "tc:lo:up", "xdp", "what:x"]) {
    assertThrows(() => parsePlace(wrong), SyntaxError, "Cannot read p");
  }
});

Deno.test("values become plain ones, and text", () => {
  const value: CValue = { a: 1, b: [2n, { c: "x\n" }], d: Uint8Array.of(0xde, 0xad) };
  const plain = { a: 1, b: [2n, { c: "x\n" }], d: [0xde, 0xad] };
  assertEquals(plainOf(value), plain);
  assertEquals(fieldsText(plain), 'a=1 b=[2, {c: "x\\n"}] d=[222, 173]');
  assertEquals(hexOf(Uint8Array.of(0, 0xde, 0xad)), "00dead");
  const blanks = [{ a: 0, b: [0n, ""] }, [], false, { a: 0, b: [0n, "x"] }, 1n];
  assertEquals(blanks.map(isBlank), [true, true, true, false, false]);
});
