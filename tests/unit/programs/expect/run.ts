/** Expectations on runs that never were. */

import type { Expectation } from "../../../../programs/lib/expect/evaluate.ts";
import { expectation } from "../../../../programs/lib/expect/evaluate.ts";
import type { ToolShape } from "../../../../programs/lib/record_shape.ts";
import type {
  ExpectValue,
  Fields,
  GatheredValue,
  HistValue,
  MapValue,
  SummaryValue,
} from "../../../../programs/lib/value.ts";

/** A tool that has everything. */
export const TOOL: ToolShape = {
  tool: "sample",
  event: {
    ts: "u64",
    pid: "u32",
    ret: "s64",
    comm: "char[16]",
    bytes: "u64",
    delta_ms: { nullable: "u64" },
    ok: "bool",
    task: { fields: { cpu: "u32", prio: { fields: { nice: "s8" } } } },
    args: { items: "u64", length: 2 },
  },
  reports: {
    counts: { kind: "map", key: { fields: { c: "char[80]" } } },
    by_pid: { kind: "map", key: "u32" },
    pairs: { kind: "map", key: { fields: { prev_pid: "u32", next: "char[16]" } } },
    dist: { kind: "hist" },
    other: { kind: "hist" },
    "@n": { kind: "single", value: "s64" },
    "@wait_us": { kind: "single", value: "s64" },
    "@h": { kind: "gathered", of: "hist", key: "char[16]" },
    "@s": { kind: "gathered", of: "stats", key: { fields: { key0: "s64", key1: "char[1]" } } },
    "@lone": { kind: "gathered", of: "stats", key: undefined },
  },
};

/** What a run gave. */
export interface Run {
  readonly events?: readonly Fields[];
  readonly reports?: readonly (MapValue | HistValue | GatheredValue)[];
  readonly lost?: bigint;
  readonly duration_ns?: bigint;
}

/** An event, with what it does not say filled in. */
export function event(fields: Fields = {}): Fields {
  return {
    ts: 5n,
    pid: 7,
    ret: 0n,
    comm: "dd",
    bytes: 4096n,
    delta_ms: null,
    ok: true,
    task: { cpu: 1, prio: { nice: -5 } },
    args: [1n, 2n],
    ...fields,
  };
}

/** A reported map. */
export function map(name: string, entries: MapValue["entries"]): MapValue {
  return { type: "map", name, entries, header: "", line: () => "" };
}

/** What a script's map gathered. */
export function gathered(name: string, entries: GatheredValue["entries"]): GatheredValue {
  return { type: "gathered", name, entries };
}

/** A reported histogram: its counts by bucket, as `[low, high, count]`. */
export function hist(
  name: string,
  unit: string,
  buckets: readonly (readonly [bigint, bigint | null, bigint])[],
): HistValue {
  return {
    type: "hist",
    name,
    scale: "log2",
    unit,
    title: "",
    buckets: buckets.map(([low, high, count]) => ({ low, high, count })),
  };
}

/** What an expectation comes to after a run. */
export function result(source: string | Expectation, run: Run = {}): ExpectValue {
  const { events = [], reports = [], lost = 0n, duration_ns = 1_000_000_000n } = run;
  const expected = typeof source === "string" ? expectation(source, TOOL) : source;
  for (const event of events) expected.event(event);
  for (const report of reports) expected.report(report);
  const summary: SummaryValue = {
    type: "summary",
    events: events.length,
    lost,
    duration_ns,
    ended_by: "command",
  };
  return expected.result(summary);
}

/** Whether it came true. */
export function holds(source: string, run: Run = {}): boolean {
  const { ok, problem } = result(source, run);
  if (problem !== null) throw new Error(problem);
  return ok;
}
