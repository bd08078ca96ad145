/** Runs a case with bpftrace or gimlet, and makes what it prints comparable. */

import { type Finished, run } from "../gimlet.ts";
import type { Case } from "./programs.ts";

/** The arguments that both programs understand. */
export function argumentsOf({ options = [], program, parameters = [] }: Case): string[] {
  return [...options, "-e", program, ...parameters];
}

/** Runs a case; `words` are the program's. What does not end within some seconds has no exit status 0. */
export function runCase(words: readonly string[], each: Case): Promise<Finished> {
  return run(["timeout", "20", ...words, ...argumentsOf(each)]);
}

/** What a case is known by. */
export function keyOf({ program, options = [], parameters = [] }: Case): string {
  return JSON.stringify([program, ...options, ...parameters]);
}

/** Whether a case can be run without a kernel: it has nothing but BEGIN and END, and asks for nothing of the machine. */
export function isPure({ program }: Case): boolean {
  return !/\b(?:interval|i|profile|tracepoint|t|software|uprobe|uretprobe|usdt|rawtracepoint):|task_struct|strftime/
    .test(program);
}

/** What a case prints, without what the language does not say. */
export function comparable(
  stdout: string,
  { unordered, normalise = [], options = [] }: Case,
): string {
  const text = normalise.reduce((sum, [from, to]) => sum.replaceAll(from, to), stdout);
  const isJson = options.includes("json");
  const lines = text.split("\n").filter((line) =>
    !/^Attaching \d|"attached_probes"/.test(line) && !(isJson && line === "")
  );
  if (unordered) lines.sort();
  return lines.join("\n").trimEnd();
}
