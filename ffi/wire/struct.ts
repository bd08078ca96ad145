/** Structs and unions whose layout is only known at run time. */

import { requireType } from "./check.ts";
import type { Codec } from "./codec.ts";
import type { Shape } from "./shape.ts";
import { type CValue, sameValue } from "./value.ts";

/** A member: `offset` in bytes; `bits` of which it takes `[from, to)`, counted from the start of the struct. */
export interface StructField {
  /** Its name in C. */
  readonly name: string;
  /** In bytes, from the start of the struct. */
  readonly offset: number;
  /** The bits that it takes: `[from, to)`. */
  readonly bits: readonly [from: number, to: number];
  /** Its layout. */
  readonly codec: Codec<CValue>;
}

type StructValue = { readonly [field: string]: CValue };

/**
 * The codec of a struct or union. All its members are read. Writing wants all of them as well, but of those that share
 * memory (a union's) one is enough, and several must not contradict each other. Padding is cleared.
 */
export function struct(size: number, fields: readonly StructField[]): Codec<CValue> {
  const groups = overlapping(fields);
  const encodeGroup = (view: DataView, at: number, group: readonly StructField[], v: StructValue) =>
    group.length === 1
      ? group[0]!.codec.encode(view, at + group[0]!.offset, v[group[0]!.name]!, group[0]!.name)
      : encodeUnion(view, at, group, v);
  return {
    size,
    get shape() {
      const shapes: [string, Shape][] = fields.map(({ name, codec }) => [name, codec.shape]);
      return { fields: Object.fromEntries(shapes) };
    },
    decode(view, at, length = size) {
      const value: { [field: string]: CValue } = {};
      for (const { name, offset, codec } of fields) {
        value[name] = codec.decode(view, at + offset, length - offset);
      }
      return value;
    },
    encode(view, at, value, what) {
      requireType(value, "object", what);
      new Uint8Array(view.buffer, view.byteOffset + at, size).fill(0);
      for (const group of groups) encodeGroup(view, at, group, value as StructValue);
    },
  };
}

/** Puts together the fields that share bits, in the order of their offsets. */
function overlapping(fields: readonly StructField[]): StructField[][] {
  const groups: StructField[][] = [];
  let end = 0;
  for (const field of [...fields].sort((a, b) => a.bits[0] - b.bits[0])) {
    const last = groups.at(-1);
    if (last !== undefined && field.bits[0] < end) last.push(field);
    else groups.push([field]);
    end = Math.max(end, field.bits[1]);
  }
  return groups;
}

function encodeUnion(
  view: DataView,
  at: number,
  group: readonly StructField[],
  value: StructValue,
): void {
  const given = group.filter(({ name }) => value[name] !== undefined);
  if (given.length === 0) {
    const names = group.map(({ name }) => name).join(", ");
    throw new TypeError(`Cannot encode a union: one of ${names} should be given`);
  }
  // Structs first: what they clear as padding, others may use.
  const isStruct = ({ codec }: StructField) => typeof codec.shape === "object" ? 0 : 1;
  for (const field of given.toSorted((a, b) => isStruct(a) - isStruct(b))) {
    field.codec.encode(view, at + field.offset, value[field.name]!, field.name);
  }
  for (const { name, offset, codec } of given) {
    if (sameValue(codec.decode(view, at + offset), value[name])) continue;
    throw new TypeError(`Cannot encode a union: its member ${name} contradicts another one`);
  }
}
