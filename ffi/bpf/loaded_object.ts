import { libbpf } from "../raw/libbpf.ts";
import { Mapping, pageSize } from "../raw/mmap.ts";
import type { ValueOf } from "../wire/codec.ts";
import { LinkSet } from "./link.ts";
import { BpfMap, PerCpuMap } from "./map.ts";
import { type Names, ObjectHandle } from "./object_handle.ts";
import { Program } from "./program.ts";
import type { DynamicSkeleton, GlobalSpec, MapSpec, Skeleton } from "./skeleton.ts";

/** The type of a global variable. */
export type GlobalValue<S extends Skeleton, N extends Names<S["globals"]>> = ValueOf<
  S["globals"][N]["codec"]
>;

/** The kind of map that a skeleton's entry stands for. */
export type MapOf<M extends MapSpec> = M["type"] extends `${string}percpu_${string}`
  ? PerCpuMap<ValueOf<M["key"]>, ValueOf<M["value"]>>
  : BpfMap<ValueOf<M["key"]>, ValueOf<M["value"]>>;

/** An object in the kernel. Disposing of it detaches what is attached, and closes its maps and programs. */
export class LoadedObject<S extends Skeleton> extends ObjectHandle<S> {
  readonly #open = new Map<string, { markClosed(): void }>();
  readonly #sections = new Map<string, Mapping>();
  readonly #links = new LinkSet();

  /** A program, to be attached. */
  program(name: Names<S["programs"]>): Program {
    const pointer = () => this.programPointer(name);
    void pointer(); // throws where there is none
    return new Program({ name, pointer, links: this.#links });
  }

  /** A map with keys and values. */
  map<N extends Names<S["maps"]>>(name: N): MapOf<S["maps"][N]>;
  /** A map of an object without a skeleton, whose types the caller knows: nobody checks them. */
  map<K, V>(this: LoadedObject<DynamicSkeleton>, name: string): BpfMap<K, V>;
  map(name: string): unknown {
    const opened = this.#open.get(name);
    if (opened !== undefined) return opened;
    const { key, value, type } = this.mapSpec(name);
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
    return map;
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
    const spec = this.globalSpec(name);
    return spec.codec.decode(this.#liveValue(name, spec), 0) as GlobalValue<S, N>;
  }

  /** Sets a global variable in `.data` or `.bss`; programs see it at once. */
  setGlobal<N extends Names<S["globals"]>>(name: N, value: GlobalValue<S, N>): this {
    const spec = this.globalSpec(name);
    spec.codec.encode(this.#liveValue(name, spec), 0, value, name);
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

  protected override whenDetached(then: () => void): void {
    this.#links.close(then);
  }
}
