/** The system calls on one entry of a map, in bytes: what all typed maps are made of. */

import { ERRNO } from "../errno.ts";
import { libbpf } from "../raw/libbpf.ts";
import type { Bytes } from "../raw/memory.ts";
import type { Codec } from "../wire/codec.ts";
import { mapFailure } from "./failure.ts";
import type { MapHandle } from "./map_handle.ts";

/** Which entries an update may touch: `BPF_ANY`, `BPF_NOEXIST`, `BPF_EXIST`. */
export const UPDATE = { any: 0n, new: 1n, existing: 2n } as const;

/** Kernels and map types without a call say so in one of these ways. */
const UNSUPPORTED: readonly number[] = [ERRNO.EINVAL, ERRNO.ENOTSUPP, ERRNO.EOPNOTSUPP];

/** Whether a call failed because this kernel, or this type of map, has no such call. */
export function isUnsupported(result: number): boolean {
  return UNSUPPORTED.includes(-result);
}

/** One value in bytes of its own. */
export function encoded<T>(codec: Codec<T>, value: T, what?: string): Bytes {
  return encodedAll(codec, [value], what);
}

/** Values in bytes of their own, one behind the other. */
export function encodedAll<T>(codec: Codec<T>, values: readonly T[], what?: string): Bytes {
  const bytes = new Uint8Array(values.length * codec.size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => codec.encode(view, i * codec.size, value, what));
  return bytes;
}

/** The first value in some bytes. */
export function decoded<T>(codec: Codec<T>, bytes: Bytes): T {
  return codec.decode(new DataView(bytes.buffer, bytes.byteOffset), 0);
}

/** The size of keys and values, in bytes; for per-CPU maps that of all CPUs' values together. */
export interface EntrySize {
  readonly key: number;
  readonly value: number;
}

/** A map's entries as bytes. `null` is the key of a map without keys. */
export class MapBytes {
  readonly size: EntrySize;
  readonly #map: MapHandle;

  constructor(map: MapHandle, size: EntrySize) {
    this.#map = map;
    this.size = size;
  }

  get fd(): number {
    return this.#map.fd;
  }

  /** How many entries there can be: storages have no number of their own. */
  get limit(): number {
    return this.#map.maxEntries || Infinity;
  }

  /** Throws the error of a failed call, where it failed. */
  check(action: string, result: number): void {
    if (result < 0) throw mapFailure(`${action} map ${this.#map.name}`, result);
  }

  lookUp(key: Bytes | null): Bytes | undefined {
    const value = new Uint8Array(this.size.value);
    const result = libbpf().bpf_map_lookup_elem(this.fd, key, value);
    if (result === -ERRNO.ENOENT) return undefined;
    this.check("read", result);
    return value;
  }

  /** Whether a set without keys has a value. */
  contains(value: Bytes): boolean {
    const result = libbpf().bpf_map_lookup_elem(this.fd, null, value);
    if (result === -ERRNO.ENOENT) return false;
    this.check("read", result);
    return true;
  }

  /** `false` where the flags did not allow it: the key is there, or is not. */
  update(key: Bytes | null, value: Bytes, flags: bigint = UPDATE.any): boolean {
    const result = libbpf().bpf_map_update_elem(this.fd, key, value, flags);
    if (flags === UPDATE.new && result === -ERRNO.EEXIST) return false;
    if (flags === UPDATE.existing && result === -ERRNO.ENOENT) return false;
    this.check("set a value in", result);
    return true;
  }

  delete(key: Bytes): boolean {
    const result = libbpf().bpf_map_delete_elem(this.fd, key);
    if (result === -ERRNO.ENOENT) return false;
    this.check("delete from", result);
    return true;
  }

  /** Looks up and deletes: in one step where the kernel can (queues, stacks; hash maps since Linux 5.14), else in two. */
  take(key: Bytes | null): Bytes | undefined {
    const value = new Uint8Array(this.size.value);
    const result = libbpf().bpf_map_lookup_and_delete_elem(this.fd, key, value);
    if (result === -ERRNO.ENOENT) return undefined;
    if (key !== null && isUnsupported(result)) {
      const found = this.lookUp(key);
      return found !== undefined && this.delete(key) ? found : undefined;
    }
    this.check("take from", result);
    return value;
  }

  /** All keys at once: after a key that was deleted meanwhile, the kernel would begin again at the start. */
  keys(): Bytes[] {
    const keys: Bytes[] = [];
    let key: Bytes | null = null;
    while (keys.length < this.limit) {
      const next: Bytes = new Uint8Array(this.size.key);
      const result = libbpf().bpf_map_get_next_key(this.fd, key, next);
      if (result === -ERRNO.ENOENT) break;
      this.check("read", result);
      keys.push(next);
      key = next;
    }
    return keys;
  }
}
