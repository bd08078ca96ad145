/** What C values look like once they are read: the types of fields as data, for schemas and for checks of names. */

/** An integer by its width in bits and its sign. Those of 64 bits are bigints. */
export type IntegerShape = "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64" | "s64";

/** The numbers that only objects of somebody else have: integers of 128 bits are bigints, floating-point ones numbers. */
export type WideShape = "u128" | "s128" | "f32" | "f64";

/** The type of a value: a number, a truth, a string, a list, or a struct. */
export type Shape =
  | IntegerShape
  | WideShape
  | "bool"
  | `char[${number}]`
  | { readonly items: Shape; readonly length: number }
  | { readonly fields: Shapes };

/** The types of a struct's fields, in their order. */
export type Shapes = { readonly [field: string]: Shape };
