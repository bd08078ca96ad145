/** Maps whose values are other things of the kernel: maps and programs. They are set by file descriptor and read by id. */

import { libbpf } from "../raw/libbpf.ts";
import { Fd, openReadOnly } from "../raw/fd.ts";
import type { Bytes } from "../raw/memory.ts";
import { type Codec, u32 } from "../wire/codec.ts";
import { mapFailure } from "./failure.ts";
import type { BpfMap } from "./map.ts";
import { decoded, encoded, MapBytes } from "./map_bytes.ts";
import { type MapFacts, MapHandle } from "./map_handle.ts";

/** Something that has a file descriptor: a map, a program. */
export interface HasFd {
  /** Its file descriptor. */
  readonly fd: number;
}

/** What {@linkcode ProgramArray} and {@linkcode MapOfMaps} have in common. */
export abstract class ReferenceMap<K> extends MapHandle {
  readonly #key: Codec<K>;
  readonly #bytes: MapBytes;

  /** @internal */
  constructor(info: MapFacts, key: Codec<K>) {
    super(info);
    this.#key = key;
    this.#bytes = new MapBytes(this, { key: key.size, value: u32.size });
  }

  /** The kernel's id of what is under a key; `undefined` where there is nothing. */
  getId(key: K): number | undefined {
    const id = this.#bytes.lookUp(this.#encode(key));
    return id && decoded(u32, id);
  }

  /** Whether there is something under a key. */
  has(key: K): boolean {
    return this.getId(key) !== undefined;
  }

  /** Puts something under a key. The kernel keeps it alive from then on. */
  set(key: K, { fd }: HasFd): this {
    this.#bytes.update(this.#encode(key), encoded(u32, fd, "file descriptor"));
    return this;
  }

  /** Empties a key; `false` where it was empty. */
  delete(key: K): boolean {
    return this.#bytes.delete(this.#encode(key));
  }

  /** Iterates the keys under which there is something. */
  *keys(): Generator<K> {
    for (const bytes of this.#bytes.keys()) {
      if (this.#bytes.lookUp(bytes) !== undefined) yield decoded(this.#key, bytes);
    }
  }

  /** Empties all keys. */
  clear(): void {
    for (const key of this.keys()) this.delete(key);
  }

  #encode(key: K): Bytes {
    return encoded(this.#key, key, `key of map ${this.name}`);
  }
}

/** The programs that others can go on with (`bpf_tail_call`), by index. A program of an object has an `fd`. */
export class ProgramArray extends ReferenceMap<number> {
  /** @internal */
  constructor(info: MapFacts) {
    super(info, u32);
  }
}

/** The cgroups that programs compare with (`bpf_current_task_under_cgroup`, `bpf_skb_under_cgroup`), by index. */
export class CgroupArray extends MapHandle {
  readonly #bytes: MapBytes;

  /** @internal */
  constructor(info: MapFacts) {
    super(info);
    this.#bytes = new MapBytes(this, { key: u32.size, value: u32.size });
  }

  /**
   * Puts a cgroup (v2) under an index, by the path of its folder.
   *
   * @throws {LibcError} where the folder cannot be opened
   */
  set(index: number, path: string): this {
    using folder = openReadOnly(path);
    this.#bytes.update(encoded(u32, index, "index"), encoded(u32, folder.number));
    return this;
  }

  /** Empties an index; `false` where it was empty. */
  delete(index: number): boolean {
    return this.#bytes.delete(encoded(u32, index, "index"));
  }
}

/** A map of maps, and how its keys and the maps inside are read. */
export interface MapOfMapsInfo<K, I> extends MapFacts {
  readonly key: Codec<K>;
  /** Makes the handle of an inner map, which owns its file descriptor. */
  readonly open: (fd: Fd) => I;
}

/** A map whose values are maps: `array_of_maps`, `hash_of_maps`. */
export class MapOfMaps<K, I extends HasFd = BpfMap<unknown, unknown>> extends ReferenceMap<K> {
  readonly #open: (fd: Fd) => I;

  /** @internal */
  constructor(info: MapOfMapsInfo<K, I>) {
    super(info, info.key);
    this.#open = info.open;
  }

  /** Opens the map under a key: dispose of it; `undefined` where there is none. Needs CAP_SYS_ADMIN. */
  get(key: K): I | undefined {
    const id = this.getId(key);
    if (id === undefined) return undefined;
    const fd = libbpf().bpf_map_get_fd_by_id(id);
    if (fd < 0) throw mapFailure(`open map ${id}, which is in map ${this.name}`, fd);
    return this.#open(new Fd(fd));
  }
}
