/** How fast records are read. */

import { openObject } from "../../ffi/bpf/object.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import { run, workload } from "../gimlet.ts";
import { recordCodec, storm } from "../workload/storm/storm.gen.ts";
import { inTurns, type Result } from "./measure.ts";

const ROUNDS = 11;
const RECORDS = 30_000;

/** Measures it. */
export async function draining(): Promise<Result[]> {
  const calls = await workload("calls");
  const rows = await inTurns(ROUNDS, { "RingBuffer.drain()": () => drained(calls) });
  return [{ title: "Reading a full ring, decoded into objects", unit: "ns a record", rows }];
}

async function drained(calls: string): Promise<number> {
  using object = openObject(storm).loadOnly(new Set(["into_ring"] as const))
    .setGlobal("gimlet_comm", "calls").load();
  const { fd, maxEntries } = object.bufferMap("ring");
  using ring = new RingBuffer(fd, maxEntries, recordCodec);
  using _link = object.program("into_ring").attachTracepoint("syscalls", "sys_enter_getppid");
  object.setGlobal("gimlet_armed", true);
  await run([calls, "getppid", String(RECORDS)]);
  let sum = 0n;
  const start = performance.now();
  const taken = ring.drain(RECORDS, ({ number }) => {
    sum += number;
    return true;
  });
  return (performance.now() - start) * 1e6 / taken;
}
