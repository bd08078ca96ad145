/** Codecs made of BTF at run time, for objects that come without a generated skeleton. */

import {
  array,
  bool,
  chars,
  type Codec,
  s16,
  s32,
  s64,
  s8,
  u16,
  u32,
  u64,
  u8,
} from "../wire/codec.ts";
import { struct, type StructField } from "../wire/struct.ts";
import type { CValue } from "../wire/value.ts";
import { bits, bytes, f32, f64, flexible, flexibleChars, s128, u128 } from "../wire/wide.ts";
import { type Btf, sizeOfType } from "./btf.ts";
import { type FieldShape, type Layout, LayoutCollector, type StructLayout } from "./layout.ts";

const NUMBERS = { bool, u8, s8, u16, s16, u32, s32, u64, s64, u128, s128, f32, f64 } as const;

/** The codecs of an object's types. */
export class TypeCodecs {
  readonly #btf: Btf;
  readonly #layouts: LayoutCollector;
  readonly #structs = new Map<number, Codec<CValue>>();

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#layouts = new LayoutCollector(btf, { source: "the object", lenient: true });
  }

  /**
   * The codec of a type, by its id. What has no counterpart is bytes.
   *
   * @throws {FormatError} where the BTF contradicts itself
   */
  codec(id: number): Codec<CValue> {
    return this.#codec(this.#layouts.layout(id, "the object"));
  }

  /**
   * The codec of a struct, union, enum or typedef, by its name; `undefined` where there is none, or it is only declared.
   *
   * @throws {FormatError} where the BTF contradicts itself
   */
  named(name: string): Codec<CValue> | undefined {
    const type = this.#btf.find(name, "struct", "union", "enum", "typedef");
    if (type === undefined || sizeOfType(this.#btf, type.id) === 0) return undefined;
    return this.codec(type.id);
  }

  #codec(layout: Layout): Codec<CValue> {
    switch (layout.kind) {
      case "scalar":
      case "wide":
        return NUMBERS[layout.codec];
      case "chars":
        return layout.size === 0 ? flexibleChars : chars(layout.size);
      case "bits":
        return bits(layout);
      case "bytes":
        return bytes(layout.size);
      case "array": {
        const element = this.#codec(layout.element);
        return layout.length === 0 ? flexible(element) : array(element, layout.length);
      }
      case "struct":
        return this.#struct(layout);
    }
  }

  #struct(layout: StructLayout): Codec<CValue> {
    const known = this.#structs.get(layout.id);
    if (known !== undefined) return known;
    const fields = this.#layouts.struct(layout)?.fields ?? [];
    const codec = struct(layout.size, fields.map((field) => this.#field(field)));
    this.#structs.set(layout.id, codec);
    return codec;
  }

  #field({ name, offset, layout }: FieldShape): StructField {
    const start = offset * 8 + (layout.kind === "bits" ? layout.shift : 0);
    const width = layout.kind === "bits" ? layout.width : layout.size * 8;
    return { name, offset, bits: [start, start + width], codec: this.#codec(layout) };
  }
}
