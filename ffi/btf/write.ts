/** Writes BTF: as much of it as a program without a compiler needs. */

import { StringTable } from "../elf/write.ts";

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const KIND = { int: 1, ptr: 2, array: 3, struct: 4, func: 12, funcProto: 13, var: 14, datasec: 15 };
const STATIC = 0;
const GLOBAL = 1;
const SIGNED = 1;

/** A field of a struct. */
export interface Member {
  readonly name: string;
  readonly type: number;
  /** In bytes */
  readonly offset: number;
}

/** A variable in a section. */
export interface SectionVariable {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** Collects types and strings; each method that adds a type gives its id. */
export class BtfWriter {
  readonly #types: number[] = [];
  readonly #strings = new StringTable();
  #count = 0;

  /** The offset of a string, which is stored once. */
  string(text: string): number {
    return this.#strings.add(text);
  }

  /** `size` in bytes */
  int(name: string, size: number, signed: boolean): number {
    const encoding = (signed ? SIGNED : 0) << 24 | size * 8;
    return this.#add({ name, kind: KIND.int, size, words: [encoding] });
  }

  pointer(type: number): number {
    return this.#add({ kind: KIND.ptr, size: type });
  }

  array(type: number, options: { index: number; length: number }): number {
    return this.#add({ kind: KIND.array, size: 0, words: [type, options.index, options.length] });
  }

  struct(name: string, size: number, members: readonly Member[]): number {
    const words = members.flatMap((
      { name, type, offset },
    ) => [this.string(name), type, offset * 8]);
    return this.#add({ name, kind: KIND.struct, vlen: members.length, size, words });
  }

  /** A function that takes a pointer and returns an int: a program, or a `local` one that programs hand on as a callback. */
  program(name: string, options: { returns: number; context: number; local?: boolean }): number {
    const words = [this.string("ctx"), options.context];
    const type = this.#add({ kind: KIND.funcProto, vlen: 1, size: options.returns, words });
    return this.#add({ name, kind: KIND.func, vlen: options.local ? STATIC : GLOBAL, size: type });
  }

  variable(name: string, type: number): number {
    return this.#add({ name, kind: KIND.var, size: type, words: [GLOBAL] });
  }

  section(name: string, size: number, variables: readonly SectionVariable[]): number {
    const words = variables.flatMap(({ type, offset, size }) => [type, offset, size]);
    return this.#add({ name, kind: KIND.datasec, vlen: variables.length, size, words });
  }

  /** The bytes of the section `.BTF`. */
  bytes(): Uint8Array<ArrayBuffer> {
    const types = new Uint8Array(Uint32Array.from(this.#types).buffer);
    const strings = this.#strings.bytes();
    const bytes = new Uint8Array(HEADER_SIZE + types.length + strings.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, MAGIC, true);
    view.setUint8(2, 1);
    [HEADER_SIZE, 0, types.length, types.length, strings.length]
      .forEach((word, i) => view.setUint32(4 + 4 * i, word, true));
    // gimlet runs on machines whose words have the order of bytes that is asked of BTF.
    bytes.set(types, HEADER_SIZE);
    bytes.set(strings, HEADER_SIZE + types.length);
    return bytes;
  }

  #add(
    { name = "", kind, vlen = 0, size, words = [] }: {
      name?: string;
      kind: number;
      vlen?: number;
      size: number;
      words?: readonly number[];
    },
  ): number {
    this.#types.push(this.string(name), kind << 24 | vlen, size, ...words);
    return ++this.#count;
  }
}
