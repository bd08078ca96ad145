/**
 * BPF objects, in two phases that are two types: an {@linkcode OpenObject} was read and can still be changed; a
 * {@linkcode LoadedObject} is in the kernel and can be attached and read.
 */

import { errnoName } from "../errno.ts";
import { MAP_TYPES } from "../btf/map_types.ts";
import { lastErrno } from "../raw/libc.ts";
import { libbpf } from "../raw/libbpf.ts";
import { captureLog, takeLog } from "../raw/log.ts";
import { type Bytes, memoryAt, OptionStruct, toCString } from "../raw/memory.ts";
import { type AttachFunction, setAttachTarget, setExpectedAttachType } from "./attach_type.ts";
import { describeBytes, nameOf, objectFailure, type ObjectSource, readObject } from "./dynamic.ts";
import { closed, loadFailure } from "./failure.ts";
import { type GlobalValue, LoadedObject } from "./loaded_object.ts";
import { type KernelMapInfo, mapInfo } from "./map_info.ts";
import { itemsOf, type Names, ObjectHandle } from "./object_handle.ts";
import type { DynamicSkeleton, GlobalSpec, Skeleton } from "./skeleton.ts";

export { LoadedObject };
export type { ObjectSource };

/** How an object is opened. */
export interface OpenOptions {
  /** The name in messages, and in front of those of its maps of global variables; that of the file where not given. */
  readonly name?: string;
  /** The object, where the skeleton does not say where its file is. */
  readonly source?: ObjectSource;
}

/**
 * Opens the object of a generated skeleton, without a look at the kernel: `bpf_object__open_mem`. Who opens it loads it or
 * disposes of it.
 *
 * @throws {BpfError} E_OBJECT where it is no BPF object; E_NO_LIBBPF, E_OLD_LIBBPF
 */
export function openObject<S extends Skeleton>(skeleton: S, options?: OpenOptions): OpenObject<S>;
/**
 * Opens a CO-RE object that has no skeleton: its bytes, the path of its file, or a `file:` URL. Names and types are those of
 * its own BTF.
 *
 * @throws {BpfError} E_OBJECT where it cannot be read, is no BPF object or has no BTF; E_NO_LIBBPF, E_OLD_LIBBPF
 */
export function openObject(
  source: ObjectSource,
  options?: OpenOptions,
): OpenObject<DynamicSkeleton>;
export function openObject(
  source: Skeleton | ObjectSource,
  options: OpenOptions = {},
): OpenObject<Skeleton> | OpenObject<DynamicSkeleton> {
  if (isSource(source)) {
    const { name = nameOf(source) } = options;
    const bytes = readObject(source);
    return openBytes(describeBytes(name, bytes), name, bytes);
  }
  const { name = source.name, source: object = source.object } = options;
  if (object === undefined) {
    throw new TypeError(`Cannot open object ${name}: its skeleton does not say where its file is`);
  }
  return openBytes(source, name, readObject(object));
}

function isSource(source: Skeleton | ObjectSource): source is ObjectSource {
  return typeof source === "string" || source instanceof URL || source instanceof Uint8Array;
}

function openBytes<S extends Skeleton>(skeleton: S, name: string, bytes: Bytes): OpenObject<S> {
  captureLog();
  takeLog(); // what was said before does not explain this
  const options = new OptionStruct([{ type: "pointer", value: name }]);
  const pointer = libbpf().bpf_object__open_mem(bytes, BigInt(bytes.length), options.bytes);
  if (pointer === null) {
    const errno = lastErrno();
    const log = takeLog();
    throw objectFailure(name, log.split("\n").at(-1) || errnoName(errno), log);
  }
  return new OpenObject(skeleton, itemsOf(pointer));
}

/** An object that is read but not loaded. */
export class OpenObject<S extends Skeleton> extends ObjectHandle<S> {
  /** Sets a global variable; one in `.rodata` is a constant from then on. */
  setGlobal<N extends Names<S["globals"]>>(name: N, value: GlobalValue<S, N>): this {
    const spec = this.globalSpec(name);
    spec.codec.encode(this.#initialValue(spec), 0, value, name);
    return this;
  }

  /** Reads a global variable as it will be, constants too. */
  global<N extends Names<S["globals"]>>(name: N): GlobalValue<S, N> {
    const spec = this.globalSpec(name);
    return spec.codec.decode(this.#initialValue(spec), 0) as GlobalValue<S, N>;
  }

  #initialValue({ section, offset, codec }: GlobalSpec): DataView {
    const size = new BigUint64Array(1);
    const memory = libbpf().bpf_map__initial_value(this.sectionPointer(section), size);
    if (memory === null) throw closed(`section ${section}`);
    return new DataView(memoryAt(memory, Number(size[0])), offset, codec.size);
  }

  /** Loads just these programs: the others may need what this kernel has not. */
  loadOnly(programs: ReadonlySet<string>): this {
    for (const name of this.programNames) this.setAutoload(name, programs.has(name));
    return this;
  }

  /** Says whether a program is to be loaded: `bpf_program__set_autoload`. */
  setAutoload(program: Names<S["programs"]>, load: boolean): this {
    const result = libbpf().bpf_program__set_autoload(this.programPointer(program), load);
    if (result < 0) throw loadFailure(`program ${program}`, result);
    return this;
  }

  /**
   * Chooses what a program of fentry, fexit, fmod_ret, tp_btf, lsm or freplace attaches to, in place of what its section says:
   * a function of the kernel, or one of a loaded program: `bpf_program__set_attach_target`.
   */
  setAttachTarget(program: Names<S["programs"]>, target: AttachFunction): this {
    setAttachTarget({ name: program, pointer: this.programPointer(program) }, target);
    return this;
  }

  /**
   * Chooses what a program is to be attached as, in place of what its section says: the kernel's name without `BPF_`, in
   * lower case, as `trace_fexit`: `bpf_program__set_expected_attach_type`.
   */
  setExpectedAttachType(program: Names<S["programs"]>, type: string): this {
    setExpectedAttachType({ name: program, pointer: this.programPointer(program) }, type);
    return this;
  }

  /** Sets how many entries (or, for a ring, bytes) a map has: `bpf_map__set_max_entries`. */
  setMaxEntries(map: Names<S["maps"]>, entries: number): this {
    const result = libbpf().bpf_map__set_max_entries(this.mapPointer(map), entries);
    if (result < 0) throw loadFailure(`map ${map}`, result);
    return this;
  }

  /**
   * Sets how long the keys and values of a map are, in bytes, in place of what its definition says or leaves open:
   * `bpf_map__set_key_size`, `bpf_map__set_value_size`.
   */
  setEntrySizes(
    map: Names<S["maps"]>,
    sizes: { readonly key: number; readonly value: number },
  ): this {
    const pointer = this.mapPointer(map);
    const { bpf_map__set_key_size, bpf_map__set_value_size } = libbpf();
    const result = bpf_map__set_key_size(pointer, sizes.key) ||
      bpf_map__set_value_size(pointer, sizes.value);
    if (result < 0) throw loadFailure(`map ${map}`, result);
    return this;
  }

  /**
   * Pins a map at a path of a bpf file system when it is loaded, or uses the one that is pinned there already:
   * `bpf_map__set_pin_path`.
   */
  setPinPath(map: Names<S["maps"]>, path: string): this {
    const result = libbpf().bpf_map__set_pin_path(this.mapPointer(map), toCString(path));
    if (result < 0) throw loadFailure(`map ${map}`, result);
    return this;
  }

  /**
   * Uses a map that exists in place of one of this object's own: `bpf_map__reuse_fd`.
   *
   * @throws {RangeError} where its type, or the size of its keys or values, is another
   */
  reuseMap(map: Names<S["maps"]>, { fd }: { readonly fd: number }): this {
    this.#requireSame(map, mapInfo(fd));
    const result = libbpf().bpf_map__reuse_fd(this.mapPointer(map), fd);
    if (result < 0) throw loadFailure(`map ${map}`, result);
    return this;
  }

  #requireSame(map: string, other: KernelMapInfo): void {
    const pointer = this.mapPointer(map);
    const shown = (type: string, key: number, value: number) =>
      `a ${type} with keys of ${key} and values of ${value} bytes`;
    const { bpf_map__type, bpf_map__key_size, bpf_map__value_size } = libbpf();
    const type = MAP_TYPES[bpf_map__type(pointer)] ?? "unspec";
    const wanted = shown(type, bpf_map__key_size(pointer), bpf_map__value_size(pointer));
    const found = shown(other.type, other.keySize, other.valueSize);
    if (found === wanted) return;
    throw new RangeError(`Cannot reuse a map as ${map}: it is ${found}, should be ${wanted}`);
  }

  /** Says what the maps in a map of maps are like, by an example: `bpf_map__set_inner_map_fd`. */
  setInnerMap(map: Names<S["maps"]>, { fd }: { readonly fd: number }): this {
    const result = libbpf().bpf_map__set_inner_map_fd(this.mapPointer(map), fd);
    if (result < 0) throw loadFailure(`map ${map}`, result);
    return this;
  }

  /**
   * Creates the maps and loads the programs: `bpf_object__load`. This object is used up, whether it succeeds or not.
   *
   * @throws {BpfError} E_VERIFIER, E_NO_PROBE, E_NO_BTF, E_PERMISSION or E_LOAD
   */
  load(): LoadedObject<S> {
    takeLog(); // what was said before does not explain this
    const result = libbpf().bpf_object__load(this.pointer);
    if (result < 0) {
      const failure = loadFailure(this.skeleton.name, result);
      this[Symbol.dispose]();
      throw failure;
    }
    return new LoadedObject(this.skeleton, this.release());
  }
}
