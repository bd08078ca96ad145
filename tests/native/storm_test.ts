import { Epoll } from "../../ffi/bpf/epoll.ts";
import type { EventSource } from "../../ffi/bpf/event_source.ts";
import { sumOf } from "../../ffi/bpf/map.ts";
import { type LoadedObject, openObject } from "../../ffi/bpf/object.ts";
import { PerfBuffer } from "../../ffi/bpf/perf_buffer.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import { onlineCpus } from "../../ffi/host/cpus.ts";
import { compile } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { gimlet, workload } from "../gimlet.ts";
import { binary, capabilities, clang, gcc, root, test } from "../support.ts";
import { type Record, recordCodec, storm } from "../workload/storm/storm.gen.ts";

const EVENTS = 1_000_000;

type Storm = typeof storm;

interface Tally {
  readonly received: number;
  readonly lost: bigint;
  readonly produced: bigint;
  readonly disorder: number;
}

/** Lets the workload make its calls, and reads in turns meanwhile: `idle` turns are slept through, so that buffers fill. */
async function storming(
  program: "into_ring" | "into_perf",
  open: (object: LoadedObject<Storm>) => EventSource<Record>,
  readWhileStorming: boolean,
): Promise<Tally> {
  const calls = await workload("calls");
  using object = openObject(storm).loadOnly(new Set([program])).setGlobal("gimlet_comm", "calls")
    .load();
  using source = open(object);
  using link = object.program(program).attachTracepoint("syscalls", "sys_enter_getppid");
  object.setGlobal("gimlet_armed", true);
  const epoll = new Epoll();
  for (const fd of source.fds) epoll.add(fd);
  const next = new Map<number, bigint>();
  let received = 0;
  let disorder = 0;
  let latest = 0n;
  const take = ({ number, cpu, ts }: Record) => {
    received++;
    // One process makes all the calls, so that their order is known, on whichever CPUs it runs.
    if (number < (next.get(cpu) ?? 0n) || ts <= latest) disorder++;
    next.set(cpu, number + 1n);
    latest = ts;
    return true;
  };
  const child = new Deno.Command(calls, { args: ["getppid", String(EVENTS)] }).spawn();
  let running = true;
  const ended = child.status.finally(() => {
    running = false;
    epoll.wake();
  });
  while (running) {
    if (readWhileStorming) source.drain(EVENTS, take);
    await epoll.wait(20);
  }
  assert((await ended).success);
  link[Symbol.dispose]();
  source.drain(2 * EVENTS, take);
  await epoll.close();
  const tally = {
    received,
    lost: sumOf(object.map("gimlet_losses").get(0)),
    produced: sumOf(object.map("produced").get(0)),
    disorder,
  };
  // The kernel tells losses with the next record that finds room: those at the end it never tells.
  if (source instanceof PerfBuffer) assert(source.lost <= tally.lost);
  return tally;
}

function balanced({ received, lost, produced, disorder }: Tally): void {
  assertEquals(produced, BigInt(EVENTS));
  assertEquals(BigInt(received) + lost, produced);
  assertEquals(disorder, 0);
}

const openRing = (object: LoadedObject<Storm>) => {
  const { fd, maxEntries } = object.bufferMap("ring");
  return new RingBuffer(fd, maxEntries, recordCodec);
};

const openPerf = (object: LoadedObject<Storm>) =>
  new PerfBuffer(object.bufferMap("perf").fd, recordCodec, {
    cpus: onlineCpus(),
    bytesPerCpu: 1 << 17,
  });

const needs = [capabilities, gcc];

test("a storm into the ring buffer: received + lost == produced", { needs }, async () => {
  balanced(await storming("into_ring", openRing, true));
});

test(
  "a ring buffer that nobody reads is full, and every lost record is counted",
  { needs },
  async () => {
    const tally = await storming("into_ring", openRing, false);
    balanced(tally);
    // 1 MiB of records of 24 + 8 bytes; the ring's very last byte is never used.
    assertEquals(tally.received, (1 << 20) / 32 - 1);
  },
);

test("a storm into the perf buffer: received + lost == produced", { needs }, async () => {
  balanced(await storming("into_perf", openPerf, true));
});

test(
  "a perf buffer that nobody reads is full, and every lost record is counted",
  { needs },
  async () => {
    const tally = await storming("into_perf", openPerf, false);
    balanced(tally);
    assert(tally.lost > 0n && tally.received > 0);
  },
);

test("records in every place of a ring come out whole, however long they are", {
  needs: [capabilities, clang],
}, async () => {
  // Longer than what is mapped behind the ring's end, and no power of two: they begin and are cut everywhere.
  const [words, ring] = [12_501, 1 << 18];
  const text = `#include "gimlet.bpf.h"
    struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, ${ring}); } ring SEC(".maps");
    u64 made;
    SEC("raw_tp/sys_enter") int make(void *ctx)
    {
      u64 *record = bpf_ringbuf_reserve(&ring, ${words * 8}, 0);
      if (!record)
        return 1;
      record[0] = record[${words >> 1}] = record[${words - 1}] = ++made;
      bpf_ringbuf_submit(record, 0);
      return 0;
    }`;
  using object = openObject(await compile({ text, name: "long.bpf.c" }), { name: "long" }).load();
  using source = object.ringBuffer("ring");
  for (let number = 1n; number <= 200n; number++) {
    assertEquals(object.program("make").testRun().returnValue, 0);
    const records: Uint8Array<ArrayBuffer>[] = [];
    source.drain(2, (record) => records.push(record as Uint8Array<ArrayBuffer>) > 0);
    const read = records.map(({ buffer, byteOffset, length }) => {
      const view = new BigUint64Array(buffer.slice(byteOffset, byteOffset + length));
      return [length, view[0], view[words >> 1], view[words - 1]];
    });
    assertEquals(read, [[words * 8, number, number, number]]);
  }
});

/** A command that looks how urgent gimlet's first thread is, and then says how urgent it is itself. */
const UNTIL_URGENT = `
  for i in $(seq 1000); do
    [ "$(cut -d ' ' -f 19 /proc/$PPID/stat)" = -10 ] && exec nice
  done
  echo gimlet is not urgent`;

test(
  "while it reads, gimlet is urgent; what it starts is not",
  { needs: [root, binary] },
  async () => {
    const [tool, script] = await Promise.all([
      gimlet(["disksnoop", "--", "sh", "-c", UNTIL_URGENT]),
      gimlet(["--unsafe", "-e", 'BEGIN { system("nice"); exit(); }']),
    ]);
    assert(tool.stdout.split("\n").includes("0"), tool.stdout);
    assertStringIncludes(script.stdout, "\n0\n");
  },
);
