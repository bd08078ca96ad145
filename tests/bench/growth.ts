/** How what tracing costs grows with the number of events: the tracer's CPU, and what it loses, from a thousand to millions a second. */

import { parseCpuTime } from "../../ffi/host/usage.ts";
import { run } from "../gimlet.ts";
import { callsAs } from "./compiled.ts";
import { type Chart, type Curve, median, type Point, type Result, type Row } from "./measure.ts";
import {
  bpftracesReporting,
  gimletScript,
  linesReported,
  startReporting,
  type Tracer,
} from "./reporting.ts";

const ROUNDS = 3;
const SECONDS = 0.4;
const RATES = [1_000, 10_000, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000];
/** No program makes many more calls: above that, each of them is reported several times. */
const MOST_CALLS = 500_000;
const FILE = "/dev/shm/gimlet-bench-growth";
const LOAD = "paced";

/** What became of a load. */
interface Outcome {
  /** Events of each second: fewer than were asked for, where the tracer slows the program down. */
  readonly rate: number;
  /** The tracer's CPU time, in parts of one CPU. */
  readonly cpu: number;
  /** Events that were not reported, in parts of all. */
  readonly lost: number;
}

/** Measures it. */
export async function growth(): Promise<Result[]> {
  const calls = await callsAs(LOAD);
  const { tracers, notes } = await tracersByTimes();
  const names = tracers.get(1)!.map(({ name }) => name);
  const outcomes = new Map<string, Outcome[]>();
  // The rates that they do not keep up with.
  const tooFast = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const rate of RATES) {
      for (const tracer of tracers.get(timesFor(rate))!) {
        const { name } = tracer;
        // There is little more to be seen of it, and it would take its time for that.
        if (round > 0 && rate > (tooFast.get(name) ?? Infinity)) continue;
        const outcome = await measured(tracer, { calls, rate });
        const key = `${name} ${rate}`;
        outcomes.set(key, [...outcomes.get(key) ?? [], outcome]);
        if (outcome.rate < rate / 2) tooFast.set(name, Math.min(rate, tooFast.get(name) ?? rate));
      }
    }
  }
  const ratesOf = (name: string) => RATES.filter((rate) => outcomes.has(`${name} ${rate}`));
  const of = (name: string, rate: number, part: keyof Outcome) =>
    outcomes.get(`${name} ${rate}`)!.map((outcome) => 100 * outcome[part]);
  const curves = (part: keyof Outcome): Curve[] =>
    names.map((name) => ({
      name,
      points: ratesOf(name).map((rate): Point => [rate, median(of(name, rate, part))]),
    }));
  const chart = (part: "cpu" | "lost", y: string): Chart => ({
    file: `events_${part}`,
    x: "events a second that were asked for",
    y,
    curves: curves(part),
  });
  const rows: Row[] = names.flatMap((name) =>
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
      `The program makes its calls in steps of a millisecond, as many as it can. Above ${MOST_CALLS} events a second each call is reported several times, by a script that all of them run. All have the buffers that they have by default. A tracer that lets the program reach less than half of a rate is shown higher rates once.`,
      ...notes,
    ],
  }];
}

/** How often each call is reported. */
function timesFor(rate: number): number {
  return Math.max(1, rate / MOST_CALLS);
}

/** The tracers for each number of times that a call is reported. */
async function tracersByTimes(): Promise<
  { readonly tracers: ReadonlyMap<number, readonly Tracer[]>; readonly notes: readonly string[] }
> {
  const tracers = new Map<number, readonly Tracer[]>();
  let missing: readonly string[] = [];
  for (const times of new Set(RATES.map(timesFor))) {
    const report = { comm: LOAD, times };
    const peers = await bpftracesReporting(report);
    tracers.set(times, [gimletScript(report), ...peers.tracers]);
    missing = peers.notes;
  }
  return { tracers, notes: missing };
}

/** Lets a tracer write to a file while calls are made at a rate. */
async function measured(
  tracer: Tracer,
  { calls, rate }: { calls: string; rate: number },
): Promise<Outcome> {
  const running = await startReporting(tracer, FILE);
  const events = Math.round(rate * SECONDS);
  const each = timesFor(rate);
  const before = cpuOf(running.pid);
  const { status, stderr } = await run([calls, "pace", String(events / each), String(rate / each)]);
  if (status !== 0) throw new Error(`Cannot make calls: ${status}: ${stderr}`);
  const ns = Number(stderr);
  const cpu = await untilIdle(running.pid) - before;
  const lines = await linesReported(running, FILE, ` ${LOAD} `);
  return { rate: events / ns * 1e9, cpu: cpu / ns, lost: 1 - lines / events };
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
