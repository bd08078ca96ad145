/**
 * Perf buffers (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`): one ring for each CPU, read where the kernel writes them.
 *
 * @see perf_event_open(2), "MMAP layout"
 */

import { ERRNO } from "../errno.ts";
import { clockNow } from "../raw/clock.ts";
import { libbpf } from "../raw/libbpf.ts";
import { LibcError } from "../raw/libc.ts";
import type { Fd } from "../raw/fd.ts";
import { Mapping, pageSize } from "../raw/mmap.ts";
import { openBpfOutput } from "../raw/perf_event.ts";
import type { Codec } from "../wire/codec.ts";
import type { EventSource } from "./event_source.ts";
import { eventBatches, events, type ReadOptions } from "./events.ts";
import { closed, mapFailure } from "./failure.ts";
import { tooShort } from "./ring_buffer.ts";

const RECORD_LOST = 2; // PERF_RECORD_LOST
const RECORD_SAMPLE = 9; // PERF_RECORD_SAMPLE
const HEADER = 8; // struct perf_event_header
const TIME = 8; // the u64 in front of a sample's raw data
const RAW_SIZE = 4; // the u32 between the two
const DATA_HEAD = 1024; // offsets in struct perf_event_mmap_page
const DATA_TAIL = 1032;

/** How a perf buffer is made. */
export interface PerfBufferOptions {
  /** The CPUs that are online. */
  readonly cpus: readonly number[];
  /** Bytes for each CPU, a power of two times the page size. Where the kernel grants less, less is taken. */
  readonly bytesPerCpu: number;
  /** Is told how many records were lost, each time that the kernel reports some. */
  readonly onLost?: ((count: bigint) => void) | undefined;
}

/** The reader of a perf event array. Opening it puts an event for each CPU into the map; closing takes them out. */
export class PerfBuffer<E> implements EventSource<E> {
  /** That of each CPU's ring. */
  readonly fds: readonly number[];
  readonly #rings: readonly CpuRing<E>[];
  readonly #onLost: PerfBufferOptions["onLost"];
  #toldLost = 0n;
  #closed = false;

  /**
   * Opens it.
   *
   * @internal
   */
  constructor(
    mapFd: number,
    codec: Codec<E>,
    { cpus, bytesPerCpu, onLost }: PerfBufferOptions,
  ) {
    this.#onLost = onLost;
    const rings: CpuRing<E>[] = [];
    try {
      for (const cpu of cpus) {
        const ring = openRing(cpu, codec, bytesPerCpu);
        if (ring === undefined) continue;
        rings.push(ring);
        ring.enterInto(mapFd);
      }
    } catch (error) {
      for (const ring of rings) ring[Symbol.dispose]();
      throw error;
    }
    this.#rings = rings;
    this.fds = rings.map(({ fd }) => fd);
  }

  /**
   * Records that the kernel itself has reported as lost. It reports with the next record that finds room, so the last ones are
   * missing here: programs that count failed outputs by themselves know better.
   */
  get lost(): bigint {
    return this.#rings.reduce((sum, ring) => sum + ring.lost, 0n);
  }

  /** Iterates the events as they arrive: see {@linkcode eventBatches}, which also reads several sources. */
  events(options?: ReadOptions): AsyncGenerator<E> {
    return events([this], options);
  }

  /** Iterates the events in batches: see {@linkcode eventBatches}. */
  batches(options?: ReadOptions): AsyncGenerator<E[]> {
    return eventBatches([this], options);
  }

  /**
   * See {@linkcode EventSource.drain}. Records of all CPUs come in the order of their times; those that are younger than this call
   * are left for the next one.
   */
  drain(limit: number, take: (event: E) => boolean): number {
    if (this.#closed) throw closed("perf buffer");
    const now = Number(clockNow("monotonic"));
    for (const ring of this.#rings) ring.look();
    let taken = 0;
    let goOn = true;
    const takeOne = (event: E) => (goOn = take(event));
    while (goOn && taken < limit) {
      const [ring, until] = this.#earliest(now);
      if (ring === undefined) break;
      taken += ring.drain({ limit: limit - taken, until }, takeOne);
    }
    for (const ring of this.#rings) ring.giveBack();
    this.#tellLost();
    return taken;
  }

  #tellLost(): void {
    if (this.#onLost === undefined) return;
    const lost = this.lost;
    if (lost > this.#toldLost) this.#onLost(lost - this.#toldLost);
    this.#toldLost = lost;
  }

  /** The CPU whose next record is the oldest, and up to when that holds. */
  #earliest(now: number): [CpuRing<E> | undefined, number] {
    let first: CpuRing<E> | undefined;
    let firstTime = now;
    let until = now;
    for (const ring of this.#rings) {
      const time = ring.nextTime;
      if (time <= firstTime) {
        if (first !== undefined) until = firstTime;
        first = ring;
        firstTime = time;
      } else if (time < until) until = time;
    }
    return [first, until];
  }

  /** Closes it, and takes its rings out of the map; twice is safe. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const ring of this.#rings) ring[Symbol.dispose]();
  }
}

/** `undefined` for a CPU that went offline meanwhile. */
function openRing<E>(cpu: number, codec: Codec<E>, bytes: number): CpuRing<E> | undefined {
  // A program without CAP_IPC_LOCK may lock only so much memory: ask for less then.
  for (let size = bytes;; size /= 2) {
    try {
      return new CpuRing(cpu, codec, size);
    } catch (error) {
      if (!(error instanceof LibcError)) throw error;
      if (error.errno === ERRNO.ENODEV) return undefined;
      if (error.errno !== ERRNO.EPERM || size <= pageSize()) throw error;
    }
  }
}

class CpuRing<E> implements Disposable {
  readonly #cpu: number;
  readonly #event: Fd;
  readonly #pages: Mapping;
  readonly #codec: Codec<E>;
  readonly #size: number;
  readonly #head: BigInt64Array<ArrayBuffer>;
  readonly #tail: BigInt64Array<ArrayBuffer>;
  readonly #data: DataView;
  // A record that goes over the end of the ring is put together here.
  readonly #whole = new DataView(new ArrayBuffer(1 << 16));
  #position: number;
  #end = 0;
  lost = 0n;

  constructor(cpu: number, codec: Codec<E>, size: number) {
    const page = pageSize();
    this.#cpu = cpu;
    this.#codec = codec;
    this.#size = size;
    this.#event = openBpfOutput(cpu, size / 4);
    try {
      this.#pages = new Mapping({ fd: this.#event.number, length: page + size, writable: true });
    } catch (error) {
      this.#event[Symbol.dispose]();
      throw error;
    }
    this.#head = new BigInt64Array(this.#pages.buffer, DATA_HEAD, 1);
    this.#tail = new BigInt64Array(this.#pages.buffer, DATA_TAIL, 1);
    this.#data = new DataView(this.#pages.buffer, page, size);
    this.#position = Number(this.#tail[0]);
  }

  get fd(): number {
    return this.#event.number;
  }

  enterInto(mapFd: number): void {
    const key = new Uint8Array(Uint32Array.of(this.#cpu).buffer);
    const value = new Uint8Array(Int32Array.of(this.fd).buffer);
    const result = libbpf().bpf_map_update_elem(mapFd, key, value, 0n);
    if (result < 0) throw mapFailure(`open the perf buffer of CPU ${this.#cpu}`, result);
  }

  /** Looks how far the kernel has written by now. */
  look(): void {
    this.#end = Number(Atomics.load(this.#head, 0));
  }

  /** The time of the next record, in ns; 0 where it has none, infinity where there is no record. */
  get nextTime(): number {
    if (this.#position >= this.#end) return Infinity;
    const at = this.#position % this.#size;
    if (this.#data.getUint32(at, true) !== RECORD_SAMPLE) return 0;
    // Records lie on multiples of 8 bytes, so neither half of a time goes over the end.
    const low = this.#data.getUint32((at + HEADER) % this.#size, true);
    const high = this.#data.getUint32((at + HEADER + 4) % this.#size, true);
    return high * 2 ** 32 + low;
  }

  /** Takes records up to a limit and a time. */
  drain({ limit, until }: { limit: number; until: number }, take: (event: E) => boolean): number {
    let taken = 0;
    let goOn = true;
    while (goOn && taken < limit && this.nextTime <= until) {
      const at = this.#position % this.#size;
      const type = this.#data.getUint32(at, true);
      const length = this.#data.getUint16(at + 6, true);
      const view = at + length > this.#size ? this.#joined(at, length) : this.#data;
      const start = view === this.#data ? at : 0;
      if (type === RECORD_SAMPLE) {
        taken++;
        goOn = take(this.#decode(view, start));
      } else if (type === RECORD_LOST) {
        this.lost += view.getBigUint64(start + HEADER + 8, true);
      }
      this.#position += length;
    }
    return taken;
  }

  /** Lets the kernel write over what was read. */
  giveBack(): void {
    Atomics.store(this.#tail, 0, BigInt(this.#position));
  }

  #decode(view: DataView, at: number): E {
    const length = view.getUint32(at + HEADER + TIME, true);
    if (length < this.#codec.size) throw tooShort("perf buffer", length, this.#codec.size);
    return this.#codec.decode(view, at + HEADER + TIME + RAW_SIZE, length);
  }

  #joined(at: number, length: number): DataView {
    const target = new Uint8Array(this.#whole.buffer);
    const source = new Uint8Array(this.#data.buffer, this.#data.byteOffset, this.#size);
    const first = this.#size - at;
    target.set(source.subarray(at));
    target.set(source.subarray(0, length - first), first);
    return this.#whole;
  }

  /** Closes it, and takes its rings out of the map; twice is safe. */
  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]();
    this.#event[Symbol.dispose]();
  }
}
