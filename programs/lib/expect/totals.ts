/** What is only known in the end: what an expectation as a whole speaks of. */

import type { Shape } from "../../../ffi/wire/shape.ts";
import { didYouMean } from "../nearest.ts";
import type { ReportShape, ToolShape } from "../record_shape.ts";
import type { GatheredValue, MapValue, SummaryValue } from "../value.ts";
import type { Accumulator, Counter } from "./accumulator.ts";
import { type Called, counterOf, fieldFunction, FUNCTIONS } from "./aggregate.ts";
import type { Call, Compare, Entry, Name } from "./ast.ts";
import { type Operand, type Scope, textOf } from "./compile.ts";
import { ExpectError, type Span } from "./diagnostic.ts";
import { exampleOf, ofGathered } from "./gathered.ts";
import { type Histogram, histogramFunction, isPercentile } from "./histogram.ts";
import { keyTest } from "./keys.ts";
import { entryRow, entryShape, type Rows } from "./rows.ts";
import { COMPARE, scalar } from "./scalar.ts";
import { SUFFIXES, unitOfField, unitOfHistogram } from "./units.ts";

/** Everything that was seen. */
export interface Totals {
  readonly summary: SummaryValue;
  readonly maps: ReadonlyMap<string, MapValue>;
  readonly histograms: ReadonlyMap<string, Histogram>;
  readonly gathered: ReadonlyMap<string, GatheredValue>;
}

/** A part of the expectation whose value is worth telling. */
export interface Sight {
  readonly text: string;
  readonly operand: Operand<Totals>;
}

/** A count of events: who counts them, and whether there should have been more. */
export interface Count extends Sight {
  readonly counter: Counter;
  tooFew(totals: Totals): boolean;
}

const SIMPLE: Readonly<Record<string, Operand<Totals>>> = {
  events: { type: "number", read: ({ summary }) => summary.events },
  lost: { type: "number", read: ({ summary }) => summary.lost },
  duration: { type: "number", read: ({ summary }) => summary.duration_ns, unit: SUFFIXES["ns"] },
};

/** The names and functions of an expectation, for one tool. It collects what has to be fed with events. */
export class TotalsScope implements Scope<Totals> {
  readonly source: string;
  /** To be given every event. */
  readonly accumulators: Accumulator[] = [];
  readonly sights: Sight[] = [];
  readonly counts: Count[] = [];
  readonly #tool: ToolShape;

  constructor(source: string, tool: ToolShape) {
    this.source = source;
    this.#tool = tool;
  }

  resolve(expression: Name | Call | Entry): Operand<Totals> {
    const operand = this.#operand(expression);
    this.sights.push({ text: textOf(expression, this), operand });
    return operand;
  }

  /** Notes what a count of events was compared with. */
  compared({ operator }: Compare, left: Operand<Totals>, right: Operand<Totals>): void {
    if (operator === "=~") return;
    for (const [own, other] of [[left, right], [right, left]] as const) {
      const i = this.counts.findIndex(({ operand }) => operand === own);
      if (i < 0) continue;
      const tooFew = (totals: Totals) => COMPARE["<"](own.read(totals), other.read(totals));
      this.counts[i] = { ...this.counts[i]!, tooFew };
    }
  }

  #call(called: Called): Operand<Totals> {
    const { function: { name }, selection: { name: source } } = called;
    if (!FUNCTIONS.includes(name) && !isPercentile(name)) {
      const hint = didYouMean(name, [...FUNCTIONS, "p50", "p99"]);
      throw this.#mistake(`there is no function ${name}`, called.function, hint);
    }
    const report = this.#report(source.name);
    if (report?.kind === "gathered") {
      return ofGathered(called, { report, tool: this.#tool.tool, source: this.source });
    }
    this.#refuseKey(called);
    if (source.name === "event") return this.#ofEvents(called);
    if (this.#isField(source)) return this.#ofField(called);
    if (report?.kind === "map") return this.#ofMap(called, report.key);
    if (report?.kind === "hist") return this.#ofHistogram(called);
    if (report?.kind === "single") throw this.#hasNoKeys(source);
    throw this.#unknown(source, ["event", ...this.#fields(), ...this.#reports()]);
  }

  #refuseKey({ selection: { name: { name }, key } }: Called): void {
    if (key === undefined) return;
    const isMap = this.#report(name)?.kind === "map";
    const hint = isMap ? `An entry stands by itself: ${name}[…]` : "";
    throw this.#mistake(`functions take no key of ${name}`, key, hint);
  }

  #operand(expression: Name | Call | Entry): Operand<Totals> {
    switch (expression.kind) {
      case "name":
        return this.#simple(expression);
      case "entry":
        return this.#entry(expression);
      case "call":
        return this.#call(expression);
    }
  }

  #simple(name: Name): Operand<Totals> {
    const known = name.name.toLowerCase();
    if (Object.hasOwn(SIMPLE, known)) return SIMPLE[known]!;
    const report = this.#report(name.name);
    if (report?.kind === "single") return this.#single(name);
    const example = name.name === "event"
      ? "count(event)"
      : this.#isField(name)
      ? `count(event where ${name.name} == …)`
      : report?.kind === "map"
      ? `count(${name.name})`
      : report?.kind === "gathered"
      ? `${exampleOf(report)}(${name.name})`
      : `p99(${name.name})`;
    if (name.name !== "event" && !this.#isField(name) && report === undefined) {
      throw this.#unknown(name, [...Object.keys(SIMPLE), ...this.#fields(), ...this.#reports()]);
    }
    throw this.#mistake(`${name.name} alone has no value`, name, `It should be like ${example}`);
  }

  /** What was never set is 0, as in scripts. */
  #single({ name }: Name): Operand<Totals> {
    return {
      type: "number",
      read: ({ maps }) => scalar(maps.get(name)?.entries[0]?.value ?? 0n),
      unit: unitOfField(name),
    };
  }

  #ofEvents(called: Called): Operand<Totals> {
    const { function: { name }, selection } = called;
    const rows = this.#events(selection.name);
    if (name !== "count") {
      const hint = `It should be like ${name}(${this.#fields()[0] ?? "field"})`;
      throw this.#mistake(`${name}() takes a field of the events`, selection.name, hint);
    }
    const counter = counterOf(called, rows, this.source)();
    const operand = { type: "number", read: () => counter.value } as const;
    this.accumulators.push(counter);
    this.counts.push({ text: textOf(called, this), operand, counter, tooFew: () => false });
    return operand;
  }

  #ofField(called: Called): Operand<Totals> {
    const { function: { name }, selection: { name: field } } = called;
    const rows = this.#events(field);
    if (name === "count") {
      const hint = `It should be like count(event where ${field.name} == …)`;
      throw this.#mistake("count() takes events", field, hint);
    }
    if (isPercentile(name)) {
      const [first] = [...this.#reports("hist"), ...this.#reports("gathered")];
      const hint = first === undefined
        ? "This tool has none"
        : `It should be like ${name}(${first})`;
      throw this.#mistake(`${name}() takes a histogram`, field, hint);
    }
    const { make, unit } = fieldFunction(called, { field, rows, source: this.source });
    const accumulator = make();
    this.accumulators.push(accumulator);
    return { type: "number", read: () => accumulator.value, unit };
  }

  #ofMap(called: Called, key: Shape): Operand<Totals> {
    const { function: { name, at, end }, selection: { name: map } } = called;
    const rows: Rows = { what: `entries of ${map.name}`, shape: entryShape(key) };
    if (isPercentile(name)) {
      throw this.#mistake(`${name}() takes a histogram, and ${map.name} is a map`, { at, end });
    }
    const field: Name = { ...map, name: "value" };
    const make: () => Accumulator = name === "count"
      ? counterOf(called, rows, this.source)
      : fieldFunction(called, { field, rows, source: this.source }).make;
    return {
      type: "number",
      read: ({ maps }) => {
        const accumulator = make();
        for (const entry of maps.get(map.name)?.entries ?? []) accumulator.add(entryRow(entry));
        return accumulator.value;
      },
    };
  }

  #ofHistogram({ function: called, selection }: Called): Operand<Totals> {
    const { name: { name }, where } = selection;
    if (where !== undefined) {
      throw this.#mistake("a histogram has no fields to select by", where);
    }
    const take = histogramFunction(called.name);
    if (take === undefined) {
      const hint = "Histograms have count(), min(), max(), p1() to p100(), p999(), p9999()";
      throw this.#mistake(`a histogram has no ${called.name}()`, called, hint);
    }
    const operand: Operand<Totals> = {
      type: "number",
      read: ({ histograms }) => {
        const histogram = histograms.get(name);
        return histogram === undefined ? null : take(histogram);
      },
    };
    if (called.name === "count") return operand;
    const unit = ({ histograms }: Totals) => unitOfHistogram(histograms.get(name)?.unit ?? "");
    return { ...operand, unit };
  }

  #entry(entry: Entry): Operand<Totals> {
    const { map } = entry;
    const report = this.#report(map.name);
    if (report === undefined) throw this.#unknown(map, this.#reports("map"));
    if (report.kind === "hist") {
      const hint = `It should be like p99(${map.name})`;
      throw this.#mistake(`${map.name} is a histogram: it has no keys`, map, hint);
    }
    if (report.kind === "single") throw this.#hasNoKeys(map);
    if (report.kind === "gathered") {
      const hint = `It should be like ${exampleOf(report)}(${textOf(entry, this)})`;
      throw this.#mistake(`${map.name} has more than one number for a key`, map, hint);
    }
    const isWanted = keyTest(entry, report.key, this.source);
    return {
      type: "number",
      // What has no entry was counted 0 times.
      read: ({ maps }) =>
        scalar(maps.get(map.name)?.entries.map(entryRow).find(isWanted)?.["value"] ?? 0n),
    };
  }

  #hasNoKeys(map: Name): ExpectError {
    const hint = `It should be like ${map.name} >= 16`;
    return this.#mistake(`${map.name} has no keys, and so a single value`, map, hint);
  }

  #events(span: Span): Rows {
    const { tool, event } = this.#tool;
    if (event !== undefined) return { what: `events of ${tool}`, shape: event };
    const reports = this.#reports();
    const hint = reports.length > 0 ? `It has ${reports.join(", ")}` : "";
    throw this.#mistake(`${tool} has no events`, span, hint);
  }

  #fields(): string[] {
    return Object.keys(this.#tool.event ?? {});
  }

  #isField({ name }: Name): boolean {
    const [first = ""] = name.split(".");
    return first === "event" ? name !== "event" : this.#fields().includes(first);
  }

  #report(name: string): ReportShape | undefined {
    const { reports } = this.#tool;
    return Object.hasOwn(reports, name) ? reports[name] : undefined;
  }

  #reports(kind?: ReportShape["kind"]): string[] {
    return Object.entries(this.#tool.reports)
      .filter(([, report]) => kind === undefined || report.kind === kind).map(([name]) => name);
  }

  #unknown(name: Name, known: readonly string[]): ExpectError {
    const hint = known.length === 0
      ? ""
      : `${didYouMean(name.name, known)} There is ${known.join(", ")}`;
    return this.#mistake(`${this.#tool.tool} has no ${name.name}`, name, hint);
  }

  #mistake(problem: string, { at, end }: Span, hint = ""): ExpectError {
    return new ExpectError(this.source, { problem, span: { at, end }, hint });
  }
}
