/** Maps: what programs and user space share. */

import { ERRNO } from "../errno.ts";
import { libbpf } from "../raw/libbpf.ts";
import type { Bytes } from "../raw/memory.ts";
import type { Codec } from "../wire/codec.ts";
import { closed, mapFailure } from "./failure.ts";

const BPF_ANY = 0n;
const BATCH = 1024;
// Kernels and map types without batch look-ups say so in one of these ways.
const NO_BATCH: readonly number[] = [ERRNO.EINVAL, ERRNO.ENOTSUPP, ERRNO.EOPNOTSUPP];

/** What a map is made of, as the loaded object knows it. Sizes are in bytes. */
export interface MapInfo<K, V> {
  readonly name: string;
  readonly fd: number;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly maxEntries: number;
}

/**
 * A map of the kernel with typed keys and values, used like a JavaScript `Map`. Each call is a system call.
 *
 * It belongs to its object: once that is closed every call throws E_CLOSED.
 */
abstract class TypedMap<K, V, R> {
  readonly name: string;
  readonly maxEntries: number;
  protected readonly value: Codec<V>;
  readonly #key: Codec<K>;
  #fd: number;
  #batches = true;

  constructor({ name, fd, key, value, maxEntries }: MapInfo<K, V>) {
    this.name = name;
    this.maxEntries = maxEntries;
    this.value = value;
    this.#key = key;
    this.#fd = fd;
  }

  /** Bytes of one entry's value as the kernel copies it out. */
  protected abstract get stride(): number;
  protected abstract decodeValue(view: DataView, at: number): R;
  protected abstract encodeValue(value: R): Bytes;

  /** The file descriptor, for those who watch the map. */
  get fd(): number {
    if (this.#fd < 0) throw closed(`map ${this.name}`);
    return this.#fd;
  }

  /** The value of a key; `undefined` where there is none. */
  get(key: K): R | undefined {
    return this.#lookUp(this.#encodeKey(key));
  }

  /** Whether there is a value for a key. */
  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets the value of a key. */
  set(key: K, value: R): this {
    const result = libbpf().bpf_map_update_elem(
      this.fd,
      this.#encodeKey(key),
      this.encodeValue(value),
      BPF_ANY,
    );
    if (result < 0) throw mapFailure(`set a value in map ${this.name}`, result);
    return this;
  }

  /** Removes a key; `false` where it was not there. */
  delete(key: K): boolean {
    const result = libbpf().bpf_map_delete_elem(this.fd, this.#encodeKey(key));
    if (result === -ERRNO.ENOENT) return false;
    if (result < 0) throw mapFailure(`delete from map ${this.name}`, result);
    return true;
  }

  /** Removes all keys; those that a program adds meanwhile may stay. */
  clear(): void {
    for (const key of [...this.keys()]) this.delete(key);
  }

  /** Iterates the keys. */
  *keys(): Generator<K> {
    for (const [key] of this.entries()) yield key;
  }

  /** Iterates the values. */
  *values(): Generator<R> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[K, R]> {
    return this.entries();
  }

  /**
   * Iterates keys and values: by batch look-ups where the kernel has them (Linux ≥ 5.6; per-CPU arrays ≥ 5.13), else key by
   * key. While programs write, it is no snapshot: each entry is read at a time of its own.
   */
  *entries(): Generator<[K, R]> {
    if (this.#batches) {
      const done = yield* this.#entriesByBatch();
      if (done) return;
      this.#batches = false;
    }
    yield* this.#entriesByKey();
  }

  /** Ends with `false`, before the first entry, where this kernel cannot. */
  *#entriesByBatch(): Generator<[K, R], boolean> {
    const { stride } = this;
    let capacity = Math.min(this.maxEntries, BATCH);
    // Hash maps put a bucket's number there, arrays an index, others a key.
    let position: Bytes | null = null;
    const next = new Uint8Array(Math.max(this.#key.size, 8));
    let keys = new Uint8Array(capacity * this.#key.size);
    let values = new Uint8Array(capacity * stride);
    for (;;) {
      const count = new Uint32Array([capacity]);
      const result = libbpf().bpf_map_lookup_batch(
        this.fd,
        position,
        next,
        keys,
        values,
        count,
        null,
      );
      if (result === -ERRNO.ENOSPC && capacity < this.maxEntries) {
        // One bucket holds more than fits.
        capacity = Math.min(this.maxEntries, capacity * 2);
        keys = new Uint8Array(capacity * this.#key.size);
        values = new Uint8Array(capacity * stride);
        continue;
      }
      if (position === null && NO_BATCH.includes(-result)) return false;
      if (result < 0 && result !== -ERRNO.ENOENT) {
        throw mapFailure(`read map ${this.name}`, result);
      }
      yield* this.#decodeEntries(keys, values, count[0]!);
      if (result === -ERRNO.ENOENT) return true;
      position = next.slice();
    }
  }

  *#decodeEntries(keys: Bytes, values: Bytes, count: number): Generator<[K, R]> {
    const keyView = new DataView(keys.buffer);
    const valueView = new DataView(values.buffer);
    for (let i = 0; i < count; i++) {
      yield [
        this.#key.decode(keyView, i * this.#key.size),
        this.decodeValue(valueView, i * this.stride),
      ];
    }
  }

  *#entriesByKey(): Generator<[K, R]> {
    for (const key of this.#allKeys()) {
      const value = this.#lookUp(key);
      if (value !== undefined) yield [this.#key.decode(new DataView(key.buffer), 0), value];
    }
  }

  /** All keys first: after a key that was deleted meanwhile, the kernel would begin again at the start. */
  #allKeys(): Bytes[] {
    const keys: Bytes[] = [];
    let key: Bytes | null = null;
    while (keys.length < this.maxEntries) {
      const next: Bytes = new Uint8Array(this.#key.size);
      const result = libbpf().bpf_map_get_next_key(this.fd, key, next);
      if (result === -ERRNO.ENOENT) break;
      if (result < 0) throw mapFailure(`read map ${this.name}`, result);
      keys.push(next);
      key = next;
    }
    return keys;
  }

  #lookUp(key: Bytes): R | undefined {
    const bytes = new Uint8Array(this.stride);
    const result = libbpf().bpf_map_lookup_elem(this.fd, key, bytes);
    if (result === -ERRNO.ENOENT) return undefined;
    if (result < 0) throw mapFailure(`read map ${this.name}`, result);
    return this.decodeValue(new DataView(bytes.buffer), 0);
  }

  #encodeKey(key: K): Bytes {
    return encoded(this.#key, key);
  }

  /** Called by the object as it closes. */
  markClosed(): void {
    this.#fd = -1;
  }
}

/** A map in which all CPUs share one value for each key. */
export class BpfMap<K, V> extends TypedMap<K, V, V> {
  protected override get stride(): number {
    return this.value.size;
  }

  protected override decodeValue(view: DataView, at: number): V {
    return this.value.decode(view, at);
  }

  protected override encodeValue(value: V): Bytes {
    return encoded(this.value, value);
  }
}

/** A map in which each CPU has a value of its own for each key: values are lists, one item for each possible CPU. */
export class PerCpuMap<K, V> extends TypedMap<K, V, readonly V[]> {
  readonly #cpus: number;

  constructor(info: MapInfo<K, V>) {
    super(info);
    this.#cpus = libbpf().libbpf_num_possible_cpus();
  }

  /** Each CPU's value lies on a multiple of 8 bytes. */
  get #slot(): number {
    return Math.ceil(this.value.size / 8) * 8;
  }

  protected override get stride(): number {
    return this.#slot * this.#cpus;
  }

  protected override decodeValue(view: DataView, at: number): readonly V[] {
    return Array.from(
      { length: this.#cpus },
      (_, i) => this.value.decode(view, at + i * this.#slot),
    );
  }

  protected override encodeValue(values: readonly V[]): Bytes {
    if (values.length !== this.#cpus) {
      throw new RangeError(
        `Cannot set a value in map ${this.name}: it has ${values.length} items, should have ${this.#cpus}`,
      );
    }
    const bytes = new Uint8Array(this.stride);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => this.value.encode(view, i * this.#slot, value));
    return bytes;
  }
}

/** The sum of counters, one for each CPU. */
export function sumOf(counts: readonly bigint[] | undefined): bigint {
  return (counts ?? []).reduce((sum, count) => sum + count, 0n);
}

function encoded<T>(codec: Codec<T>, value: T): Bytes {
  const bytes = new Uint8Array(codec.size);
  codec.encode(new DataView(bytes.buffer), 0, value);
  return bytes;
}
