import { s32, u32 } from "../wire/codec.ts";
import { decoded, encoded, MapBytes } from "./map_bytes.ts";
import { type MapFacts, MapHandle } from "./map_handle.ts";

/** A map of stack traces: `depth` is how many addresses each of them has at most. */
export interface StackTracesInfo extends MapFacts {
  readonly depth: number;
}

/**
 * The stacks that programs have stored with `bpf_get_stackid()`, by the number that they got. Errors are those of
 * {@linkcode BpfMap}.
 */
export class StackTraces extends MapHandle {
  readonly #bytes: MapBytes;

  /** @internal */
  constructor(info: StackTracesInfo) {
    super(info);
    this.#bytes = new MapBytes(this, { key: 4, value: info.depth * 8 });
  }

  /**
   * The addresses of a stack, innermost first; `undefined` where there is none. A negative id is what a program got in place of a
   * stack: an error number, for which there is none either.
   */
  get(id: number): readonly bigint[] | undefined {
    if (id < 0 && encoded(s32, id, "stack id")) return undefined;
    const bytes = this.#bytes.lookUp(encoded(u32, id, "stack id"));
    if (bytes === undefined) return undefined;
    const addresses = [...new BigUint64Array(bytes.buffer)];
    const end = addresses.indexOf(0n);
    return end < 0 ? addresses : addresses.slice(0, end);
  }

  /** Removes a stack; `false` where it was not there. */
  delete(id: number): boolean {
    return this.#bytes.delete(encoded(u32, id, "stack id"));
  }

  /** Iterates the ids and the stacks. */
  *entries(): Generator<[id: number, stack: readonly bigint[]]> {
    for (const key of this.#bytes.keys()) {
      const id = decoded(u32, key);
      const stack = this.get(id);
      if (stack !== undefined) yield [id, stack];
    }
  }

  /** Iterates the ids and the stacks, as {@linkcode entries}. */
  [Symbol.iterator](): Generator<[id: number, stack: readonly bigint[]]> {
    return this.entries();
  }

  /** Removes all stacks. */
  clear(): void {
    for (const key of this.#bytes.keys()) this.#bytes.delete(key);
  }
}
