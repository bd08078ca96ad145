/** How what tracing costs grows with the number of events: the tracer's CPU, and what it loses, from a thousand to millions a second. */

import { parseCpuTime } from "../../ffi/host/usage.ts";
import { run } from "../gimlet.ts";
import { callsAs } from "./compiled.ts";
import { type Chart, type Curve, median, type Point, type Result, type Row } from "./measure.ts";
import {
  bpftracesReporting,
  gimletReporting,
  linesReported,
  startReporting,
  type Tracer,
} from "./reporting.ts";

const ROUNDS = 3;
const SECONDS = 0.4;
const RATES = [1_000, 10_000, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000];
const FILE = "/dev/shm/gimlet-bench-growth";
const LOAD = "paced";

/** What became of a load. */
interface Outcome {
  /** Calls of each second: fewer than were asked for, where the tracer slows the program down. */
  readonly rate: number;
  /** The tracer's CPU time, in parts of one CPU. */
  readonly cpu: number;
  /** Calls that were not reported, in parts of all. */
  readonly lost: number;
}

/** Measures it. */
export async function growth(): Promise<Result[]> {
  const calls = await callsAs(LOAD);
  const { tracers: peers, notes } = await bpftracesReporting(LOAD);
  const tracers = [gimletReporting(LOAD), ...peers];
  const outcomes = new Map<string, Outcome[]>();
  for (let round = 0; round < ROUNDS; round++) {
    const slow = new Set<Tracer>();
    for (const rate of RATES) {
      for (const tracer of tracers.filter((tracer) => !slow.has(tracer))) {
        const outcome = await measured(tracer, { calls, rate });
        const key = `${tracer.name} ${rate}`;
        outcomes.set(key, [...outcomes.get(key) ?? [], outcome]);
        // There is no more to be seen of it, and it would take its time for that.
        if (outcome.rate < rate / 2) slow.add(tracer);
      }
    }
  }
  const ratesOf = (name: string) => RATES.filter((rate) => outcomes.has(`${name} ${rate}`));
  const of = (name: string, rate: number, part: keyof Outcome) =>
    outcomes.get(`${name} ${rate}`)!.map((outcome) => 100 * outcome[part]);
  const curves = (part: keyof Outcome): Curve[] =>
    tracers.map(({ name }) => ({
      name,
      points: ratesOf(name).map((rate): Point => [rate, median(of(name, rate, part))]),
    }));
  const chart = (part: "cpu" | "lost", y: string): Chart => ({
    file: `events_${part}`,
    x: "events a second that were asked for",
    y,
    curves: curves(part),
  });
  const rows: Row[] = tracers.flatMap(({ name }) =>
    ratesOf(name).map((rate) => {
      const reached = median(of(name, rate, "rate")) / 100;
      const lost = median(of(name, rate, "lost"));
      const title = `${name}, ${rate} events a second: reached ${reached.toFixed(0)}`;
      return { name: `${title}, lost ${lost.toFixed(1)} %`, samples: of(name, rate, "cpu") };
    })
  );
  return [{
    title: "Events a second, each one reported to a file",
    unit: "% of a CPU, the tracer's own",
    rows,
    charts: [chart("cpu", "% of a CPU, the tracer's own"), chart("lost", "% of the events lost")],
    notes: [
      "The program makes its calls in steps of a millisecond, as many as it can. A curve ends where it could make less than half.",
      ...notes,
    ],
  }];
}

/** Lets a tracer write to a file while calls are made at a rate. */
async function measured(
  tracer: Tracer,
  { calls, rate }: { calls: string; rate: number },
): Promise<Outcome> {
  const running = await startReporting(tracer, FILE);
  const times = Math.round(rate * SECONDS);
  const before = cpuOf(running.pid);
  const { status, stderr } = await run([calls, "pace", String(times), String(rate)]);
  if (status !== 0) throw new Error(`Cannot make calls: ${status}: ${stderr}`);
  const ns = Number(stderr);
  const cpu = await untilIdle(running.pid) - before;
  const lines = await linesReported(running, FILE, ` ${LOAD} `);
  return { rate: times / ns * 1e9, cpu: cpu / ns, lost: 1 - lines / times };
}

/** The CPU time of a process that has done what was to be done: when it does no more than look around. */
async function untilIdle(pid: number): Promise<number> {
  const lookAround = 10e6; // one step of what /proc tells, in ns
  for (let before = cpuOf(pid);;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = cpuOf(pid);
    if (now - before <= lookAround) return now;
    before = now;
  }
}

function cpuOf(pid: number): number {
  return Number(parseCpuTime(Deno.readTextFileSync(`/proc/${pid}/stat`)));
}
