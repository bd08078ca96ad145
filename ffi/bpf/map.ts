/** Maps with keys and values: what programs and user space share. */

import type { Bytes } from "../raw/memory.ts";
import type { Codec } from "../wire/codec.ts";
import {
  type Chunk,
  countEntries,
  deleteMany,
  readChunks,
  takeChunks,
  updateMany,
  zeroAll,
} from "./map_batch.ts";
import { decoded, encoded, encodedAll, MapBytes, UPDATE } from "./map_bytes.ts";
import { mapRefusal } from "./failure.ts";
import { type MapFacts, MapHandle } from "./map_handle.ts";

export { maxOf, sumOf } from "./per_cpu.ts";

/** A map, and how its keys and values are read. */
export interface MapInfo<K, V> extends MapFacts {
  readonly key: Codec<K>;
  /** For a per-CPU map that of {@linkcode perCpu}. */
  readonly value: Codec<V>;
}

/** Which entries {@linkcode BpfMap.set} may touch: only a `new` one, or only an `existing` one. */
export interface SetOptions {
  /** Any where not given. */
  readonly only?: "new" | "existing";
}

/** How many entries are shown where a map is printed. */
const SHOWN = 100;

/**
 * A map of the kernel with typed keys and values, used like a JavaScript `Map`. Each call is a system call, and each value a
 * copy. A per-CPU map's values are lists with one item for each possible CPU.
 *
 * Calls throw a `TypeError` or `RangeError` for keys and values that the C type cannot hold, and a `BpfError` for what the kernel
 * refuses: E_MAP, E_PERMISSION, and E_CLOSED once the map is closed.
 */
export class BpfMap<K, V> extends MapHandle {
  readonly #key: Codec<K>;
  readonly #value: Codec<V>;
  readonly #bytes: MapBytes;
  // As errors have it.
  readonly #keyName: string;
  readonly #valueName: string;

  /** @internal */
  constructor(info: MapInfo<K, V>) {
    super(info);
    this.#key = info.key;
    this.#value = info.value;
    this.#keyName = `key of map ${info.name}`;
    this.#valueName = `value of map ${info.name}`;
    this.#bytes = new MapBytes(this, { key: info.key.size, value: info.value.size });
  }

  /** The value of a key; `undefined` where there is none. */
  get(key: K): V | undefined {
    const value = this.#bytes.lookUp(this.#encodeKey(key));
    return value && decoded(this.#value, value);
  }

  /** Whether there is a value for a key. */
  has(key: K): boolean {
    return this.#bytes.lookUp(this.#encodeKey(key)) !== undefined;
  }

  /**
   * Sets the value of a key.
   *
   * @throws {BpfError} E_MAP where `only` does not allow it, or the map is full
   */
  set(key: K, value: V, { only }: SetOptions = {}): this {
    const done = this.#bytes.update(
      this.#encodeKey(key),
      this.#encodeValue(value),
      UPDATE[only ?? "any"],
    );
    if (!done) throw this.#refused(only);
    return this;
  }

  /** The value of a key, which is set to `value` first where there is none: BCC's `lookup_or_try_init`. */
  getOrInsert(key: K, value: V): V {
    const [keyBytes, valueBytes] = [this.#encodeKey(key), this.#encodeValue(value)];
    for (;;) {
      const found = this.#bytes.lookUp(keyBytes);
      if (found !== undefined) return decoded(this.#value, found);
      // Somebody else may be first; then that value counts.
      if (this.#bytes.update(keyBytes, valueBytes, UPDATE.new)) return value;
    }
  }

  /** Removes a key; `false` where it was not there. Those of an array cannot be removed. */
  delete(key: K): boolean {
    return this.#bytes.delete(this.#encodeKey(key));
  }

  /** Removes a key and gives the value that it had; in one step where the kernel can (Linux ≥ 5.14). */
  take(key: K): V | undefined {
    const value = this.#bytes.take(this.#encodeKey(key));
    return value && decoded(this.#value, value);
  }

  /** How many entries there are now. They are counted: this reads the whole map. */
  get size(): number {
    return countEntries(this.#bytes);
  }

  /** Removes all keys, or sets all values of an array to zero. Those that a program adds meanwhile may stay. */
  clear(): void {
    if (this.type === "array" || this.type === "percpu_array") return zeroAll(this.#bytes);
    const keys = this.#bytes.keys();
    deleteMany(this.#bytes, joined(keys, this.#key.size), keys.length);
  }

  /** Sets many entries, with few system calls where the kernel has batches. */
  setAll(entries: Iterable<readonly [K, V]>, { only }: SetOptions = {}): this {
    const list = [...entries];
    const keys = encodedAll(this.#key, list.map(([key]) => key), this.#keyName);
    const values = encodedAll(this.#value, list.map(([, value]) => value), this.#valueName);
    const chunk = { keys, values, count: list.length };
    if (!updateMany(this.#bytes, chunk, UPDATE[only ?? "any"])) throw this.#refused(only);
    return this;
  }

  /** Removes many keys; gives how many of them were there. */
  deleteAll(keys: Iterable<K>): number {
    const list = [...keys];
    return deleteMany(this.#bytes, encodedAll(this.#key, list, this.#keyName), list.length);
  }

  /** Takes all entries out, so that none is seen twice and none is missed. */
  takeAll(): [K, V][] {
    return this.#all(takeChunks(this.#bytes));
  }

  /** Iterates keys and values. While programs write, it is no snapshot: each entry is read at a time of its own. */
  *entries(): Generator<[K, V]> {
    for (const chunk of readChunks(this.#bytes)) {
      const entryAt = this.#reader(chunk);
      for (let i = 0; i < chunk.count; i++) yield entryAt(i);
    }
  }

  /** Iterates the keys. */
  *keys(): Generator<K> {
    for (const [key] of this.entries()) yield key;
  }

  /** Iterates the values. */
  *values(): Generator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Iterates keys and values, as {@linkcode entries}. */
  [Symbol.iterator](): Generator<[K, V]> {
    return this.entries();
  }

  /** Calls back for each entry, as `Map.forEach` does. */
  forEach(callback: (value: V, key: K, map: BpfMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  /** Its entries, as a list of pairs. */
  toJSON(): [K, V][] {
    return this.#all(readChunks(this.#bytes));
  }

  /** What `console.log()` shows: the first entries. */
  [Symbol.for("Deno.customInspect")](
    inspect: (value: unknown, options: unknown) => string,
    options: unknown,
  ): string {
    const label = this.label;
    if (label.endsWith("closed)")) return label;
    const some = new Map<K, V>();
    for (const [key, value] of this.entries()) {
      if (some.size >= SHOWN) return `${label} ${inspect(some, options)} and more`;
      some.set(key, value);
    }
    return `${label} ${inspect(some, options)}`;
  }

  #all(chunks: Iterable<Chunk>): [K, V][] {
    const entries: [K, V][] = [];
    for (const chunk of chunks) {
      const entryAt = this.#reader(chunk);
      for (let i = 0; i < chunk.count; i++) entries.push(entryAt(i));
    }
    return entries;
  }

  /** Reads the entries of a chunk by their index. */
  #reader({ keys, values }: Chunk): (index: number) => [K, V] {
    const [keyView, valueView] = [new DataView(keys.buffer), new DataView(values.buffer)];
    const [key, value] = [this.#key, this.#value];
    return (i) => [key.decode(keyView, i * key.size), value.decode(valueView, i * value.size)];
  }

  #encodeKey(key: K): Bytes {
    return encoded(this.#key, key, this.#keyName);
  }

  #encodeValue(value: V): Bytes {
    return encoded(this.#value, value, this.#valueName);
  }

  #refused(only: SetOptions["only"]) {
    return mapRefusal(this.name, only === "new" ? "EEXIST" : "ENOENT");
  }
}

/** A map in which each CPU has a value of its own for each key. */
export type PerCpuMap<K, V> = BpfMap<K, readonly V[]>;

function joined(parts: readonly Bytes[], size: number): Bytes {
  const all = new Uint8Array(parts.length * size);
  parts.forEach((part, i) => all.set(part, i * size));
  return all;
}
