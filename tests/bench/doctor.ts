/** How long `gimlet doctor` takes, from exec to its end. */

import { BINARY, run } from "../gimlet.ts";
import { inTurns, median, type Result, timed } from "./measure.ts";

const ROUNDS = 11;
const MOST_MS = 500;

/** Measures it, as text and as records. */
export async function doctor(): Promise<Result[]> {
  const rows = await inTurns(ROUNDS, {
    "gimlet doctor": () => timed(() => examined("doctor")),
    "gimlet doctor --json": () => timed(() => examined("doctor", "--json")),
  });
  return [{
    title: "Find out what can be traced here",
    unit: "ms",
    rows,
    checks: rows.map(({ name, samples }) => ({
      what: `${name}, the median`,
      value: median(samples),
      atMost: MOST_MS,
    })),
  }];
}

async function examined(...args: readonly string[]): Promise<void> {
  const { status, stderr } = await run([BINARY, ...args]);
  if (status !== 0) throw new Error(`Cannot measure gimlet doctor: ${status}: ${stderr}`);
}
