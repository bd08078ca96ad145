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
import type { PerfEventTarget } from "./attach/perf_event.ts";
import { PerfBuffer } from "./perf_buffer.ts";
import { PerfCounters } from "./perf_counters.ts";
import { BpfQueue } from "./queue.ts";
import { CgroupArray, MapOfMaps, ProgramArray } from "./reference_maps.ts";
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
  /** The layout of a record. */
  readonly codec: Codec<E>;
}

/** How a perf buffer is opened. */
export interface PerfOptions {
  /** A power of two times the page size; 256 KiB where not given. */
  readonly bytesPerCpu?: number;
  /** Is told how many records were lost, each time that the kernel reports some while the buffer is read: BCC's `lost_cb`. */
  readonly onLost?: (count: bigint) => void;
}

/** A map of the object: libbpf owns its file descriptor. Sizes are in bytes. */
interface OwnFacts extends MapFacts {
  readonly fd: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** The maps of a loaded object, each opened by the method that fits its type. They are closed with the object. */
export abstract class ObjectMaps<S extends Skeleton> extends ObjectHandle<S> {
  readonly #open = new Map<string, MapHandle>();

  /** A map with keys and values. The values of a per-CPU map are lists. */
  map<N extends Names<S["maps"]>>(name: N): MapOf<S["maps"][N]>;
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
  queue<N extends Names<S["maps"]>>(name: N): BpfQueue<ValueOf<S["maps"][N]["value"]>> {
    return this.#opened(name, "queue", (facts, { value }) => {
      const codec: Codec<ValueOf<S["maps"][N]["value"]>> = valueCodec(facts, value);
      return new BpfQueue({ ...facts, value: codec });
    });
  }

  /** A Bloom filter. */
  bloomFilter<N extends Names<S["maps"]>>(name: N): BloomFilter<ValueOf<S["maps"][N]["value"]>> {
    return this.#opened(name, "bloomFilter", (facts, { value }) => {
      const codec: Codec<ValueOf<S["maps"][N]["value"]>> = valueCodec(facts, value);
      return new BloomFilter({ ...facts, value: codec });
    });
  }

  /** The programs that a `bpf_tail_call` goes on with. */
  programArray(name: Names<S["maps"]>): ProgramArray {
    return this.#opened(name, "programArray", (facts) => new ProgramArray(facts));
  }

  /** The cgroups that programs compare with. */
  cgroupArray(name: Names<S["maps"]>): CgroupArray {
    return this.#opened(name, "cgroupArray", (facts) => new CgroupArray(facts));
  }

  /** A map whose values are maps. */
  mapOfMaps<N extends Names<S["maps"]>>(name: N): MapOfMapsOf<S["maps"][N]> {
    const map: unknown = this.#opened(name, "mapOfMaps", (facts, { key = u32, inner }) => {
      const open = (fd: Fd) => openFd(fd, innerCodecs(name, inner), isPerCpuSpec(inner));
      return new MapOfMaps({ ...facts, key, open });
    });
    return map as MapOfMapsOf<S["maps"][N]>;
  }

  /** The stacks that programs have stored. */
  stackTraces(name: Names<S["maps"]>): StackTraces {
    return this.#opened(name, "stackTraces", (facts) => {
      return new StackTraces({ ...facts, depth: facts.valueSize / 8 });
    });
  }

  /** Opens the reader of a ring buffer whose records are what `GIMLET_EVENT` says, or bytes; dispose of it. */
  ringBuffer<N extends Names<S["maps"]>>(name: N): RingBuffer<ValueOf<S["maps"][N]["event"]>>;
  /** Opens the reader of a ring buffer whose records are what the codec says; dispose of it. */
  ringBuffer<E>(name: Names<S["maps"]>, options: BufferOptions<E>): RingBuffer<E>;
  ringBuffer(name: string, { codec }: Partial<BufferOptions<unknown>> = {}): unknown {
    const { fd, maxEntries } = this.#facts(name, "ringBuffer");
    return new RingBuffer(fd, maxEntries, codec ?? this.mapSpec(name).event ?? record);
  }

  /** Opens the reader of a perf buffer whose records are what `GIMLET_EVENT` says, or bytes; dispose of it. */
  perfBuffer<N extends Names<S["maps"]>>(
    name: N,
    options?: PerfOptions,
  ): PerfBuffer<ValueOf<S["maps"][N]["event"]>>;
  /** Opens the reader of a perf buffer whose records are what the codec says; dispose of it. */
  perfBuffer<E>(name: Names<S["maps"]>, options: PerfOptions & BufferOptions<E>): PerfBuffer<E>;
  perfBuffer(
    name: string,
    { codec, bytesPerCpu = PERF_BYTES_PER_CPU, onLost }:
      & PerfOptions
      & Partial<BufferOptions<unknown>> = {},
  ): unknown {
    const { fd } = this.#facts(name, "perfBuffer");
    const cpus = Array.from({ length: libbpf().libbpf_num_possible_cpus() }, (_, i) => i);
    const options = { cpus, bytesPerCpu, onLost };
    return new PerfBuffer(fd, codec ?? this.mapSpec(name).event ?? record, options);
  }

  /**
   * Counts an event on each CPU, and puts the counters into a perf event array, where programs read them (`bpf_perf_event_read`):
   * BCC's `open_perf_event`. They count until what this gives is disposed of.
   *
   * @throws {BpfError} E_NO_PROBE where this machine has no such counter, E_PERMISSION
   */
  perfCounters(name: Names<S["maps"]>, event: PerfEventTarget["event"]): PerfCounters {
    return new PerfCounters(this.#facts(name, "perfBuffer"), event);
  }

  /** The file descriptor and size of a ring or perf buffer's map. */
  bufferMap(name: Names<S["maps"]>): { readonly fd: number; readonly maxEntries: number } {
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

  /** Closes it; twice is safe. */
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
