/** The text printer: what a person reads, in BCC's formats. */

import { histLines } from "./histogram.ts";
import type { LossReason, StatsValue, Value } from "./value.ts";

/** Where a line goes: `output` is the tool's result, `note` what is said beside it; a `piece` has its own line ends. */
export interface TextLine {
  /** Where it goes. */
  readonly kind: "output" | "note" | "piece";
  /** The line, without its newline. */
  readonly text: string;
}

/** What people read of a loss. */
export const LOSS_TEXT: Readonly<Record<LossReason, string>> = {
  buffer_full: "the buffer was full",
  map_full: "the map was full",
  read_fault: "the traced program's memory could not be read",
  print_failed: "trace_pipe took no line",
  return_missed: "the end of a call was not seen",
  trace_pipe_overwritten: "trace_pipe was overwritten before it was read",
  trace_pipe_taken: "something else read trace_pipe as well, or it was overwritten",
};

/** The lines of a value; none for what people need not see. */
export function textLines(value: Value): TextLine[] {
  switch (value.type) {
    case "header":
    case "attached":
    case "expect": // the result of a test, which has formats of its own
    case "summary":
      return [];
    case "event":
      return [output(value.line())];
    case "hist":
      return ["", ...histLines(value)].map(output);
    case "map":
      return [
        ...(value.header === undefined ? [] : [value.header]),
        ...value.entries.map((_, i) => value.line(i)),
      ].map(output);
    case "lost":
      return [note(`lost ${value.count}: ${LOSS_TEXT[value.reason]}`)];
    case "stats":
      return statsLines(value).map(note);
    case "status":
      return [{ kind: value.kind, text: value.text }];
    case "output":
      return [{ kind: "piece", text: value.text() }];
  }
}

function statsLines(value: StatsValue): string[] {
  const programs = value.programs.map(({ program, runs, run_time_ns, missed }) => {
    const each = runs === 0n
      ? ""
      : `, ${run_time_ns / runs} ns each, ${percent(run_time_ns, value.duration_ns)} of a CPU`;
    return `${program} ran ${runs} times${each}${missed === 0n ? "" : `, missed ${missed}`}`;
  });
  const memory = (Number(value.own_peak_bytes) / 2 ** 20).toFixed(1);
  const cpu = value.own_cpu_ns / 1_000_000n;
  return [...programs, `gimlet itself took ${cpu} ms of CPU, and ${memory} MiB`];
}

function percent(part: bigint, whole: bigint): string {
  return `${(Number(part) / Number(whole) * 100).toFixed(2)} %`;
}

function output(text: string): TextLine {
  return { kind: "output", text };
}

function note(text: string): TextLine {
  return { kind: "note", text };
}

/** ns as seconds with nine decimals, exactly: C's `%.9f`. */
export function seconds(ns: bigint): string {
  const n = Number(ns);
  // As long as numbers are exact, they are three times as fast; that is 104 days of a clock.
  if (n >= 0 && n <= Number.MAX_SAFE_INTEGER) {
    const rest = n % 1e9;
    return `${(n - rest) / 1e9}.${String(rest + 1e9).slice(1)}`;
  }
  const sign = ns < 0n ? "-" : "";
  const digits = (ns < 0n ? -ns : ns).toString().padStart(10, "0");
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** A string as it would stand in C source between quotes. */
export function cEscaped(text: string): string {
  return text.replaceAll(/["\\\p{Cc}]/gu, (character) => C_ESCAPES[character] ?? hex(character));
}

const C_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
