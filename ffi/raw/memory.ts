/** Memory that C reads or writes: strings, option structs, mapped pages, and what must stay alive meanwhile. */

import { bytesToText } from "../wire/cstring.ts";

const encoder = new TextEncoder();

/** An address, or null. */
export type PointerValue = Deno.PointerValue;

/** Bytes as FFI takes them: backed by memory of this program alone. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A string as C wants it: UTF-8 and a NUL. */
export function toCString(text: string): Bytes {
  return encoder.encode(`${text}\0`);
}

/** Reads the C string at a pointer; `""` at null. */
export function fromCString(pointer: Deno.PointerValue): string {
  if (pointer === null) return "";
  const view = new Deno.UnsafePointerView(pointer);
  let length = 0;
  while (view.getUint8(length) !== 0) length++;
  return bytesToText(new Uint8Array(view.getArrayBuffer(length)));
}

/** The memory at a pointer, not copied: what C or the kernel changes there is seen, and what is written here too. */
export function memoryAt(pointer: Deno.PointerObject, size: number): ArrayBuffer {
  return new Deno.UnsafePointerView(pointer).getArrayBuffer(size);
}

/** The pointer `offset` bytes behind another. */
export function pointerPlus(pointer: Deno.PointerObject, offset: number): Deno.PointerObject {
  const sum = Deno.UnsafePointer.create(Deno.UnsafePointer.value(pointer) + BigInt(offset));
  if (sum === null) throw new RangeError("Cannot add to a pointer: the sum is null");
  return sum;
}

/** What a pointer in a struct may point to: bytes, numbers, a string, or a list of strings (`const char **`). */
export type Pointee = Bytes | BigUint64Array<ArrayBuffer> | string | readonly string[] | null;

/** The value of a field of an {@linkcode OptionStruct}. */
export type OptionField =
  | { readonly type: "u32" | "s32" | "bool"; readonly value: number }
  | { readonly type: "u64"; readonly value: bigint }
  | { readonly type: "pointer"; readonly value: Pointee };

/** The address of bytes, for structs that C reads; it is good for as long as the bytes are held. */
export function addressOf(bytes: ArrayBufferView<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/**
 * One of libbpf's `struct …_opts`: `size_t sz`, then fields with C's alignment.
 *
 * A pointer inside of a struct keeps nothing alive by itself, so the struct holds what it points to: keep the object until
 * the call that uses it has returned.
 */
export class OptionStruct {
  readonly bytes: Bytes;
  readonly #held: ArrayBufferView[] = [];
  readonly #offsets: readonly number[];

  constructor(fields: readonly OptionField[]) {
    const layout = layOut(fields);
    this.#offsets = layout.offsets;
    this.bytes = new Uint8Array(layout.size);
    const view = new DataView(this.bytes.buffer);
    view.setBigUint64(0, BigInt(layout.size), true);
    fields.forEach((field, i) => this.#store(view, layout.offsets[i]!, field));
  }

  /** The field of type u32 at an index, as C left it. */
  u32(index: number): number {
    return new DataView(this.bytes.buffer).getUint32(this.#offsets[index]!, true);
  }

  #store(view: DataView, at: number, field: OptionField): void {
    switch (field.type) {
      case "u64":
        return view.setBigUint64(at, field.value, true);
      case "pointer":
        return view.setBigUint64(at, this.#addressOf(field.value), true);
      case "bool":
        return view.setUint8(at, field.value);
      default:
        return view.setInt32(at, field.value, true);
    }
  }

  #addressOf(value: Pointee): bigint {
    if (value === null) return 0n;
    const memory = typeof value === "string"
      ? toCString(value)
      : ArrayBuffer.isView(value)
      ? value
      : BigUint64Array.from(value, (text) => this.#addressOf(text));
    this.#held.push(memory);
    return addressOf(memory);
  }
}

const FIELD_SIZE = { bool: 1, u32: 4, s32: 4, u64: 8, pointer: 8 } as const;

function layOut(fields: readonly OptionField[]): { offsets: number[]; size: number } {
  let at = 8;
  const offsets = fields.map(({ type }) => {
    const size = FIELD_SIZE[type];
    at = Math.ceil(at / size) * size + size;
    return at - size;
  });
  return { offsets, size: Math.ceil(at / 8) * 8 };
}
