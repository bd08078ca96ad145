/** The packets that a script sends, on their way to files. */

import type { LoadedObject } from "../../../ffi/bpf/object.ts";
import { PerfBuffer } from "../../../ffi/bpf/perf_buffer.ts";
import type { Skeleton } from "../../../ffi/bpf/skeleton.ts";
import { onlineCpus } from "../../../ffi/host/cpus.ts";
import { concat } from "../../../ffi/wire/concat.ts";
import type { Codec } from "../../../ffi/wire/codec.ts";
import { pcapHead, pcapPacket } from "../pcap.ts";
import { NAMES, PACKET_HEAD, type Plan } from "../plan.ts";

/** A file that is written to its end. */
export interface PacketFile extends Disposable {
  write(bytes: Uint8Array): void;
}

/** What packets are read and written with. */
export interface PacketMeans {
  readonly plan: Plan;
  readonly object: LoadedObject<Skeleton>;
  /** Makes a file, or empties it. */
  readonly openFile: (path: string) => PacketFile;
  /** Of a time since boot: that since 1970; in ns. */
  readonly wallClock: (sinceBoot: bigint) => bigint;
}

/** A packet as the kernel wrote it. */
interface SentPacket {
  readonly plan: number;
  /** In ns since boot. */
  readonly time: bigint;
  /** A copy. */
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** The kernel fills a record up to a multiple of 8 bytes: its head says where the packet ends. */
const PACKET: Codec<SentPacket> = {
  size: PACKET_HEAD.size,
  shape: { items: "u8", length: PACKET_HEAD.size },
  decode(view, at) {
    const number = (offset: number) => Number(view.getBigUint64(at + offset, true));
    const start = view.byteOffset + at + PACKET_HEAD.size;
    const kept = number(PACKET_HEAD.kept);
    return {
      plan: number(PACKET_HEAD.plan),
      time: view.getBigUint64(at + PACKET_HEAD.time, true),
      bytes: new Uint8Array(view.buffer, start, kept).slice(),
      length: number(PACKET_HEAD.length),
    };
  },
  encode: () => {
    throw new TypeError("Cannot write packets: programs do");
  },
};

/** Writes them. */
export class Packets implements Disposable {
  /** Those of the buffers. */
  readonly fds: readonly number[];
  readonly #means: PacketMeans;
  readonly #buffer: PerfBuffer<SentPacket>;
  readonly #files = new Map<string, PacketFile>();
  readonly #open = new DisposableStack();

  /** Opens the buffers, and all files. */
  constructor(means: PacketMeans) {
    const { plan, object, openFile } = means;
    this.#means = means;
    using opened = new DisposableStack();
    for (const { file } of plan.packets) {
      if (this.#files.has(file)) continue;
      const target = opened.use(openFile(file));
      target.write(pcapHead());
      this.#files.set(file, target);
    }
    const { fd } = object.bufferMap(NAMES.packets);
    const options = { cpus: onlineCpus(), bytesPerCpu: plan.packetBytes };
    this.#buffer = opened.use(new PerfBuffer(fd, PACKET, options));
    this.fds = this.#buffer.fds;
    this.#open.use(opened.move());
  }

  /** Writes the packets that have arrived, at most so many; gives how many these were. */
  drain(limit: number): number {
    const written = new Map<PacketFile, Uint8Array[]>();
    const count = this.#buffer.drain(limit, (sent) => {
      const { file: path, offset } = this.#means.plan.packets[sent.plan]!;
      const file = this.#files.get(path)!;
      const bytes = sent.bytes.subarray(offset);
      if (bytes.length === 0) return true; // that is how bpftrace has it
      const time = this.#means.wallClock(sent.time);
      const packet = pcapPacket({ time, bytes, length: sent.length - offset });
      const known = written.get(file) ?? [];
      written.set(file, known);
      known.push(packet);
      return true;
    });
    for (const [file, packets] of written) file.write(concat(packets));
    return count;
  }

  /** Writes all that is still there. */
  finish(limit: number): void {
    while (this.drain(limit) > 0);
  }

  [Symbol.dispose](): void {
    this.#open[Symbol.dispose]();
  }
}
