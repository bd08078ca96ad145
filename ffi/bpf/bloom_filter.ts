import type { Codec } from "../wire/codec.ts";
import { encoded, MapBytes } from "./map_bytes.ts";
import { type MapFacts, MapHandle } from "./map_handle.ts";

/** A Bloom filter, and how its values are written. */
export interface BloomFilterInfo<V> extends MapFacts {
  readonly value: Codec<V>;
}

/**
 * A set that never misses a value that was added, and may seem to have one that was not. Nothing can be taken out. Needs
 * Linux ≥ 5.16. Errors are those of {@linkcode BpfMap}.
 */
export class BloomFilter<V> extends MapHandle {
  readonly #value: Codec<V>;
  readonly #bytes: MapBytes;

  /** @internal */
  constructor(info: BloomFilterInfo<V>) {
    super(info);
    this.#value = info.value;
    this.#bytes = new MapBytes(this, { key: 0, value: info.value.size });
  }

  /** Adds a value. */
  add(value: V): this {
    this.#bytes.update(null, this.#encode(value));
    return this;
  }

  /** `false` where a value was certainly not added. */
  has(value: V): boolean {
    return this.#bytes.contains(this.#encode(value));
  }

  #encode(value: V) {
    return encoded(this.#value, value, `value of map ${this.name}`);
  }
}
