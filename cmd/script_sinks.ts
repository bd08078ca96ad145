/** How scripts print: as bpftrace does, as text or in its JSON, or in gimlet's own records. */

import type { Sink } from "../programs/lib/session.ts";
import type { Value } from "../programs/lib/value.ts";
import type { ExpectReport } from "./expect_report.ts";
import type { ScriptOptions } from "./script_options.ts";
import { jsonSink, recordSink, textSink } from "./sinks.ts";
import type { Writer } from "./writer.ts";

/** The sink that prints what a script gives. */
export function scriptSink(out: Writer, report: ExpectReport, options: ScriptOptions): Sink {
  const sink = options.json
    ? jsonSink(out, report)
    : options.foreign
    ? recordSink(out, report, foreignLine)
    : textSink(out, report, options);
  if (!options.holdsBack) return sink;
  // The writer writes by itself where it has enough, and who runs the script in the end.
  return { emit: (value) => sink.emit(value), flush: () => {} };
}

/** A line of bpftrace's JSON. */
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
