/** The codecs that no generated skeleton uses: for the types of objects that somebody else has written. */

import { requireBigint, requireInteger, requireLength, requireType } from "./check.ts";
import type { Codec } from "./codec.ts";
import { cstring, putCString } from "./cstring.ts";
import type { IntegerShape } from "./shape.ts";

const HALF = 1n << 64n;

function wideInteger(shape: "u128" | "s128"): Codec<bigint> {
  const signed = shape === "s128";
  const range = signed ? [-(HALF * HALF) / 2n, HALF * HALF / 2n - 1n] : [0n, HALF * HALF - 1n];
  return {
    size: 16,
    shape,
    decode(view, at) {
      const high = signed ? view.getBigInt64(at + 8, true) : view.getBigUint64(at + 8, true);
      return high * HALF + view.getBigUint64(at, true);
    },
    encode(view, at, value, what) {
      const [least, greatest] = range as [bigint, bigint];
      const integer = requireBigint(value, [least, greatest], what);
      view.setBigUint64(at, BigInt.asUintN(64, integer), true);
      view.setBigInt64(at + 8, integer >> 64n, true);
    },
  };
}

/** `unsigned __int128` */
export const u128: Codec<bigint> = wideInteger("u128");

/** `__int128` */
export const s128: Codec<bigint> = wideInteger("s128");

/** `float` */
export const f32: Codec<number> = {
  size: 4,
  shape: "f32",
  decode: (view, at) => view.getFloat32(at, true),
  encode(view, at, value, what) {
    requireType(value, "number", what);
    view.setFloat32(at, value, true);
  },
};

/** `double` */
export const f64: Codec<number> = {
  size: 8,
  shape: "f64",
  decode: (view, at) => view.getFloat64(at, true),
  encode(view, at, value, what) {
    requireType(value, "number", what);
    view.setFloat64(at, value, true);
  },
};

/** Bytes as they are: for what has a size and no type. What is decoded is a copy. */
export function bytes(size: number): Codec<Uint8Array> {
  return {
    size,
    shape: { items: "u8", length: size },
    decode: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice(),
    encode(view, at, value, what) {
      requireLength(value, size, what);
      new Uint8Array(view.buffer, view.byteOffset + at, size).set(value);
    },
  };
}

/** A whole record of a ring or perf buffer whose type is not known. */
export const record: Codec<Uint8Array> = {
  size: 0,
  shape: { items: "u8", length: 0 },
  decode: (view, at, length = 0) =>
    new Uint8Array(view.buffer, view.byteOffset + at, length).slice(),
  encode: (_view, _at, value, what) => requireLength(value, 0, what),
};

/** `T name[]` at the end of a struct: as many as the record has room for. */
export function flexible<T>(element: Codec<T>): Codec<readonly T[]> {
  return {
    size: 0,
    shape: { items: element.shape, length: 0 },
    decode: (view, at, length = 0) =>
      Array.from(
        { length: element.size === 0 ? 0 : Math.floor(length / element.size) },
        (_, i) => element.decode(view, at + i * element.size),
      ),
    encode: (_view, _at, value, what) => requireLength(value, 0, what),
  };
}

/** `char name[]` at the end of a struct. */
export const flexibleChars: Codec<string> = {
  size: 0,
  shape: "char[0]",
  decode: (view, at, length = 0) => cstring(view, at, length),
  encode: (view, at, value, what) => putCString(view, at, 0, value, what),
};

/** Where a bit-field is: `shift` from the first byte's lowest bit, `width` up to 64; both in bits. */
export interface BitField {
  /** From the first byte's lowest bit. */
  readonly shift: number;
  /** How many bits, 1 to 64. */
  readonly width: number;
  /** Whether the highest one is a sign. */
  readonly signed: boolean;
}

/** The narrowest integer that holds a bit-field. */
export function bitsShape({ width, signed }: Pick<BitField, "width" | "signed">): IntegerShape {
  const bits = width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64;
  return `${signed ? "s" : "u"}${bits}`;
}

/** A bit-field of at most 32 bits is a number, a wider one a bigint. Writing leaves its neighbours alone. */
export function bits({ shift, width, signed }: BitField): Codec<number> | Codec<bigint> {
  const size = Math.ceil((shift + width) / 8);
  const mask = (1n << BigInt(width)) - 1n;
  const load = (view: DataView, at: number) => {
    let all = 0n;
    for (let i = size - 1; i >= 0; i--) all = (all << 8n) | BigInt(view.getUint8(at + i));
    return all;
  };
  const read = (view: DataView, at: number) => {
    const value = (load(view, at) >> BigInt(shift)) & mask;
    return signed ? BigInt.asIntN(width, value) : value;
  };
  const write = (view: DataView, at: number, value: bigint) => {
    const others = load(view, at) & ~(mask << BigInt(shift));
    let all = others | ((value & mask) << BigInt(shift));
    for (let i = 0; i < size; i++, all >>= 8n) view.setUint8(at + i, Number(all & 0xffn));
  };
  const least = signed ? -(1n << BigInt(width - 1)) : 0n;
  const greatest = signed ? -least - 1n : mask;
  const common = { size, shape: bitsShape({ width, signed }) };
  const range = [Number(least), Number(greatest)] as const;
  const narrow: Codec<number> = {
    ...common,
    decode: (view, at) => Number(read(view, at)),
    encode: (view, at, value, what) => write(view, at, BigInt(requireInteger(value, range, what))),
  };
  const wide: Codec<bigint> = {
    ...common,
    decode: read,
    encode: (view, at, value, what) =>
      write(view, at, requireBigint(value, [least, greatest], what)),
  };
  return width > 32 ? wide : narrow;
}
