/**
 * `deno task bench`: what gimlet costs, side by side with bpftrace on the same machine, in the same minutes. Ratios count; the
 * times themselves say more about the machine. Nothing here is an assertion.
 */

import { openObject } from "../../ffi/bpf/object.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import { findProgram } from "../../build.ts";
import { BINARY, run, workload } from "../gimlet.ts";
import { recordCodec, storm } from "../workload/storm/storm.gen.ts";

/** Times of one thing, in ms. */
interface Sample {
  readonly name: string;
  readonly times: readonly number[];
}

const ROUNDS = 11;

/** Runs commands in turns, so that whatever else the machine does falls on all of them. */
async function inTurns(commands: Readonly<Record<string, readonly string[]>>): Promise<Sample[]> {
  const times = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, words] of Object.entries(commands)) {
      const start = performance.now();
      const { status, stderr } = await run(words);
      times.get(name)!.push(performance.now() - start);
      if (status !== 0) {
        throw new Error(`Cannot measure ${name}: it ended with ${status}: ${stderr}`);
      }
    }
  }
  return Array.from(times, ([name, times]) => ({ name, times }));
}

function quantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * q)]!;
}

/** A table; the ratio is to the last row, which is the peer. */
function print(title: string, unit: string, samples: readonly Sample[]): void {
  const base = quantile(samples.at(-1)!.times, 0.5);
  console.log(`\n${title} (median of ${samples[0]!.times.length}, quartiles; ${unit})`);
  for (const { name, times } of samples) {
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(times, q));
    const ratio = samples.length > 1 ? `  ${(middle! / base).toFixed(2)} ×` : "";
    console.log(
      `  ${name.padEnd(40)} ${middle!.toFixed(1).padStart(8)}  ${low!.toFixed(1)}–${
        high!.toFixed(1)
      }${ratio}`,
    );
  }
}

async function wholeRuns(): Promise<void> {
  const probes = "tracepoint:syscalls:sys_enter_clone,tracepoint:syscalls:sys_enter_vfork";
  const line = 'printf("%d %d %s\\n", nsecs, pid, comm);';
  const bpftrace = ["bpftrace", "-e", `${probes} { ${line} }`, "-c", "/bin/true"];
  const samples = await inTurns({
    "gimlet hello_perf_output --plan tp_btf": [
      ...[BINARY, "hello_perf_output", "--plan", "tp_btf", "--", "/bin/true"],
    ],
    "gimlet hello_perf_output": [BINARY, "hello_perf_output", "--", "/bin/true"],
    ...(findProgram("bpftrace") ? { "bpftrace, the same by two tracepoints": bpftrace } : {}),
  });
  print("Start, trace /bin/true, end", "ms", samples);
}

async function draining(): Promise<void> {
  const calls = await workload("calls");
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    using object = openObject(storm).loadOnly(new Set(["into_ring"] as const))
      .setGlobal("gimlet_comm", "calls").load();
    const { fd, maxEntries } = object.bufferMap("ring");
    using ring = new RingBuffer(fd, maxEntries, recordCodec);
    using _link = object.program("into_ring").attachTracepoint("syscalls", "sys_enter_getppid");
    object.setGlobal("gimlet_armed", true);
    await run([calls, "getppid", "30000"]);
    let sum = 0n;
    const start = performance.now();
    const taken = ring.drain(30_000, ({ number }) => {
      sum += number;
      return true;
    });
    times.push((performance.now() - start) * 1e6 / taken);
  }
  print("Reading a full ring, decoded into objects", "ns a record", [{
    name: "RingBuffer.drain()",
    times,
  }]);
}

await wholeRuns();
await draining();
