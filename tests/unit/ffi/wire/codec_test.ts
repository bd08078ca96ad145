import {
  array,
  bool,
  chars,
  s16,
  s32,
  s64,
  s8,
  u16,
  u32,
  u64,
  u8,
} from "../../../../ffi/wire/codec.ts";
import { bytesToText, cstring } from "../../../../ffi/wire/cstring.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";

const BYTES = Uint8Array.of(0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 0x61, 0x62, 0, 0x63);
const VIEW = new DataView(BYTES.buffer);

Deno.test("integers are read little-endian, with their sign, and 64-bit ones exactly", () => {
  assertEquals(u8.decode(VIEW, 0), 0xff);
  assertEquals(s8.decode(VIEW, 0), -1);
  assertEquals(u16.decode(VIEW, 0), 0xfeff);
  assertEquals(s16.decode(VIEW, 0), -257);
  assertEquals(u32.decode(VIEW, 0), 0xfcfdfeff);
  assertEquals(s32.decode(VIEW, 0), -50462977);
  assertEquals(u64.decode(VIEW, 0), 0xf8f9fafbfcfdfeffn);
  assertEquals(s64.decode(VIEW, 0), 0xf8f9fafbfcfdfeffn - (1n << 64n));
  assertEquals([bool.decode(VIEW, 0), bool.decode(VIEW, 10)], [true, false]);
});

Deno.test("what a codec writes it reads back", () => {
  const view = new DataView(new ArrayBuffer(16));
  const check = <T>(
    codec: { encode(v: DataView, at: number, value: T): void; decode(v: DataView, at: number): T },
    value: T,
  ) => {
    codec.encode(view, 1, value);
    assertEquals(codec.decode(view, 1), value);
  };
  check(u64, 18446744073709551615n);
  check(s64, -1n);
  check(u32, 4294967295);
  check(s16, -32768);
  check(bool, true);
  check(chars(7), "abc");
  check(array(u16, 3), [1, 2, 65535]);
});

Deno.test("a char array ends at its NUL, or at its own end", () => {
  assertEquals(chars(4).decode(VIEW, 8), "ab");
  assertEquals(chars(2).decode(VIEW, 8), "ab");
});

Deno.test("cstring() reads what is there, whatever it has read before", () => {
  const bytes = new Uint8Array(96);
  const view = new DataView(bytes.buffer, 1);
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 0x7fffffff) % below;
  for (let round = 0; round < 20_000; round++) {
    // Few letters and lengths, so that strings come again, and differ in a byte behind their NULs or in their last one.
    const size = random(80);
    for (let i = 0; i < 94; i++) {
      bytes[i + 1] = i < size - 4 ? 0x61 : [0, 0x61, 0x62, 0xe9][random(4)]!;
    }
    const end = bytes.subarray(1, size + 1).indexOf(0);
    const expected = bytesToText(bytes.slice(1, 1 + (end < 0 ? size : end)));
    assertEquals(cstring(view, 0, size), expected);
  }
});

Deno.test("bytes that are no UTF-8 are escaped, valid UTF-8 is not", () => {
  const mixed = new DataView(Uint8Array.of(0x61, 0xc3, 0xbc, 0, 0xff).buffer);
  assertEquals(chars(4).decode(mixed, 0), "aü");
  assertEquals(chars(2).decode(mixed, 0), "a\\xc3");
  assertEquals(bytesToText(Uint8Array.of(0xff, 0x41)), "\\xffA");
});

Deno.test("a string that does not fit is refused, one that fills the array is not", () => {
  const view = new DataView(new ArrayBuffer(4));
  chars(4).encode(view, 0, "four");
  assertEquals(chars(4).decode(view, 0), "four");
  assertThrows(() => chars(4).encode(view, 0, "fünf"), RangeError, "it has 5 bytes, at most 4 fit");
});

Deno.test("an array of another length is refused", () => {
  const view = new DataView(new ArrayBuffer(4));
  assertThrows(() => array(u8, 4).encode(view, 0, [1]), RangeError, "length is 1, should be 4");
});
