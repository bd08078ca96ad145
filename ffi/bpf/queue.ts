import { ERRNO } from "../errno.ts";
import { libbpf } from "../raw/libbpf.ts";
import type { Codec } from "../wire/codec.ts";
import { decoded, encoded, MapBytes } from "./map_bytes.ts";
import { type MapFacts, MapHandle } from "./map_handle.ts";

const BPF_EXIST = 2n;

/** A queue or stack, and how its values are read. */
export interface QueueInfo<V> extends MapFacts {
  readonly value: Codec<V>;
}

/**
 * A queue (first in, first out) or a stack (last in, first out) of the kernel. Needs Linux ≥ 4.20.
 *
 * Errors are those of {@linkcode BpfMap}.
 */
export class BpfQueue<V> extends MapHandle {
  readonly #value: Codec<V>;
  readonly #bytes: MapBytes;

  /** @internal */
  constructor(info: QueueInfo<V>) {
    super(info);
    this.#value = info.value;
    this.#bytes = new MapBytes(this, { key: 0, value: info.value.size });
  }

  /** Puts a value in; `false` where there is no room, unless the oldest one is to make some (`replaceOldest`). */
  push(value: V, { replaceOldest = false } = {}): boolean {
    const bytes = encoded(this.#value, value, `value of map ${this.name}`);
    const flags = replaceOldest ? BPF_EXIST : 0n;
    const result = libbpf().bpf_map_update_elem(this.fd, null, bytes, flags);
    if (result === -ERRNO.E2BIG) return false;
    this.#bytes.check("push to", result);
    return true;
  }

  /** Takes the next value out; `undefined` where there is none. */
  pop(): V | undefined {
    const bytes = this.#bytes.take(null);
    return bytes && decoded(this.#value, bytes);
  }

  /** The next value, which stays; `undefined` where there is none. */
  peek(): V | undefined {
    const bytes = this.#bytes.lookUp(null);
    return bytes && decoded(this.#value, bytes);
  }

  /** Takes values out until there is none left, or the caller stops. */
  *drain(): Generator<V> {
    for (let bytes = this.#bytes.take(null); bytes; bytes = this.#bytes.take(null)) {
      yield decoded(this.#value, bytes);
    }
  }

  /** Takes all values out. */
  clear(): void {
    while (this.#bytes.take(null) !== undefined);
  }
}
