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

/** Measures it, after a round that is not counted: large buffers that were just mapped have the collector of garbage look around. */
export async function draining(): Promise<Result[]> {
  const samples: Record<string, number[]> = {
    [EMITTING]: [],
    [RING]: [],
    [PERF]: [],
    [CONSUME]: [],
  };
  using readers = await open();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, ns] of Object.entries(await measured(readers))) {
      if (round > 0) samples[name]!.push(ns / RECORDS);
    }
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

/** The buffers, each with its reader: two rings, since a ring has one reader. */
interface Readers extends Disposable {
  readonly object: Drain;
  readonly ring: RingBuffer<Event>;
  readonly objectOfLibbpf: Drain;
  readonly perf: PerfBuffer<Event>;
  /** Fills the perf buffer. */
  readonly fillPerf: () => Promise<void>;
}

async function open(): Promise<Readers> {
  const calls = await callsAs(LOAD);
  const stack = new DisposableStack();
  const object = stack.use(openObject(drain).setGlobal("gimlet_comm", LOAD).load());
  const objectOfLibbpf = stack.use(
    openObject(drain).loadOnly(new Set(["fill_ring"] as const)).load(),
  );
  const { fd, maxEntries } = object.bufferMap("ring");
  const options = { cpus: [0], bytesPerCpu: PERF_BYTES };
  return {
    object,
    ring: stack.use(new RingBuffer(fd, maxEntries, eventCodec)),
    objectOfLibbpf,
    perf: stack.use(new PerfBuffer(object.bufferMap("perf").fd, eventCodec, options)),
    async fillPerf() {
      object.setGlobal("gimlet_armed", true);
      using _link = object.program("into_perf").attachTracepoint("syscalls", "sys_enter_getppid");
      await run(["taskset", "-c", "0", calls, "getppid", String(RECORDS)]);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** One round: how many ns each took. */
async function measured(
  { object, ring, objectOfLibbpf, perf, fillPerf }: Readers,
): Promise<Record<string, number>> {
  const keeper = new Keeper();
  const emitting = timeOf(() => fill(object));
  const ringing = timeOf(() => all(ring.drain(RECORDS, keeper.keep)));
  fill(objectOfLibbpf);
  const take = (record: DataView) => keeper.keep(eventCodec.decode(record, 0));
  const { fd } = objectOfLibbpf.bufferMap("ring");
  const consuming = timeOf(() => all(consume(fd, eventCodec.size, take)));
  await fillPerf();
  const perfing = timeOf(() => all(perf.drain(RECORDS, keeper.keep)));
  return { [EMITTING]: emitting, [RING]: ringing, [CONSUME]: consuming, [PERF]: perfing };
}

function fill(object: Drain): void {
  const context = new Uint8Array(Uint32Array.of(RECORDS).buffer);
  object.program("fill_ring").testRun({ context });
}

function timeOf(work: () => void): number {
  const start = ownCpuNs();
  work();
  return ownCpuNs() - start;
}

function all(count: number): void {
  if (count !== RECORDS) throw new Error(`${count} records were read, should be ${RECORDS}`);
}
