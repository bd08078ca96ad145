/** What must be known beforehand of a map that gathers: bounds, buckets, intervals. */

import type { CallNode } from "../ast.ts";
import type { AggregateFunction, AggregateType, SeriesShape } from "../types.ts";
import type { Typing } from "./builtin.ts";

/** From the arguments of a call. */
export function shapeOf(
  of: AggregateFunction,
  call: CallNode,
  typing: Typing,
): Pick<AggregateType, "range" | "bits" | "series"> {
  if (of === "lhist") {
    const range = readRange(call, typing);
    return range === undefined ? {} : { range };
  }
  if (of === "tseries") return { series: readSeries(call, typing) };
  return of === "hist" ? { bits: readBits(call, typing) } : {};
}

const MOST_BITS = 5n;

function readBits({ args: [, bits] }: CallNode, typing: Typing): number {
  const value = bits === undefined ? 0n : typing.constant(bits);
  if (value !== undefined && value >= 0n && value <= MOST_BITS) return Number(value);
  typing.error(bits!.span, `hist: bits must be 0..${MOST_BITS}`);
  return 0;
}

const MOST_INTERVALS = 1000n;
const GATHERS = ["avg", "max", "min", "sum"] as const;

function readSeries(
  { args: [, interval, count, gathers], span }: CallNode,
  typing: Typing,
): SeriesShape {
  const [nanoseconds, intervals] = [interval, count].map((node) => node && typing.constant(node));
  const usual: SeriesShape = { interval: 1n, count: 1, gathers: "last" };
  if (nanoseconds === undefined || intervals === undefined) {
    typing.error(span, "tseries() needs numbers for its intervals that are known beforehand");
    return usual;
  }
  if (nanoseconds < 1n) {
    typing.error(span, `tseries() interval_ns must be >= 1 (${nanoseconds} provided)`);
  }
  if (intervals < 1n || intervals > MOST_INTERVALS) {
    const bound = intervals < 1n ? ">= 1" : `<= ${MOST_INTERVALS}`;
    typing.error(span, `tseries() num_intervals must be ${bound} (${intervals} provided)`);
    return usual;
  }
  const shape = { interval: nanoseconds < 1n ? 1n : nanoseconds, count: Number(intervals) };
  if (gathers === undefined) return { ...shape, gathers: "last" };
  const text = typing.text(gathers);
  const known = GATHERS.find((name) => name === text);
  if (known === undefined) {
    typing.error(
      gathers.span,
      `tseries() expects one of the following aggregation functions: ${GATHERS.join(", ")}`,
    );
  }
  return { ...shape, gathers: known ?? "last" };
}

const MOST_BUCKETS = 1000n;

function readRange(call: CallNode, typing: Typing): AggregateType["range"] {
  const [low, high, step] = call.args.slice(1).map((arg) => typing.constant(arg));
  if (low === undefined || high === undefined || step === undefined) {
    typing.error(
      call.span,
      "lhist() needs numbers for min, max and step that are known beforehand",
    );
  } else if (step <= 0n) {
    typing.error(call.span, `lhist() step must be >= 1 (${step} provided)`);
  } else if (high <= low) {
    typing.error(
      call.span,
      `lhist() min must be less than max (provided min ${low} and max ${high})`,
    );
  } else if ((high - low) / step > MOST_BUCKETS) {
    const message = `lhist() too many buckets, must be <= ${MOST_BUCKETS} (would need ${
      (high - low) / step
    })`;
    typing.error(call.span, message);
  } else return { low, high, step };
  return undefined;
}
