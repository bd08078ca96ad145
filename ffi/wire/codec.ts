/**
 * How C values lie in memory, as pairs of functions: bytes in, values out, and back.
 *
 * The structs' own codecs are generated from the BTF of the compiled BPF objects (`*.gen.ts`); this module has what they
 * are made of. All integers are little-endian: the build refuses other targets.
 */

import { cstring, putCString } from "./cstring.ts";
import type { Shape } from "./shape.ts";

/** Reads and writes one C type at an offset of a view. `size` is in bytes. */
export interface Codec<T> {
  readonly size: number;
  /** What its values are, at run time. */
  readonly shape: Shape;
  decode(view: DataView, at: number): T;
  encode(view: DataView, at: number, value: T): void;
}

/** The value type of a codec. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** `__u8`, `unsigned char` */
export const u8: Codec<number> = {
  size: 1,
  shape: "u8",
  decode: (view, at) => view.getUint8(at),
  encode: (view, at, value) => view.setUint8(at, value),
};

/** `__s8`, `signed char` */
export const s8: Codec<number> = {
  size: 1,
  shape: "s8",
  decode: (view, at) => view.getInt8(at),
  encode: (view, at, value) => view.setInt8(at, value),
};

/** `bool`: any byte but 0 is true */
export const bool: Codec<boolean> = {
  size: 1,
  shape: "bool",
  decode: (view, at) => view.getUint8(at) !== 0,
  encode: (view, at, value) => view.setUint8(at, value ? 1 : 0),
};

/** `__u16` */
export const u16: Codec<number> = {
  size: 2,
  shape: "u16",
  decode: (view, at) => view.getUint16(at, true),
  encode: (view, at, value) => view.setUint16(at, value, true),
};

/** `__s16` */
export const s16: Codec<number> = {
  size: 2,
  shape: "s16",
  decode: (view, at) => view.getInt16(at, true),
  encode: (view, at, value) => view.setInt16(at, value, true),
};

/** `__u32`, `unsigned int` */
export const u32: Codec<number> = {
  size: 4,
  shape: "u32",
  decode: (view, at) => view.getUint32(at, true),
  encode: (view, at, value) => view.setUint32(at, value, true),
};

/** `__s32`, `int` */
export const s32: Codec<number> = {
  size: 4,
  shape: "s32",
  decode: (view, at) => view.getInt32(at, true),
  encode: (view, at, value) => view.setInt32(at, value, true),
};

/** `__u64`, `unsigned long`, pointers: always exact */
export const u64: Codec<bigint> = {
  size: 8,
  shape: "u64",
  decode: (view, at) => view.getBigUint64(at, true),
  encode: (view, at, value) => view.setBigUint64(at, value, true),
};

/** `__s64`, `long`: always exact */
export const s64: Codec<bigint> = {
  size: 8,
  shape: "s64",
  decode: (view, at) => view.getBigInt64(at, true),
  encode: (view, at, value) => view.setBigInt64(at, value, true),
};

/** `char[n]`, a string that ends at the first NUL or at the end of the array. */
export function chars(size: number): Codec<string> {
  return {
    size,
    shape: `char[${size}]`,
    decode: (view, at) => cstring(view, at, size),
    encode: (view, at, value) => putCString(view, at, size, value),
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
    encode(view, at, value) {
      if (value.length !== length) {
        throw new RangeError(`Cannot encode array: length is ${value.length}, should be ${length}`);
      }
      value.forEach((item, i) => element.encode(view, at + i * element.size, item));
    },
  };
}
