/** From bytes of records and maps to values: by the types that made the code which wrote them. */

import { cstring } from "../../ffi/wire/cstring.ts";
import type { ArgumentPlan } from "./plan.ts";
import {
  type ArrayType,
  sizeInC,
  type StackType,
  storageSize,
  type SymbolicType,
  tupleOffsets,
  type Type,
} from "./types.ts";

/** A value of a script. */
export type ScriptValue =
  | { readonly kind: "integer"; readonly value: bigint; readonly name?: string }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "tuple" | "list"; readonly items: readonly ScriptValue[] }
  | { readonly kind: "symbolic"; readonly type: SymbolicType; readonly words: readonly bigint[] }
  | { readonly kind: "stack"; readonly type: StackType; readonly id: bigint; readonly pid: bigint };

/** Reads an argument of a record that begins at a place of a view. */
export function readArgument(
  { type, offset, indirect }: ArgumentPlan,
  view: DataView,
  at: number,
): ScriptValue {
  return readValue(type, view, at + (indirect ? view.getUint32(at + offset, true) : offset));
}

/** Reads a value as it lies in memory of the script's own. */
export function readValue(type: Type, view: DataView, at: number): ScriptValue {
  const word = (index: number) => view.getBigUint64(at + index * 8, true);
  switch (type.kind) {
    case "string":
      return { kind: "string", text: cstring(view, at, type.size) };
    case "buffer": {
      const length = Math.min(Number(word(0)), type.size);
      return { kind: "bytes", bytes: bytesAt(view, at + 8, length) };
    }
    case "record":
      return { kind: "bytes", bytes: bytesAt(view, at, storageSize(type)) };
    case "array":
      return { kind: "list", items: elementsOf(type, view, at) };
    case "tuple": {
      const offsets = tupleOffsets(type.items);
      return {
        kind: "tuple",
        items: type.items.map((item, i) => readValue(item, view, at + offsets[i]!)),
      };
    }
    case "symbolic":
      return {
        kind: "symbolic",
        type,
        words: Array.from({ length: type.size / 8 }, (_, i) => word(i)),
      };
    case "stack":
      return { kind: "stack", type, id: word(0), pid: type.of === "user" ? word(1) : 0n };
    case "integer": {
      const bits = type.size * 8;
      const value = type.signed ? BigInt.asIntN(bits, word(0)) : BigInt.asUintN(bits, word(0));
      const name = type.names?.get(value);
      return { kind: "integer", value, ...(name === undefined ? {} : { name }) };
    }
    default:
      return { kind: "integer", value: word(0) };
  }
}

/** The elements of an array, as C lays it out. */
function elementsOf({ element, length }: ArrayType, view: DataView, at: number): ScriptValue[] {
  const size = sizeInC(element);
  return Array.from({ length }, (_, i): ScriptValue => {
    const start = at + i * size;
    if (element.kind === "array") {
      return { kind: "list", items: elementsOf(element, view, start) };
    }
    const signed = element.kind === "integer" && element.signed;
    const bytes = bytesAt(view, start, size);
    if (size > 8) return { kind: "bytes", bytes };
    const value = bytes.reduceRight((sum, byte) => sum << 8n | BigInt(byte), 0n);
    return { kind: "integer", value: signed ? BigInt.asIntN(size * 8, value) : value };
  });
}

function bytesAt(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length).slice();
}
