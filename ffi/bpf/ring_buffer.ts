/**
 * BPF ring buffers (`BPF_MAP_TYPE_RINGBUF`, Linux ≥ 5.8), read where the kernel writes them.
 *
 * The map's pages are mapped into this program: one page with the reader's position, one with the writers', then the data, and
 * behind its end its beginning once more, so that a record that begins near the end goes on without a break. The kernel has all
 * of the data twice in a row, but what is mapped counts as memory of this program. No call is made for a record.
 *
 * @see https://docs.kernel.org/bpf/ringbuf.html
 */

import { BpfError } from "../errors.ts";
import { Mapping, pageSize } from "../raw/mmap.ts";
import type { Codec } from "../wire/codec.ts";
import type { EventSource } from "./event_source.ts";
import { eventBatches, events, type ReadOptions } from "./events.ts";
import { closed } from "./failure.ts";

const BUSY = 1 << 31; // BPF_RINGBUF_BUSY_BIT: reserved, not yet committed
const DISCARDED = 1 << 30; // BPF_RINGBUF_DISCARD_BIT
const HEADER = 8;
/** So many bytes of the beginning are mapped behind the end: a multiple of any page. Few records are longer. */
const SEAM = 1 << 16;
// Space is given back this often, in records, so that writers do not wait for a whole drain.
const GIVE_BACK = 512;

/** The reader of one ring buffer. A ring has one reader: two would take records from each other. */
export class RingBuffer<E> implements EventSource<E> {
  /** That of the map. */
  readonly fds: readonly number[];
  readonly #codec: Codec<E>;
  readonly #mask: number;
  readonly #consumerPage: Mapping;
  readonly #dataPages: Mapping;
  readonly #consumer: BigInt64Array<ArrayBuffer>;
  readonly #producer: BigInt64Array<ArrayBuffer>;
  readonly #headers: Int32Array<ArrayBuffer>;
  readonly #data: DataView;
  #position: number;
  #closed = false;

  /**
   * `size` is the map's `max_entries`: bytes, a power of two.
   *
   * @internal
   */
  constructor(fd: number, size: number, codec: Codec<E>) {
    const page = pageSize();
    this.fds = [fd];
    this.#codec = codec;
    this.#mask = size - 1;
    this.#consumerPage = new Mapping({ fd, length: page, writable: true });
    const length = page + size + Math.min(size, SEAM);
    this.#dataPages = new Mapping({ fd, length, offset: page, writable: false });
    this.#consumer = new BigInt64Array(this.#consumerPage.buffer, 0, 1);
    this.#producer = new BigInt64Array(this.#dataPages.buffer, 0, 1);
    this.#headers = new Int32Array(this.#dataPages.buffer, page);
    this.#data = new DataView(this.#dataPages.buffer, page);
    this.#position = Number(this.#consumer[0]);
  }

  /** Iterates the events as they arrive: see {@linkcode eventBatches}, which also reads several sources. */
  events(options?: ReadOptions): AsyncGenerator<E> {
    return events([this], options);
  }

  /** Iterates the events in batches: see {@linkcode eventBatches}. */
  batches(options?: ReadOptions): AsyncGenerator<E[]> {
    return eventBatches([this], options);
  }

  /** Bytes that programs have written and nobody has read. */
  get unread(): number {
    if (this.#closed) throw closed("ring buffer");
    return Number(Atomics.load(this.#producer, 0)) - this.#position;
  }

  /** See {@linkcode EventSource.drain}; it stops at a record that a program has reserved and not yet committed. */
  drain(limit: number, take: (event: E) => boolean): number {
    const unread = this.unread;
    const mask = this.#mask;
    const headers = this.#headers;
    // Counted from here: positions outgrow the small integers, with which all of this is quick.
    const position = this.#position;
    const first = position % (mask + 1);
    let read = 0;
    let taken = 0;
    let goOn = true;
    while (goOn && taken < limit && read < unread) {
      const at = (first + read) & mask;
      const header = Atomics.load(headers, at >> 2);
      if (header & BUSY) break;
      const length = header & ~DISCARDED;
      // First: a record that cannot be decoded is not met again.
      read += (length + HEADER + 7) & ~7;
      this.#position = position + read;
      if (!(header & DISCARDED)) {
        taken++;
        goOn = take(this.#decode(at + HEADER, length));
      }
      if (taken % GIVE_BACK === 0) this.#giveBack();
    }
    this.#giveBack();
    return taken;
  }

  #decode(at: number, length: number): E {
    if (length < this.#codec.size) throw tooShort("ring buffer", length, this.#codec.size);
    if (at + length <= this.#data.byteLength) return this.#codec.decode(this.#data, at, length);
    return this.#codec.decode(this.#joined(at, length), 0, length);
  }

  /** A copy, in one piece, of a record that begins near the end and is longer than what is mapped behind that. */
  #joined(at: number, length: number): DataView {
    const { buffer, byteOffset } = this.#data;
    const data = new Uint8Array(buffer, byteOffset, this.#mask + 1);
    const record = new Uint8Array(length);
    const beginning = data.subarray(at);
    record.set(beginning);
    record.set(data.subarray(0, length - beginning.length), beginning.length);
    return new DataView(record.buffer);
  }

  #giveBack(): void {
    Atomics.store(this.#consumer, 0, BigInt(this.#position));
  }

  /** Closes it; what nobody has read stays in the map. Twice is safe. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#consumerPage[Symbol.dispose]();
    this.#dataPages[Symbol.dispose]();
  }
}

/** The error of a record that is smaller than its type. */
export function tooShort(source: string, length: number, expected: number): BpfError {
  return new BpfError(`read a record of the ${source}`, {
    step: "read",
    code: "E_READ",
    cause: `it has ${length} bytes, its type has ${expected}`,
  });
}
