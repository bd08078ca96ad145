/** Builds BTF for the tests. */

import { pack } from "../elf/build_elf.ts";

/** Collects types; each method returns the new type's id. */
export class BtfBuilder {
  readonly #strings: string[] = [""];
  readonly #types: Uint8Array[] = [];
  readonly #firstId: number;
  #stringEnd: number;

  /** With the numbers of a base, for the BTF of a module. */
  constructor(base: { count: number; stringsEnd: number } = { count: 1, stringsEnd: 0 }) {
    this.#firstId = base.count;
    this.#stringEnd = base.stringsEnd + 1;
  }

  string(text: string): number {
    if (text === "") return 0;
    const at = this.#stringEnd;
    this.#strings.push(text);
    this.#stringEnd += text.length + 1;
    return at;
  }

  /** Any record; `parts` come after its first 12 bytes, 4 bytes each. */
  add(
    record: { kind: number; name?: string; vlen?: number; flag?: boolean; size?: number },
    ...parts: number[]
  ): number {
    const info = (record.kind << 24) | (record.vlen ?? 0) | (record.flag === true ? 1 << 31 : 0);
    this.#types.push(pack(
      [this.string(record.name ?? ""), 4],
      [info, 4],
      [record.size ?? 0, 4],
      ...parts.map((part) => [part, 4] as const),
    ));
    return this.#firstId + this.#types.length - 1;
  }

  int(name: string, size: number, encoding = 0): number {
    return this.add({ kind: 1, name, size }, (encoding << 24) | (size * 8));
  }

  array(type: number, length: number): number {
    return this.add({ kind: 3 }, type, type, length);
  }

  /** Members: name, type, offset in bits (with a bit-field's size in the upper 8 bits). */
  struct(
    name: string,
    options: { size: number; kind?: 4 | 5; flag?: boolean },
    ...members: (readonly [name: string, type: number, bits: number])[]
  ): number {
    const parts = members.flatMap(([member, type, bits]) => [this.string(member), type, bits]);
    return this.add({
      kind: options.kind ?? 4,
      name,
      vlen: members.length,
      size: options.size,
      flag: options.flag ?? false,
    }, ...parts);
  }

  bytes(): Uint8Array {
    const types = pack(...this.#types);
    const strings = new TextEncoder().encode(this.#strings.map((text) => `${text}\0`).join(""));
    return pack(
      [0xeb9f, 2],
      [1, 1],
      [0, 1],
      [24, 4],
      [0, 4],
      [types.length, 4],
      [types.length, 4],
      [strings.length, 4],
      types,
      strings,
    );
  }
}
