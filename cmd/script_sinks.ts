/** How scripts print: as bpftrace does, as text or in its JSON, or in gimlet's own records. */

import type { Sink } from "../programs/lib/session.ts";
import type { Value } from "../programs/lib/value.ts";
import type { ExpectReport } from "./expect_report.ts";
import type { ScriptOptions } from "./script_options.ts";
import { jsonSink, noteLines, textSink } from "./sinks.ts";
import { noteLine, type Writer } from "./writer.ts";

/** The sink that prints what a script gives. */
export function scriptSink(out: Writer, report: ExpectReport, options: ScriptOptions): Sink {
  const sink = options.json
    ? jsonSink(out, report)
    : options.foreign
    ? foreignSink(out, report)
    : textSink(out, report, options);
  if (!options.holdsBack) return sink;
  // The writer writes by itself where it has enough, and who runs the script in the end.
  return { emit: (value) => sink.emit(value), flush: () => {} };
}

/** bpftrace's JSON. */
function foreignSink(out: Writer, report: ExpectReport): Sink {
  return {
    emit(value) {
      const line = foreignLine(value);
      if (line !== undefined) out.line(line);
      if (value.type === "expect") report.take(value).forEach(noteLine);
      else if (value.type === "status" || value.type === "lost") noteLines(value);
    },
    flush: () => out.flush(),
  };
}

function foreignLine(value: Value): string | undefined {
  switch (value.type) {
    case "output":
      return value.foreign();
    case "attached":
      return `{"type": "attached_probes", "data": {"probes": ${value.probes.length}}}`;
    case "lost":
      return `{"type": "lost_events", "data": {"events": ${value.count}}}`;
    default:
      return undefined;
  }
}
