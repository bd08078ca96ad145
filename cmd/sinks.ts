/** The two printers as sinks: what a session gives becomes lines of a writer. */

import { jsonLine } from "../programs/lib/json.ts";
import type { Sink } from "../programs/lib/session.ts";
import { textLines } from "../programs/lib/text.ts";
import type { Value } from "../programs/lib/value.ts";
import type { ExpectReport } from "./expect_report.ts";
import type { ToolOptions } from "./options.ts";
import { noteLine, type Writer } from "./writer.ts";

/** gimlet's own records. */
export function jsonSink(out: Writer, report: ExpectReport): Sink {
  return recordSink(out, report, jsonLine);
}

/** NDJSON, of which `lineOf` makes each line; what is for people goes to stderr. */
export function recordSink(
  out: Writer,
  report: ExpectReport,
  lineOf: (value: Value) => string | undefined,
): Sink {
  return {
    emit(value) {
      const line = lineOf(value);
      if (line !== undefined) out.line(line);
      if (value.type === "expect") report.take(value).forEach(noteLine);
      // Losses are for people, too.
      else if (value.type === "status" || value.type === "lost") noteLines(value);
    },
    flush: () => out.flush(),
  };
}

/** Text for people; what is said beside the output goes to stderr. */
export function textSink(
  out: Writer,
  report: ExpectReport,
  { verbose, results }: Pick<ToolOptions, "verbose" | "results">,
): Sink {
  for (const line of report.head()) out.line(line);
  const printsText = results === "text";
  return {
    emit(value) {
      // By far the most frequent: no detours.
      if (value.type === "event") {
        if (printsText) out.line(value.line());
        return;
      }
      if (value.type === "output") {
        if (printsText) out.text(value.text());
        return;
      }
      if (value.type === "expect") { for (const line of report.take(value)) out.line(line); }
      for (const { kind, text } of textLines(value)) {
        if (kind === "note") noteLine(text);
        else if (printsText) out.line(text);
      }
      if (verbose) { for (const text of verboseLines(value)) noteLine(text); }
    },
    flush: () => out.flush(),
  };
}

function verboseLines(value: Value): string[] {
  switch (value.type) {
    case "header":
      return [`plan ${value.plan}, kernel ${value.kernel}`];
    case "attached":
      return [`attached ${value.probes.join(", ")}`];
    case "summary":
      return [`${value.events} events, ${value.lost} lost, ended by ${value.ended_by}`];
    default:
      return [];
  }
}

function noteLines(value: Value): void {
  for (const { kind, text } of textLines(value)) if (kind === "note") noteLine(text);
}
