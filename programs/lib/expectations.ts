/** Expectations beside a session: they see what it gives, and tell how they came out before the summary. */

import type { Expectation } from "./expect/evaluate.ts";
import type { Sink } from "./session.ts";
import type { OutputValue, Value } from "./value.ts";

/** A sink that lets expectations watch, and passes everything on. */
export function watched(sink: Sink, expectations: readonly Expectation[]): Sink {
  if (expectations.length === 0) return sink;
  return {
    emit(value) {
      for (const expectation of expectations) show(expectation, value);
      if (value.type === "summary") {
        for (const expectation of expectations) sink.emit(expectation.result(value));
      }
      sink.emit(value);
    },
    flush: () => sink.flush(),
  };
}

function show(expectation: Expectation, value: Value): void {
  switch (value.type) {
    case "event":
      return expectation.event(value.fields);
    case "map":
    case "hist":
      return expectation.report(value);
    case "output":
      return showOutput(expectation, value);
  }
}

/** A script prints its maps as they are: each time all of it. */
function showOutput(expectation: Expectation, { value, report }: OutputValue): void {
  if (report !== undefined) return expectation.report(report(), { ofAll: true });
  const event = value();
  if (event?.type === "event") expectation.event(event.fields);
}
