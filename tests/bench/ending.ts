/** How soon a tool ends that is asked to, while events pour in; and how soon an event gets through a pipe. */

import { clockNow } from "../../ffi/host/clock.ts";
import { BINARY, ownShell, run, Running, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { inTurns, median, quantile, type Result, timed } from "./measure.ts";

const ROUNDS = 11;
const LOADS = 2;
const WARM_UP_EVENTS = 200_000;

/** Measures both. */
export async function ending(): Promise<Result[]> {
  return [await underLoad(), await throughAPipe(), await firstLine()];
}

/** Processes that read /dev/urandom as fast as they can, until they are disposed of. */
function makeLoad(calls: string): Disposable {
  const loads = Array.from(
    { length: LOADS },
    () => new Deno.Command(calls, { args: ["urandom", "1000000000", "64"] }).spawn(),
  );
  return { [Symbol.dispose]: () => loads.forEach((load) => load.kill("SIGKILL")) };
}

async function underLoad(): Promise<Result> {
  const calls = await workload("calls");
  const rates: number[] = [];
  const rows = await inTurns(ROUNDS, {
    "Ctrl-C to the end of the summary": () =>
      stopped(calls, (running) => running.kill("SIGINT"), rates),
    "a second Ctrl-C to the end of the process": () =>
      stopped(calls, async (running) => {
        running.kill("SIGINT");
        await run(["true"]); // the first one has come
        return performance.now();
      }, []),
  });
  const [once, twice] = rows;
  return {
    title: `Ending under ${(median(rates) / 1e6).toFixed(2)} million events a second`,
    unit: "ms",
    rows,
    checks: [
      { what: "Ctrl-C, 9 of 10", value: quantile(once!.samples, 0.9), atMost: 200 },
      { what: "second Ctrl-C, 9 of 10", value: quantile(twice!.samples, 0.9), atMost: 50 },
    ],
  };
}

/** From the signal to the end of what it prints, in ms; where `stop` gives a time, that of a second signal. */
async function stopped(
  calls: string,
  stop: (running: Running) => void | Promise<number>,
  rates: number[],
): Promise<number> {
  const running = new Running([BINARY, "urandomread", "--json", "--max-events", "1000000000"]);
  await running.until('"type":"attached"');
  using _load = makeLoad(calls);
  await running.skip(WARM_UP_EVENTS);
  let start = performance.now();
  const again = await stop(running);
  if (again !== undefined) {
    start = again;
    running.kill("SIGINT");
  }
  const { stdout } = await running.finished();
  const ms = performance.now() - start;
  if (again === undefined) rates.push(rateOf(stdout));
  return ms;
}

/** Events of each second, seen and lost. */
function rateOf(stdout: string): number {
  const summary = jsonRecords(stdout.trimEnd().split("\n").at(-1)! + "\n")[0]!;
  const { events, lost, duration_ns } = summary as Record<string, number | bigint>;
  return (Number(events) + Number(lost)) / (Number(duration_ns) / 1e9);
}

async function throughAPipe(): Promise<Result> {
  const shell = await ownShell();
  const running = new Running([BINARY, "hello_perf_output", "--json", "--comm", shell.comm]);
  await running.until('"type":"attached"');
  let seen = 0;
  const rows = await inTurns(50, {
    "an event of one at a time": async () => {
      await run([shell.path, "-c", "/bin/true; :"]);
      const text = await running.until('"type":"event"', ++seen);
      const now = clockNow("monotonic");
      const event = ofType(jsonRecords(text), "event").at(-1)!;
      return Number(now - BigInt(event.ts as number | bigint)) / 1e6;
    },
  });
  running.kill("SIGINT");
  await running.finished();
  const worst = Math.max(...rows[0]!.samples);
  return {
    title: "From an event to its line at the other end of a pipe",
    unit: "ms",
    rows,
    checks: [{ what: "the latest of 50", value: worst, atMost: 50 }],
  };
}

async function firstLine(): Promise<Result> {
  const script = `"$0" hello_perf_output --json | head -1`;
  const rows = await inTurns(ROUNDS, {
    "gimlet hello_perf_output --json | head -1": () =>
      timed(() => run(["bash", "-c", script, BINARY])),
  });
  const worst = Math.max(...rows[0]!.samples);
  return {
    title: "A reader that wants one line",
    unit: "ms",
    rows,
    checks: [{ what: "the longest", value: worst, atMost: 1000 }],
  };
}
