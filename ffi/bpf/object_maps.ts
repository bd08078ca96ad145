import { MAP_TYPES } from "../btf/map_types.ts";
import type { Fd } from "../raw/fd.ts";
import { libbpf } from "../raw/libbpf.ts";
import { type Codec, u32, type ValueOf } from "../wire/codec.ts";
import { record } from "../wire/wide.ts";
import { BloomFilter } from "./bloom_filter.ts";
import { openFd } from "./create_map.ts";
import type { BpfMap, PerCpuMap } from "./map.ts";
import type { MapFacts, MapHandle } from "./map_handle.ts";
import { isPerCpu, keyedMap, type MapKind, requireKind, requireSize } from "./map_kinds.ts";
import { type Names, ObjectHandle } from "./object_handle.ts";
import { PerfBuffer } from "./perf_buffer.ts";
import { BpfQueue } from "./queue.ts";
import { MapOfMaps, ProgramArray } from "./reference_maps.ts";
import { RingBuffer } from "./ring_buffer.ts";
import type { DynamicSkeleton, MapSpec, Skeleton } from "./skeleton.ts";
import { StackTraces } from "./stack_traces.ts";

const PERF_BYTES_PER_CPU = 1 << 18;

/** The kind of map that a skeleton's entry stands for. */
export type MapOf<M extends MapSpec> = M["type"] extends `${string}percpu_${string}`
  ? PerCpuMap<ValueOf<M["key"]>, ValueOf<M["value"]>>
  : BpfMap<ValueOf<M["key"]>, ValueOf<M["value"]>>;

/** A map of maps as a skeleton's entry describes it. */
export type MapOfMapsOf<M extends MapSpec> = MapOfMaps<
  ValueOf<M["key"]>,
  InnerMapOf<M["inner"]>
>;

/** The maps inside of a map of maps. */
export type InnerMapOf<I> = I extends MapSpec ? MapOf<I> : never;

/** How the records of a buffer are read. */
export interface BufferOptions<E> {
  readonly codec: Codec<E>;
}

/** How a perf buffer is opened: `bytesPerCpu` is a power of two times the page size, 256 KiB where not given. */
export interface PerfOptions {
  readonly bytesPerCpu?: number;
}

/** A map of the object: libbpf owns its file descriptor. Sizes are in bytes. */
interface OwnFacts extends MapFacts {
  readonly fd: number;
  readonly keySize: number;
  readonly valueSize: number;
}

type Maps<S extends Skeleton> = S["maps"];

/** The maps of a loaded object, each opened by the method that fits its type. They are closed with the object. */
export abstract class ObjectMaps<S extends Skeleton> extends ObjectHandle<S> {
  readonly #open = new Map<string, MapHandle>();

  /** A map with keys and values. The values of a per-CPU map are lists. */
  map<N extends Names<Maps<S>>>(name: N): MapOf<Maps<S>[N]>;
  /** A map of an object without a skeleton, whose types the caller knows: nobody checks them. */
  map<K, V>(this: ObjectMaps<DynamicSkeleton>, name: string): BpfMap<K, V>;
  map(name: string): unknown {
    return this.#opened(name, "map", (facts, { key, value }) => {
      if (key === undefined || value === undefined) {
        throw new TypeError(`Cannot read map ${name}: its keys and values have no types`);
      }
      requireSize(`the keys of map ${name}`, key, facts.keySize);
      requireSize(`the values of map ${name}`, value, facts.valueSize);
      return keyedMap({ ...facts, key, value });
    });
  }

  /** A queue or stack. */
  queue<N extends Names<Maps<S>>>(name: N): BpfQueue<ValueOf<Maps<S>[N]["value"]>> {
    return this.#opened(name, "queue", (facts, { value }) => {
      const codec: Codec<ValueOf<Maps<S>[N]["value"]>> = valueCodec(facts, value);
      return new BpfQueue({ ...facts, value: codec });
    });
  }

  /** A Bloom filter. */
  bloomFilter<N extends Names<Maps<S>>>(name: N): BloomFilter<ValueOf<Maps<S>[N]["value"]>> {
    return this.#opened(name, "bloomFilter", (facts, { value }) => {
      const codec: Codec<ValueOf<Maps<S>[N]["value"]>> = valueCodec(facts, value);
      return new BloomFilter({ ...facts, value: codec });
    });
  }

  /** The programs that a `bpf_tail_call` goes on with. */
  programArray(name: Names<Maps<S>>): ProgramArray {
    return this.#opened(name, "programArray", (facts) => new ProgramArray(facts));
  }

  /** A map whose values are maps. */
  mapOfMaps<N extends Names<Maps<S>>>(name: N): MapOfMapsOf<Maps<S>[N]> {
    const map: unknown = this.#opened(name, "mapOfMaps", (facts, { key = u32, inner }) => {
      const open = (fd: Fd) => openFd(fd, innerCodecs(name, inner), isPerCpuSpec(inner));
      return new MapOfMaps({ ...facts, key, open });
    });
    return map as MapOfMapsOf<Maps<S>[N]>;
  }

  /** The stacks that programs have stored. */
  stackTraces(name: Names<Maps<S>>): StackTraces {
    return this.#opened(name, "stackTraces", (facts) => {
      return new StackTraces({ ...facts, depth: facts.valueSize / 8 });
    });
  }

  /** Opens the reader of a ring buffer whose records are what `GIMLET_EVENT` says, or bytes; dispose of it. */
  ringBuffer<N extends Names<Maps<S>>>(name: N): RingBuffer<ValueOf<Maps<S>[N]["event"]>>;
  /** Opens the reader of a ring buffer whose records are what the codec says; dispose of it. */
  ringBuffer<E>(name: Names<Maps<S>>, options: BufferOptions<E>): RingBuffer<E>;
  ringBuffer(name: string, { codec }: Partial<BufferOptions<unknown>> = {}): unknown {
    const { fd, maxEntries } = this.#facts(name, "ringBuffer");
    return new RingBuffer(fd, maxEntries, codec ?? this.mapSpec(name).event ?? record);
  }

  /** Opens the reader of a perf buffer whose records are what `GIMLET_EVENT` says, or bytes; dispose of it. */
  perfBuffer<N extends Names<Maps<S>>>(
    name: N,
    options?: PerfOptions,
  ): PerfBuffer<ValueOf<Maps<S>[N]["event"]>>;
  /** Opens the reader of a perf buffer whose records are what the codec says; dispose of it. */
  perfBuffer<E>(name: Names<Maps<S>>, options: PerfOptions & BufferOptions<E>): PerfBuffer<E>;
  perfBuffer(
    name: string,
    { codec, bytesPerCpu = PERF_BYTES_PER_CPU }: PerfOptions & Partial<BufferOptions<unknown>> = {},
  ): unknown {
    const { fd } = this.#facts(name, "perfBuffer");
    const cpus = Array.from({ length: libbpf().libbpf_num_possible_cpus() }, (_, i) => i);
    const options = { cpus, bytesPerCpu };
    return new PerfBuffer(fd, codec ?? this.mapSpec(name).event ?? record, options);
  }

  /** The file descriptor and size of a ring or perf buffer's map. */
  bufferMap(name: Names<Maps<S>>): { readonly fd: number; readonly maxEntries: number } {
    return this.#facts(name);
  }

  /** The handle of a map, made when it is first asked for. */
  #opened<M extends MapHandle>(
    name: string,
    kind: MapKind,
    make: (facts: OwnFacts, spec: MapSpec) => M,
  ): M {
    const spec = this.mapSpec(name);
    const facts = this.#facts(name, kind);
    const opened = this.#open.get(name);
    // A name has one type and so one kind, which was checked.
    if (opened !== undefined) return opened as M;
    const map = make(facts, spec);
    this.#open.set(name, map);
    return map;
  }

  #facts(name: string, kind?: MapKind): OwnFacts {
    const pointer = this.mapPointer(name);
    const facts = {
      name,
      type: MAP_TYPES[libbpf().bpf_map__type(pointer)] ?? "unspec",
      fd: libbpf().bpf_map__fd(pointer),
      maxEntries: libbpf().bpf_map__max_entries(pointer),
      keySize: libbpf().bpf_map__key_size(pointer),
      valueSize: libbpf().bpf_map__value_size(pointer),
    };
    if (kind !== undefined) requireKind(facts, kind);
    return facts;
  }

  override [Symbol.dispose](): void {
    for (const map of this.#open.values()) map[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

function known(
  map: string,
  codec: MapSpec["value"],
): NonNullable<Skeleton["maps"][string]["value"]> {
  if (codec !== undefined) return codec;
  throw new TypeError(`Cannot read map ${map}: its values have no type`);
}

function valueCodec({ name, valueSize }: OwnFacts, codec: MapSpec["value"]) {
  const value = known(name, codec);
  requireSize(`the values of map ${name}`, value, valueSize);
  return value;
}

function isPerCpuSpec(spec: MapSpec | undefined): boolean {
  return MAP_TYPES.some((type) => type === spec?.type && isPerCpu(type));
}

function innerCodecs(map: string, inner: MapSpec | undefined) {
  const { key, value } = inner ?? {};
  return { key: known(`in ${map}`, key), value: known(`in ${map}`, value) };
}
