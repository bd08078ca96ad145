/** What any C value becomes where its type is only known at run time. */

/**
 * A decoded C value. Integers of up to 32 bits are numbers, longer ones and pointers bigints; `char[n]` is a string; a struct
 * or union is an object of its members; what has no type is its bytes.
 */
export type CValue =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly CValue[]
  | { readonly [field: string]: CValue };

/** Whether two decoded values are the same. */
export function sameValue(a: CValue | undefined, b: CValue | undefined): boolean {
  if (typeof a !== "object" || typeof b !== "object") return Object.is(a, b);
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  const [left, right] = [a, b] as { readonly [field: string]: CValue }[];
  return names.every((name) => sameValue(left![name], right![name]));
}
