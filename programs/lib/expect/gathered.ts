/** Functions of what a script's map gathered: of one key, of those that a condition holds for, or of all. */

import type { ReportShape } from "../record_shape.ts";
import type { Gathered } from "../value.ts";
import type { Called } from "./aggregate.ts";
import type { Operand } from "./compile.ts";
import { ExpectError, type Span } from "./diagnostic.ts";
import { Histogram, histogramFunction } from "./histogram.ts";
import { keyTest } from "./keys.ts";
import { conditionsOf, entryRow, keyShape } from "./rows.ts";
import type { Scalar } from "./scalar.ts";
import type { Totals } from "./totals.ts";

type GatheredShape = Extract<ReportShape, { kind: "gathered" }>;

/** Makes a number of what was gathered for some keys. */
type Take = (values: readonly Gathered[]) => Scalar;

const KINDS = {
  hist: {
    what: "histograms",
    has: "Histograms have count(), min(), max(), p1() to p100(), p999(), p9999()",
    example: "p99",
  },
  stats: { what: "stats()", has: "They have count(), sum() and avg()", example: "avg" },
} as const;

/** A function that can be asked of it. */
export function exampleOf({ of }: GatheredShape): string {
  return KINDS[of].example;
}

/**
 * A function of it: `p99(@us["dd"])`, `avg(@s where key =~ "d*")`.
 *
 * @throws {ExpectError}
 */
export function ofGathered(
  called: Called,
  { report, tool, source }: {
    readonly report: GatheredShape;
    readonly tool: string;
    readonly source: string;
  },
): Operand<Totals> {
  const { function: { name: wanted }, selection } = called;
  const { name: map, key, where, at, end } = selection;
  const mistake = (problem: string, span: Span, hint: string) =>
    new ExpectError(source, { problem, span: { at: span.at, end: span.end }, hint });
  if (report.key === undefined && (key ?? where) !== undefined) {
    throw mistake(`${map.name} has no keys`, key ?? where!, `It should be ${wanted}(${map.name})`);
  }
  const take = report.of === "hist" ? ofHistograms(wanted) : STATS.get(wanted);
  if (take === undefined) {
    const { what, has } = KINDS[report.of];
    throw mistake(`${what} have no ${wanted}()`, called, has);
  }
  const rows = { what: `entries of ${map.name} in ${tool}`, shape: keyShape(report.key ?? "u64") };
  const conditions = [
    ...conditionsOf(selection, rows, source),
    ...key === undefined
      ? []
      : [keyTest({ kind: "entry", map, key, at, end }, report.key ?? "u64", source)],
  ];
  return {
    type: "number",
    read: ({ gathered }) => {
      const entries = gathered.get(map.name)?.entries ?? [];
      const chosen = entries.filter((entry) => {
        const row = entryRow({ key: entry.key, value: null });
        return conditions.every((holds) => holds(row));
      });
      return take(chosen.map(({ value }) => value));
    },
  };
}

function ofHistograms(name: string): Take | undefined {
  const take = histogramFunction(name);
  return take && ((values) => {
    const all = new Histogram("");
    for (const value of values) if (value.kind === "hist") all.add(value);
    return take(all);
  });
}

const STATS: ReadonlyMap<string, Take> = new Map<string, Take>([
  ["count", (values) => sumOf(values, "count")],
  ["sum", (values) => sumOf(values, "total")],
  ["avg", (values) => {
    const count = sumOf(values, "count");
    return count === 0n ? null : sumOf(values, "total") / count;
  }],
]);

function sumOf(values: readonly Gathered[], what: "count" | "total"): bigint {
  return values.reduce((sum, each) => each.kind === "stats" ? sum + each[what] : sum, 0n);
}
