/** How fast records are read: a million of them that are there at once, as objects with a number, a bigint and a string. */

import { PerfBuffer } from "../../ffi/bpf/perf_buffer.ts";
import { type LoadedObject, openObject } from "../../ffi/bpf/object.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import { run } from "../gimlet.ts";
import { drain, type Event, eventCodec } from "../workload/drain/drain.gen.ts";
import { callsAs } from "./compiled.ts";
import { ownCpuNs } from "./cpu_time.ts";
import { median, ratio, type Result, type Row } from "./measure.ts";
import { consume } from "./peers/consume.ts";

const ROUNDS = 9;
const RECORDS = 1_000_000;
const LOAD = "drained";
const PERF_BYTES = 1 << 26;

const EMITTING = "emitting: what the kernel takes for the program that fills the ring";
const RING = "RingBuffer.drain()";
const PERF = "PerfBuffer.drain()";
const CONSUME = "libbpf's ring_buffer__consume(), a callback in JavaScript";

/** The objects are kept for a while, as by those who read in batches: so they have to be made. */
class Keeper {
  readonly #events: Event[] = [];
  #count = 0;

  readonly keep = (event: Event): boolean => {
    this.#events[this.#count++ % 1024] = event;
    return true;
  };
}

/** Measures it. */
export async function draining(): Promise<Result[]> {
  const samples: Record<string, number[]> = {
    [EMITTING]: [],
    [RING]: [],
    [PERF]: [],
    [CONSUME]: [],
  };
  const add = (name: string, ns: number) => samples[name]!.push(ns / RECORDS);
  for (let round = 0; round < ROUNDS; round++) {
    using object = openObject(drain).loadOnly(new Set(["fill_ring"] as const)).load();
    add(EMITTING, fill(object));
    add(RING, drained(object));
    fill(object);
    add(CONSUME, consumed(object));
    add(PERF, await drainedPerf());
  }
  const rows: Row[] = Object.entries(samples).map(([name, samples]) => ({ name, samples }));
  const check = (name: string, base: string, atMost: number) => ({
    what: `${name} / ${base.split(/[:,]/)[0]}`,
    value: ratio(rows, name, base),
    atMost,
  });
  return [{
    title: `Reading ${RECORDS} records {u32, u64, char[16]}, decoded into objects (${
      (1e3 / median(samples[RING]!)).toFixed(0)
    } million a second)`,
    unit: "ns of CPU a record",
    rows,
    base: RING,
    checks: [check(RING, EMITTING, 0.5), check(RING, CONSUME, 0.15), check(PERF, RING, 2)],
  }];
}

type Drain = LoadedObject<typeof drain>;

/** Fills the ring; gives the time. */
function fill(object: Drain): number {
  const start = ownCpuNs();
  object.program("fill_ring").testRun({
    context: new Uint8Array(Uint32Array.of(RECORDS).buffer),
  });
  return ownCpuNs() - start;
}

function drained(object: Drain): number {
  const { fd, maxEntries } = object.bufferMap("ring");
  using ring = new RingBuffer(fd, maxEntries, eventCodec);
  const { keep } = new Keeper();
  const start = ownCpuNs();
  return whole(ring.drain(RECORDS, keep), start);
}

function consumed(object: Drain): number {
  const { keep } = new Keeper();
  const start = ownCpuNs();
  const take = (record: DataView) => keep(eventCodec.decode(record, 0));
  return whole(consume(object.bufferMap("ring").fd, eventCodec.size, take), start);
}

async function drainedPerf(): Promise<number> {
  const calls = await callsAs(LOAD);
  using object = openObject(drain).loadOnly(new Set(["into_perf"] as const))
    .setGlobal("gimlet_comm", LOAD).load();
  const { fd } = object.bufferMap("perf");
  using buffer = new PerfBuffer(fd, eventCodec, { cpus: [0], bytesPerCpu: PERF_BYTES });
  object.program("into_perf").attachTracepoint("syscalls", "sys_enter_getppid");
  object.setGlobal("gimlet_armed", true);
  await run(["taskset", "-c", "0", calls, "getppid", String(RECORDS)]);
  object.setGlobal("gimlet_armed", false);
  const { keep } = new Keeper();
  const start = ownCpuNs();
  return whole(buffer.drain(RECORDS, keep), start);
}

/** The time since then, if all were read. */
function whole(count: number, start: number): number {
  const ns = ownCpuNs() - start;
  if (count !== RECORDS) throw new Error(`${count} records were read, should be ${RECORDS}`);
  return ns;
}
