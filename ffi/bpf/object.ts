/**
 * BPF objects, in two phases that are two types: an {@linkcode OpenObject} was read and can still be changed; a
 * {@linkcode LoadedObject} is in the kernel and can be attached and read.
 */

import { BpfError } from "../errors.ts";
import { lastErrno } from "../raw/libc.ts";
import { libbpf } from "../raw/libbpf.ts";
import { captureLog, takeLog } from "../raw/log.ts";
import { Mapping, pageSize } from "../raw/mmap.ts";
import {
  type Bytes,
  fromCString,
  memoryAt,
  OptionStruct,
  type PointerValue,
} from "../raw/memory.ts";
import { errnoName } from "../errno.ts";
import type { ValueOf } from "../wire/codec.ts";
import { closed, loadFailure } from "./failure.ts";
import { BpfMap, PerCpuMap } from "./map.ts";
import { Program } from "./program.ts";
import type { GlobalSpec, MapSpec, Skeleton } from "./skeleton.ts";

type Names<T> = keyof T & string;
type GlobalValue<S extends Skeleton, N extends Names<S["globals"]>> = ValueOf<
  S["globals"][N]["codec"]
>;

/** The kind of map that a skeleton's entry stands for. */
export type MapOf<M extends MapSpec> = M["type"] extends `${string}percpu_${string}`
  ? PerCpuMap<ValueOf<M["key"]>, ValueOf<M["value"]>>
  : BpfMap<ValueOf<M["key"]>, ValueOf<M["value"]>>;

/**
 * Opens a BPF object, without a look at the kernel: `bpf_object__open_mem`. Who opens it loads it or disposes of it.
 *
 * @throws {BpfError} E_OBJECT where it is no BPF object; E_NO_LIBBPF, E_OLD_LIBBPF
 */
export function openObject<S extends Skeleton>(
  skeleton: S,
  bytes: Bytes = Deno.readFileSync(skeleton.object),
): OpenObject<S> {
  captureLog();
  const options = new OptionStruct([{ type: "pointer", value: skeleton.name }]);
  const pointer = libbpf().bpf_object__open_mem(bytes, BigInt(bytes.length), options.bytes);
  if (pointer === null) {
    const errno = lastErrno();
    const log = takeLog();
    throw new BpfError(`open object ${skeleton.name}`, {
      step: "open",
      code: "E_OBJECT",
      cause: log.split("\n").at(-1) || errnoName(errno),
      log,
      errno,
    });
  }
  return new OpenObject(skeleton, pointer);
}

/** What both phases share: the handle, and the things inside by name. */
abstract class ObjectHandle<S extends Skeleton> implements Disposable {
  readonly skeleton: S;
  #pointer: PointerValue;
  readonly #programs: ReadonlyMap<string, PointerValue>;
  readonly #maps: ReadonlyMap<string, PointerValue>;

  constructor(skeleton: S, pointer: PointerValue) {
    this.skeleton = skeleton;
    this.#pointer = pointer;
    const { bpf_object__next_program, bpf_program__name, bpf_object__next_map, bpf_map__name } =
      libbpf();
    this.#programs = namedItems(pointer, bpf_object__next_program, bpf_program__name);
    this.#maps = namedItems(pointer, bpf_object__next_map, bpf_map__name);
  }

  protected get pointer(): PointerValue {
    if (this.#pointer === null) throw closed(`object ${this.skeleton.name}`);
    return this.#pointer;
  }

  /** Hands the handle over to the next phase. */
  protected release(): PointerValue {
    const pointer = this.pointer;
    this.#pointer = null;
    return pointer;
  }

  protected programPointer(name: string): PointerValue {
    return this.#named("program", this.#programs.get(name), name);
  }

  protected mapPointer(name: string): PointerValue {
    return this.#named("map", this.#maps.get(name), name);
  }

  /** The map that holds the global variables of a section. */
  protected sectionPointer(section: string): PointerValue {
    const found = [...this.#maps].find(([name]) => name.endsWith(section));
    return this.#named("section", found?.[1], section);
  }

  #named(kind: string, pointer: PointerValue | undefined, name: string): PointerValue {
    void this.pointer; // throws where the object is closed
    if (pointer === undefined) {
      throw new RangeError(`Cannot find ${kind} ${name} in object ${this.skeleton.name}`);
    }
    return pointer;
  }

  [Symbol.dispose](): void {
    if (this.#pointer === null) return;
    libbpf().bpf_object__close(this.#pointer);
    this.#pointer = null;
  }
}

/** An object that is read but not loaded. */
export class OpenObject<S extends Skeleton> extends ObjectHandle<S> {
  /** Sets a global variable; one in `.rodata` is a constant from then on. */
  setGlobal<N extends Names<S["globals"]>>(name: N, value: GlobalValue<S, N>): this {
    const spec: GlobalSpec = this.skeleton.globals[name]!;
    spec.codec.encode(this.#initialValue(spec), 0, value);
    return this;
  }

  #initialValue({ section, offset, codec }: GlobalSpec): DataView {
    const size = new BigUint64Array(1);
    const memory = libbpf().bpf_map__initial_value(this.sectionPointer(section), size);
    if (memory === null) throw closed(`section ${section}`);
    return new DataView(memoryAt(memory, Number(size[0])), offset, codec.size);
  }

  /** Loads just these programs: the others may need what this kernel has not. */
  loadOnly(programs: ReadonlySet<string>): this {
    for (const name of Object.keys(this.skeleton.programs)) {
      libbpf().bpf_program__set_autoload(this.programPointer(name), programs.has(name));
    }
    return this;
  }

  /** Sets how many entries (or, for a ring, bytes) a map has. */
  setMaxEntries(map: Names<S["maps"]>, entries: number): this {
    const result = libbpf().bpf_map__set_max_entries(this.mapPointer(map), entries);
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

/** An object in the kernel. Disposing of it closes its maps and programs; dispose of links first. */
export class LoadedObject<S extends Skeleton> extends ObjectHandle<S> {
  readonly #open = new Map<string, { markClosed(): void }>();
  readonly #sections = new Map<string, Mapping>();

  /** A program, to be attached. */
  program(name: Names<S["programs"]>): Program {
    return new Program(this.programPointer(name), name);
  }

  /** A map with keys and values. */
  map<N extends Names<S["maps"]>>(name: N): MapOf<S["maps"][N]> {
    const opened = this.#open.get(name);
    // The type of each entry was settled by the skeleton when it was made.
    if (opened !== undefined) return opened as unknown as MapOf<S["maps"][N]>;
    const { key, value, type }: MapSpec = this.skeleton.maps[name]!;
    if (key === undefined || value === undefined) {
      throw new RangeError(`Cannot read map ${name}: its keys and values have no types`);
    }
    const pointer = this.mapPointer(name);
    const info = {
      name,
      fd: libbpf().bpf_map__fd(pointer),
      key,
      value,
      maxEntries: libbpf().bpf_map__max_entries(pointer),
    };
    const map = type.includes("percpu_") ? new PerCpuMap(info) : new BpfMap(info);
    this.#open.set(name, map);
    return map as unknown as MapOf<S["maps"][N]>;
  }

  /** The file descriptor and size of a ring or perf buffer's map. */
  bufferMap(name: Names<S["maps"]>): { readonly fd: number; readonly maxEntries: number } {
    const pointer = this.mapPointer(name);
    return {
      fd: libbpf().bpf_map__fd(pointer),
      maxEntries: libbpf().bpf_map__max_entries(pointer),
    };
  }

  /** Reads a global variable of `.data` or `.bss` as it is now. */
  global<N extends Names<S["globals"]>>(name: N): GlobalValue<S, N> {
    const spec: GlobalSpec = this.skeleton.globals[name]!;
    return spec.codec.decode(this.#liveValue(name, spec), 0) as GlobalValue<S, N>;
  }

  /** Sets a global variable in `.data` or `.bss`; programs see it at once. */
  setGlobal<N extends Names<S["globals"]>>(name: N, value: GlobalValue<S, N>): this {
    const spec: GlobalSpec = this.skeleton.globals[name]!;
    spec.codec.encode(this.#liveValue(name, spec), 0, value);
    return this;
  }

  /** The section's map, mapped into this program: what a program writes is seen here, and the other way round. */
  #liveValue(name: string, { section, offset, codec }: GlobalSpec): DataView {
    if (section.startsWith(".rodata")) {
      throw new TypeError(`Cannot use ${name}: it is a constant since the object was loaded`);
    }
    const map = this.sectionPointer(section);
    let mapping = this.#sections.get(section);
    if (mapping === undefined) {
      const size = libbpf().bpf_map__value_size(map);
      const length = Math.ceil(size / pageSize()) * pageSize();
      mapping = new Mapping({ fd: libbpf().bpf_map__fd(map), length, writable: true });
      this.#sections.set(section, mapping);
    }
    return new DataView(mapping.buffer, offset, codec.size);
  }

  override [Symbol.dispose](): void {
    for (const map of this.#open.values()) map.markClosed();
    for (const mapping of this.#sections.values()) mapping[Symbol.dispose]();
    this.#sections.clear();
    super[Symbol.dispose]();
  }
}

function namedItems(
  object: PointerValue,
  next: (object: PointerValue, previous: PointerValue) => PointerValue,
  nameOf: (item: PointerValue) => PointerValue,
): Map<string, PointerValue> {
  const items = new Map<string, PointerValue>();
  for (let item = next(object, null); item !== null; item = next(object, item)) {
    items.set(fromCString(nameOf(item)), item);
  }
  return items;
}
