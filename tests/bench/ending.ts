/** How soon a tool ends that is asked to, while events pour in; and how soon an event gets through a pipe. */

import { clockNow } from "../../ffi/host/clock.ts";
import { urgently } from "../../ffi/host/priority.ts";
import { BINARY, ownShell, run, Running, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { figure, inTurns, median, quantile, type Result, timed } from "./measure.ts";

const ROUNDS = 11;
const LOADS = 2;
/** So much is written before Ctrl-C: some 200,000 events. */
const WARM_UP_CHARACTERS = 20_000_000;

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
  const endings: Ending[] = [];
  for (let round = 0; round < ROUNDS; round++) endings.push(await interrupted(calls));
  const rate = median(endings.map(({ rate }) => rate)) / 1e6;
  const summaries = endings.map(({ summary }) => summary);
  return {
    title: `Ending under ${figure(rate)} million events a second`,
    unit: "ms",
    rows: [
      { name: "Ctrl-C to the end of the summary", samples: summaries },
      {
        name: "Ctrl-C to the end of the process",
        samples: endings.map(({ process }) => process),
      },
    ],
    checks: [{ what: "the summary, 9 of 10", value: quantile(summaries, 0.9), atMost: 200 }],
    notes: [
      "Its reader takes what comes as quickly as it does: what the buffer has by then is written out, and a slower reader would be waited for.",
    ],
  };
}

/** The times from Ctrl-C, in ms. */
interface Ending {
  readonly summary: number;
  readonly process: number;
  /** Events of each second until then, seen and lost. */
  readonly rate: number;
}

async function interrupted(calls: string): Promise<Ending> {
  using _load = makeLoad(calls);
  const running = new Running([BINARY, "urandomread", "--json"]);
  await running.skip(WARM_UP_CHARACTERS);
  // As gimlet is: else the load would keep this reader from its pipe, and that would be measured.
  using _urgent = urgently();
  const start = performance.now();
  running.kill("SIGINT");
  const line = await running.skipTo('{"type":"summary"');
  const summary = performance.now() - start;
  await running.finished();
  const process = performance.now() - start;
  const [record] = jsonRecords(line);
  const { events, lost, duration_ns } = record as Record<string, number | bigint>;
  const rate = (Number(events) + Number(lost)) / (Number(duration_ns) / 1e9);
  return { summary, process, rate };
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
