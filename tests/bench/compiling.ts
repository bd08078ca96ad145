/** What it costs to compile scripts: bpftrace's own, where they are installed. */

import { filesUnder } from "../../build.ts";
import { BINARY } from "../gimlet.ts";
import { median, type Result } from "./measure.ts";
import { columns, Spender, spentInTurns } from "./spent.ts";

const FOLDERS = ["/usr/sbin", "/usr/share/bpftrace/tools"];
const ROUNDS = 5;
const MOST_MS = 20;
const STARTED = "started, and nothing compiled";

/** Measures the CPU time of each beside that of a start: on a busy machine it says more than the time that went by. */
export async function compiling(): Promise<Result[]> {
  await using spender = await Spender.make();
  const scripts = FOLDERS.flatMap((folder) => filesUnder(folder, ".bt")).sort();
  // For this kernel: what its tracepoints and types do not have is an error of the script.
  const usable: string[] = [];
  for (const script of scripts) {
    await spender.spend([BINARY, "check", script]).then(() => usable.push(script), () => {});
  }
  const rows = await spentInTurns(ROUNDS, {
    [STARTED]: () => spender.spend([BINARY, "-e", "BEGIN { }", "--help"]),
    ...Object.fromEntries(
      usable.map((script) => [script, () => spender.spend([BINARY, "check", script])]),
    ),
  });
  const [start, ...others] = columns(rows, "cpu");
  const started = median(start!.samples);
  const compiled = others.map(({ name, samples }) => ({
    name: name.replace(/.*\//, ""),
    samples: samples.map((cpu) => cpu - started),
  }));
  return [{
    title: `Compile a script: CPU time beside the ${started.toFixed(0)} ms of a start`,
    unit: "ms",
    rows: compiled,
    notes: scripts.length > usable.length
      ? [`${scripts.length - usable.length} are not for this kernel`]
      : [],
    checks: [{
      what: "the slowest, its median",
      value: Math.max(...compiled.map(({ samples }) => median(samples))),
      atMost: MOST_MS,
    }],
  }];
}
