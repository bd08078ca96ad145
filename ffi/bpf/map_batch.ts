/**
 * Many entries of a map with few system calls (Linux ≥ 5.6; per-CPU arrays ≥ 5.13), or one by one where the kernel or the type
 * of map has no batches.
 */

import { ERRNO } from "../errno.ts";
import { libbpf } from "../raw/libbpf.ts";
import type { Bytes } from "../raw/memory.ts";
import { isUnsupported, type MapBytes, UPDATE } from "./map_bytes.ts";

const BATCH = 1024;

/** Keys and values of `count` entries, one behind the other. They are only good until the next chunk is asked for. */
export interface Chunk {
  readonly keys: Bytes;
  readonly values: Bytes;
  readonly count: number;
}

/** Reads all entries. While programs write, it is no snapshot. */
export function* readChunks(map: MapBytes): Generator<Chunk> {
  const done = yield* batches(map, "bpf_map_lookup_batch");
  if (done) return;
  for (const keys of map.keys()) {
    const values = map.lookUp(keys);
    if (values !== undefined) yield { keys, values, count: 1 };
  }
}

/** Takes all entries out: who does not go on to the end leaves the rest in. */
export function* takeChunks(map: MapBytes): Generator<Chunk> {
  const done = yield* batches(map, "bpf_map_lookup_and_delete_batch");
  if (done) return;
  for (const keys of map.keys()) {
    const values = map.take(keys);
    if (values !== undefined) yield { keys, values, count: 1 };
  }
}

/** Ends with `false`, before the first entry, where this kernel cannot. */
function* batches(
  map: MapBytes,
  call: "bpf_map_lookup_batch" | "bpf_map_lookup_and_delete_batch",
): Generator<Chunk, boolean> {
  const { key, value } = map.size;
  let capacity = Math.min(map.limit, BATCH);
  // Hash maps put a bucket's number there, arrays an index, others a key.
  let position: Bytes | null = null;
  const next = new Uint8Array(Math.max(key, 8));
  let keys = new Uint8Array(capacity * key);
  let values = new Uint8Array(capacity * value);
  for (;;) {
    const count = new Uint32Array([capacity]);
    const result = libbpf()[call](map.fd, position, next, keys, values, count, null);
    if (result === -ERRNO.ENOSPC && capacity < map.limit) {
      // One bucket holds more than fits.
      capacity = Math.min(map.limit, capacity * 2);
      keys = new Uint8Array(capacity * key);
      values = new Uint8Array(capacity * value);
      continue;
    }
    if (position === null && isUnsupported(result)) return false;
    if (result !== -ERRNO.ENOENT) map.check("read", result);
    yield { keys, values, count: count[0]! };
    if (result === -ERRNO.ENOENT) return true;
    position = next.slice();
  }
}

/** How many entries there are. */
export function countEntries(map: MapBytes): number {
  let count = 0;
  for (const chunk of readChunks(map)) count += chunk.count;
  return count;
}

/** Sets many entries; `false` where the flags did not allow one: those before it are set. */
export function updateMany(map: MapBytes, chunk: Chunk, flags: bigint): boolean {
  // Batches know no flags.
  if (flags !== UPDATE.any) return updateEach(map, chunk, flags);
  for (let at = 0; at < chunk.count; at += BATCH) {
    const some = slice(map, chunk, at, Math.min(BATCH, chunk.count - at));
    const count = new Uint32Array([some.count]);
    const result = libbpf().bpf_map_update_batch(map.fd, some.keys, some.values, count, null);
    // Why the kernel refuses an entry, the call for that entry tells.
    if (result < 0) updateEach(map, some, flags);
  }
  return true;
}

function updateEach(map: MapBytes, chunk: Chunk, flags: bigint): boolean {
  for (let i = 0; i < chunk.count; i++) {
    const { keys, values } = slice(map, chunk, i, 1);
    if (!map.update(keys, values, flags)) return false;
  }
  return true;
}

/** Deletes many keys; gives how many of them were there. */
export function deleteMany(map: MapBytes, keys: Bytes, count: number): number {
  const all = { keys, values: new Uint8Array(), count };
  let deleted = 0;
  for (let at = 0; at < count;) {
    const rest = slice(map, all, at, Math.min(BATCH, count - at));
    const n = new Uint32Array([rest.count]);
    const result = libbpf().bpf_map_delete_batch(map.fd, rest.keys, n, null);
    if (isUnsupported(result)) {
      if (map.delete(slice(map, all, at, 1).keys)) deleted++;
      at++;
      continue;
    }
    if (result !== -ERRNO.ENOENT) map.check("delete from", result);
    deleted += n[0]!;
    // It stops at the first key that is not there.
    at += n[0]! + (result === -ERRNO.ENOENT ? 1 : 0);
  }
  return deleted;
}

/** Sets all entries of an array to zero: they cannot be deleted. */
export function zeroAll(map: MapBytes): void {
  const count = map.limit;
  const keys = new Uint8Array(Uint32Array.from({ length: count }, (_, i) => i).buffer);
  updateMany(map, { keys, values: new Uint8Array(count * map.size.value), count }, UPDATE.any);
}

function slice(map: MapBytes, { keys, values }: Chunk, at: number, count: number): Chunk {
  const { key, value } = map.size;
  return {
    keys: keys.subarray(at * key, (at + count) * key),
    values: values.subarray(at * value, (at + count) * value),
    count,
  };
}
