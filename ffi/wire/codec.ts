/**
 * How C values lie in memory, as pairs of functions: bytes in, values out, and back.
 *
 * The structs' own codecs are generated from the BTF of the compiled BPF objects (`*.gen.ts`), or made of it at run time
 * (ffi/btf/codecs.ts); this module has what they are made of. All integers are little-endian: the build refuses other
 * targets.
 */

import {
  type IntegerRange,
  requireBigint,
  requireInteger,
  requireLength,
  requireType,
} from "./check.ts";
import { cstring, putCString } from "./cstring.ts";
import type { Shape } from "./shape.ts";

/** Reads and writes one C type at an offset of a view. `size` is in bytes. */
export interface Codec<T> {
  /** In bytes. */
  readonly size: number;
  /** What its values are, at run time. */
  readonly shape: Shape;
  /** `length` is how many bytes there are, where a value may be longer than `size`: a record of a ring. */
  decode(view: DataView, at: number, length?: number): T;
  /**
   * `what` names the value in errors.
   *
   * @throws {TypeError} where it is no value of this type
   * @throws {RangeError} where it does not fit
   */
  encode(view: DataView, at: number, value: T, what?: string): void;
}

/** The value type of a codec. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** Which integers fit. */
const RANGE = {
  u8: [0, 0xff],
  s8: [-0x80, 0x7f],
  u16: [0, 0xffff],
  s16: [-0x8000, 0x7fff],
  u32: [0, 0xffff_ffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u64: [0n, (1n << 64n) - 1n],
  s64: [-(1n << 63n), (1n << 63n) - 1n],
} as const satisfies Record<string, IntegerRange<number> | IntegerRange<bigint>>;

/** `__u8`, `unsigned char` */
export const u8: Codec<number> = {
  size: 1,
  shape: "u8",
  decode: (view, at) => view.getUint8(at),
  encode: (view, at, value, what) => view.setUint8(at, requireInteger(value, RANGE.u8, what)),
};

/** `__s8`, `signed char` */
export const s8: Codec<number> = {
  size: 1,
  shape: "s8",
  decode: (view, at) => view.getInt8(at),
  encode: (view, at, value, what) => view.setInt8(at, requireInteger(value, RANGE.s8, what)),
};

/** `bool`: any byte but 0 is true */
export const bool: Codec<boolean> = {
  size: 1,
  shape: "bool",
  decode: (view, at) => view.getUint8(at) !== 0,
  encode: (view, at, value, what) => {
    requireType(value, "boolean", what);
    view.setUint8(at, value ? 1 : 0);
  },
};

/** `__u16` */
export const u16: Codec<number> = {
  size: 2,
  shape: "u16",
  decode: (view, at) => view.getUint16(at, true),
  encode: (view, at, value, what) =>
    view.setUint16(at, requireInteger(value, RANGE.u16, what), true),
};

/** `__s16` */
export const s16: Codec<number> = {
  size: 2,
  shape: "s16",
  decode: (view, at) => view.getInt16(at, true),
  encode: (view, at, value, what) =>
    view.setInt16(at, requireInteger(value, RANGE.s16, what), true),
};

/** `__u32`, `unsigned int` */
export const u32: Codec<number> = {
  size: 4,
  shape: "u32",
  decode: (view, at) => view.getUint32(at, true),
  encode: (view, at, value, what) =>
    view.setUint32(at, requireInteger(value, RANGE.u32, what), true),
};

/** `__s32`, `int` */
export const s32: Codec<number> = {
  size: 4,
  shape: "s32",
  decode: (view, at) => view.getInt32(at, true),
  encode: (view, at, value, what) =>
    view.setInt32(at, requireInteger(value, RANGE.s32, what), true),
};

/** `__u64`, `unsigned long`, pointers: always exact */
export const u64: Codec<bigint> = {
  size: 8,
  shape: "u64",
  decode: (view, at) => view.getBigUint64(at, true),
  encode: (view, at, value, what) =>
    view.setBigUint64(at, requireBigint(value, RANGE.u64, what), true),
};

/** `__s64`, `long`: always exact */
export const s64: Codec<bigint> = {
  size: 8,
  shape: "s64",
  decode: (view, at) => view.getBigInt64(at, true),
  encode: (view, at, value, what) =>
    view.setBigInt64(at, requireBigint(value, RANGE.s64, what), true),
};

/** `char[n]`, a string that ends at the first NUL or at the end of the array. */
export function chars(size: number): Codec<string> {
  return {
    size,
    shape: `char[${size}]`,
    decode: (view, at) => cstring(view, at, size),
    encode: (view, at, value, what) => putCString(view, at, size, value, what),
  };
}

/** `T[n]` of anything but `char`. */
export function array<T>(element: Codec<T>, length: number): Codec<readonly T[]> {
  return {
    size: element.size * length,
    shape: { items: element.shape, length },
    decode(view, at) {
      const out: T[] = [];
      for (let i = 0; i < length; i++) out.push(element.decode(view, at + i * element.size));
      return out;
    },
    encode(view, at, value, what) {
      requireLength(value, length, what);
      value.forEach((item, i) => element.encode(view, at + i * element.size, item, what));
    },
  };
}
