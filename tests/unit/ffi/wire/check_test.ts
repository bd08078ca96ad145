import {
  array,
  bool,
  chars,
  type Codec,
  s64,
  s8,
  u16,
  u32,
  u64,
} from "../../../../ffi/wire/codec.ts";
import { struct } from "../../../../ffi/wire/struct.ts";
import { bits, bytes, f64, flexible, s128, u128 } from "../../../../ffi/wire/wide.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { keyCodec } from "../../../fixtures/btf/fixture.gen.ts";

const VIEW = new DataView(new ArrayBuffer(64));

Deno.test("what a C type cannot hold is refused: by TypeError for the type, by RangeError for the value", () => {
  const wrong: [codec: unknown, value: unknown, error: ErrorConstructor, message: string][] = [
    [u32, -1, RangeError, "it is -1, should be an integer from 0 to 4294967295"],
    [u32, 2 ** 32, RangeError, "it is 4294967296"],
    [u32, NaN, RangeError, "it is NaN"],
    [u32, 1.5, RangeError, "it is 1.5"],
    [u32, Infinity, RangeError, "it is Infinity"],
    [u32, 1n, TypeError, "it is 1n, should be an integer"],
    [u32, "1", TypeError, 'it is "1", should be an integer'],
    [u32, undefined, TypeError, "it is undefined"],
    [u32, null, TypeError, "it is null"],
    [s8, 128, RangeError, "from -128 to 127"],
    [u64, 1, TypeError, "it is 1, should be a bigint from 0n"],
    [u64, -1n, RangeError, "it is -1n"],
    [u64, 1n << 64n, RangeError, "should be a bigint from 0n to 18446744073709551615n"],
    [s64, 1n << 63n, RangeError, "it is 9223372036854775808n"],
    [
      s128,
      1n << 127n,
      RangeError,
      "should be a bigint from -170141183460469231731687303715884105728n",
    ],
    [f64, 1n, TypeError, "should be a number"],
    [bool, 1, TypeError, "it is 1, should be a boolean"],
    [chars(4), 5, TypeError, "it is 5, should be a string"],
    [array(u16, 2), 5, TypeError, "it is 5, should be an array of 2"],
    [array(u16, 2), [1, "x"], TypeError, 'it is "x"'],
    [bytes(2), [1], RangeError, "its length is 1, should be 2"],
    [keyCodec, null, TypeError, "it is null, should be an object"],
    [keyCodec, { pid: 1, kind: 2 }, TypeError, "Cannot encode stack: it is undefined"],
  ];
  for (const [codec, value, error, message] of wrong) {
    const encode = () => (codec as Codec<unknown>).encode(VIEW, 0, value);
    assertThrows(encode, error, message);
  }
});

Deno.test("wide integers and bit-fields are written beside their neighbours, and read again", () => {
  u128.encode(VIEW, 0, (5n << 64n) | 7n);
  assertEquals([u128.decode(VIEW, 0), VIEW.getBigUint64(8, true)], [(5n << 64n) | 7n, 5n]);
  s128.encode(VIEW, 0, -2n);
  assertEquals(s128.decode(VIEW, 0), -2n);
  VIEW.setUint16(0, 0xffff, true);
  const field = bits({ shift: 3, width: 6, signed: true }) as Codec<number>;
  field.encode(VIEW, 0, -32);
  assertEquals([field.decode(VIEW, 0), VIEW.getUint16(0, true)], [-32, 0xffff & ~(0x1f << 3)]);
});

Deno.test("a flexible array has what the record has room for", () => {
  const codec = struct(4, [
    { name: "count", offset: 0, bits: [0, 32], codec: u32 },
    { name: "items", offset: 4, bits: [32, 32], codec: flexible(u16) },
  ]);
  const view = new DataView(Uint8Array.of(3, 0, 0, 0, 1, 0, 2, 0, 9).buffer);
  assertEquals(codec.decode(view, 0, 9), { count: 3, items: [1, 2] });
  assertEquals(codec.decode(view, 0), { count: 3, items: [] });
});
