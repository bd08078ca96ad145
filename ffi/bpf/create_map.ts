/** Maps without an object: new ones, and those that are pinned in a bpf file system. */

import { MAP_TYPES, type MapType } from "../btf/map_types.ts";
import { Fd } from "../raw/fd.ts";
import { libbpf } from "../raw/libbpf.ts";
import { captureLog } from "../raw/log.ts";
import { OptionStruct, toCString } from "../raw/memory.ts";
import type { Codec } from "../wire/codec.ts";
import { BloomFilter } from "./bloom_filter.ts";
import { mapFailure } from "./failure.ts";
import type { BpfMap, PerCpuMap } from "./map.ts";
import type { MapFacts } from "./map_handle.ts";
import { type KernelMapInfo, mapInfo } from "./map_info.ts";
import { isPerCpu, keyedMap, requireKind, requireSize } from "./map_kinds.ts";
import { BpfQueue } from "./queue.ts";
import { type HasFd, MapOfMaps } from "./reference_maps.ts";

/** Flags of a new map (`BPF_F_…`), to be combined with `|`. */
export const MAP_FLAG = {
  /** Memory is taken for each entry when it is made. An LPM trie has it anyway. */
  NO_PREALLOC: 1,
  /** Each CPU has an LRU list of its own. */
  NO_COMMON_LRU: 2,
  /** User space may only read. */
  RDONLY: 8,
  /** User space may only write. */
  WRONLY: 16,
  /** User space may map an array into its memory. */
  MMAPABLE: 1 << 10,
  /** An array in a map of maps may have another size than the example. */
  INNER_MAP: 1 << 12,
} as const;

/** The types of maps in which all CPUs share one value for each key. */
export type SharedType = "hash" | "array" | "lru_hash" | "lpm_trie";
/** The types of maps in which each CPU has a value of its own. */
export type PerCpuType = "percpu_hash" | "percpu_array" | "lru_percpu_hash";

/** What any new map has. */
export interface NewMap {
  /** At most 15 letters, digits, `_` and `.` */
  readonly name?: string;
  /** How many entries it can have. */
  readonly maxEntries: number;
  /** Of {@linkcode MAP_FLAG} */
  readonly flags?: number;
}

/** A new map with keys and values. */
export interface NewKeyedMap<T extends MapType, K, V> extends NewMap {
  /** The kernel's name without `BPF_MAP_TYPE_`, in lower case. */
  readonly type: T;
  /** How its keys are read and written. */
  readonly key: Codec<K>;
  /** That of one CPU, in a per-CPU map. */
  readonly value: Codec<V>;
}

/** The parts of a map of which only a pin is left that the kernel does not know: how its keys and values are read. */
export interface EntryCodecs<K, V> {
  /** Of its keys. */
  readonly key: Codec<K>;
  /** That of one CPU, in a per-CPU map. */
  readonly value: Codec<V>;
}

/**
 * Makes a map: `bpf_map_create`. Dispose of it; it lives on while it is pinned or a program uses it.
 *
 * @throws {BpfError} E_MAP, E_PERMISSION
 */
export function createMap<K, V>(options: NewKeyedMap<SharedType, K, V>): BpfMap<K, V>;
/** Makes a map in which each CPU has a value of its own. */
export function createMap<K, V>(options: NewKeyedMap<PerCpuType, K, V>): PerCpuMap<K, V>;
export function createMap<K, V>(
  options: NewKeyedMap<SharedType | PerCpuType, K, V>,
): BpfMap<K, V> | PerCpuMap<K, V> {
  const { key, value } = options;
  const facts = create(options, { keySize: key.size, valueSize: value.size });
  return keyedMap({ ...facts, key, value });
}

/**
 * Makes a queue or stack. Dispose of it.
 *
 * @throws {BpfError} E_MAP, E_PERMISSION
 */
export function createQueue<V>(
  options: NewMap & { readonly type: "queue" | "stack"; readonly value: Codec<V> },
): BpfQueue<V> {
  const { value } = options;
  return new BpfQueue({ ...create(options, { keySize: 0, valueSize: value.size }), value });
}

/**
 * Makes a Bloom filter for about `maxEntries` values; `hashes` (1 to 15, 5 where not given) trades time for fewer false answers.
 * Dispose of it. Needs Linux ≥ 5.16.
 *
 * @throws {BpfError} E_MAP, E_PERMISSION
 */
export function createBloomFilter<V>(
  options: NewMap & { readonly value: Codec<V>; readonly hashes?: number },
): BloomFilter<V> {
  const { value, hashes = 0 } = options;
  const sizes = { keySize: 0, valueSize: value.size, extra: BigInt(hashes) };
  return new BloomFilter({ ...create({ ...options, type: "bloom_filter" }, sizes), value });
}

/**
 * Makes a map of maps that are like an example, by its `key` and `value` codecs. Dispose of it.
 *
 * @throws {BpfError} E_MAP, E_PERMISSION
 */
export function createMapOfMaps<K, IK, IV>(
  options: NewMap & {
    readonly type: "array_of_maps" | "hash_of_maps";
    readonly key: Codec<K>;
    readonly inner: EntryCodecs<IK, IV> & { readonly example: HasFd };
  },
): MapOfMaps<K, BpfMap<IK, IV>> {
  const { key, inner } = options;
  const sizes = { keySize: key.size, valueSize: 4, innerFd: inner.example.fd };
  return new MapOfMaps({
    ...create(options, sizes),
    key,
    open: (fd) => openFd(fd, inner) as BpfMap<IK, IV>,
  });
}

interface Sizes {
  readonly keySize: number;
  readonly valueSize: number;
  readonly innerFd?: number;
  readonly extra?: bigint;
}

function create(
  { type, name = "", maxEntries, flags = 0 }: NewMap & { readonly type: MapType },
  { keySize, valueSize, innerFd = 0, extra = 0n }: Sizes,
): MapFacts {
  captureLog();
  const own = type === "lpm_trie" ? MAP_FLAG.NO_PREALLOC : 0;
  const options = new OptionStruct([
    { type: "u32", value: 0 }, // btf_fd
    { type: "u32", value: 0 }, // btf_key_type_id
    { type: "u32", value: 0 }, // btf_value_type_id
    { type: "u32", value: 0 }, // btf_vmlinux_value_type_id
    { type: "u32", value: innerFd },
    { type: "u32", value: flags | own },
    { type: "u64", value: extra },
    { type: "u32", value: 0 }, // numa_node
    { type: "u32", value: 0 }, // map_ifindex
  ]);
  const number = MAP_TYPES.indexOf(type);
  const fd = libbpf().bpf_map_create(
    number,
    toCString(name),
    keySize,
    valueSize,
    maxEntries,
    options.bytes,
  );
  const what = name === "" ? `a map of type ${type}` : `map ${name} of type ${type}`;
  if (fd < 0) throw mapFailure(`create ${what}`, fd);
  return { name: name || type, type, maxEntries, fd: new Fd(fd) };
}

/**
 * Opens a map that is pinned in a bpf file system: `bpf_obj_get`. Dispose of it.
 *
 * @throws {BpfError} E_MAP where there is no map of that name, E_PERMISSION
 * @throws {TypeError | RangeError} where it is of another kind, or its keys and values have other sizes
 */
export function openPinnedMap<K, V>(
  path: string,
  codecs: EntryCodecs<K, V> & { readonly perCpu?: false },
): BpfMap<K, V>;
/** Opens a pinned map in which each CPU has a value of its own. */
export function openPinnedMap<K, V>(
  path: string,
  codecs: EntryCodecs<K, V> & { readonly perCpu: true },
): PerCpuMap<K, V>;
export function openPinnedMap<K, V>(
  path: string,
  { perCpu = false, ...codecs }: EntryCodecs<K, V> & { readonly perCpu?: boolean },
): BpfMap<K, V> | PerCpuMap<K, V> {
  return openFd(openPin(path), codecs, perCpu);
}

/**
 * Opens a queue or stack that is pinned in a bpf file system. Dispose of it.
 *
 * @throws {BpfError} E_MAP where there is no map of that name, E_PERMISSION
 * @throws {TypeError | RangeError} where it is no queue, or its values have another size
 */
export function openPinnedQueue<V>(
  path: string,
  { value }: { readonly value: Codec<V> },
): BpfQueue<V> {
  const fd = openPin(path);
  return checked(fd, (info) => {
    requireKind(info, "queue");
    requireSize(`the values of map ${info.name}`, value, info.valueSize);
    return new BpfQueue({ ...info, fd, value });
  });
}

/**
 * Makes the handle of a map that is open, and closes it where it does not fit.
 *
 * @throws {TypeError | RangeError}
 */
export function openFd<K, V>(fd: Fd, { key, value }: EntryCodecs<K, V>, perCpu = false) {
  return checked(fd, (info) => {
    requireKind(info, "map");
    if (isPerCpu(info.type) !== perCpu) {
      const wanted = perCpu ? "should have a value for each CPU" : "should have one value a key";
      throw new TypeError(`Cannot open map ${info.name}: it is a ${info.type}, ${wanted}`);
    }
    requireSize(`the keys of map ${info.name}`, key, info.keySize);
    requireSize(`the values of map ${info.name}`, value, info.valueSize);
    return keyedMap({ ...info, fd, key, value });
  });
}

/** Closes the file descriptor where the map is not what it should be. */
function checked<T>(fd: Fd, make: (info: KernelMapInfo) => T): T {
  try {
    return make(mapInfo(fd.number));
  } catch (error) {
    fd[Symbol.dispose]();
    throw error;
  }
}

function openPin(path: string): Fd {
  captureLog();
  const fd = libbpf().bpf_obj_get(toCString(path));
  if (fd < 0) throw mapFailure(`open the map pinned at ${path}`, fd);
  const owned = new Fd(fd);
  // Programs and links can be pinned as well.
  if (Deno.readLinkSync(`/proc/self/fd/${fd}`) === "anon_inode:bpf-map") return owned;
  owned[Symbol.dispose]();
  throw new TypeError(`Cannot open ${path} as a map: something else is pinned there`);
}
