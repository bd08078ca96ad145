/**
 * What people expect of a run, as `--expect` says it, and whether it came true.
 *
 * Conditions on events are decided while they pass, and no more of them is kept than a few examples; maps and histograms are
 * looked at in the end.
 */

import type { ToolShape } from "../record_shape.ts";
import type {
  ExpectValue,
  Fields,
  GatheredValue,
  HistValue,
  MapValue,
  SummaryValue,
} from "../value.ts";
import { compileCondition } from "./compile.ts";
import { ExpectError } from "./diagnostic.ts";
import { Histogram } from "./histogram.ts";
import { parseExpectation, parseSelection } from "./parser.ts";
import type { Scalar } from "./scalar.ts";
import { type Totals, TotalsScope } from "./totals.ts";

/** An expectation, ready to watch a run. */
export class Expectation {
  /** As people wrote it; what was written short is spelled out. */
  readonly text: string;
  readonly #scope: TotalsScope;
  readonly #holds: (totals: Totals) => boolean;
  readonly #maps = new Map<string, MapValue>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #gathered = new Map<string, GatheredValue>();

  /** For {@linkcode expectation}, which reads the text. */
  constructor(text: string, scope: TotalsScope, holds: (totals: Totals) => boolean) {
    this.text = text;
    this.#scope = scope;
    this.#holds = holds;
  }

  /** To be told every event. */
  event(fields: Fields): void {
    for (const accumulator of this.#scope.accumulators) accumulator.add(fields);
  }

  /**
   * To be told every report: of a map the last one counts; those of histograms add up, unless each is of all so far.
   */
  report(value: MapValue | HistValue | GatheredValue, { ofAll = false } = {}): void {
    const { name } = value;
    if (value.type === "gathered") {
      this.#gathered.set(name, value);
      return;
    }
    if (value.type === "map") {
      this.#maps.set(name, value);
      return;
    }
    const known = ofAll ? undefined : this.#histograms.get(name);
    const histogram = known ?? new Histogram(value.unit);
    histogram.add(value);
    this.#histograms.set(name, histogram);
  }

  /** Whether it came true, and what was seen. */
  result(summary: SummaryValue): ExpectValue {
    const totals = {
      summary,
      maps: this.#maps,
      histograms: this.#histograms,
      gathered: this.#gathered,
    };
    const { ok, problem } = this.#judge(totals);
    const seen = this.#scope.sights.map(({ text, operand }) => ({
      expression: text,
      value: plain(operand.read(totals)),
    }));
    const examples = ok ? NO_EXAMPLES : this.#examples(totals);
    return { type: "expect", expression: this.text, ok, seen, ...examples, problem };
  }

  #judge(totals: Totals): { ok: boolean; problem: string | null } {
    try {
      return { ok: this.#holds(totals), problem: null };
    } catch (error) {
      if (!(error instanceof ExpectError)) throw error;
      return { ok: false, problem: error.problem };
    }
  }

  /** Where there should have been more, those that nearly counted; else those that did. */
  #examples(totals: Totals): Examples {
    const matching: Fields[] = [];
    const nearest: Fields[] = [];
    for (const { counter, tooFew } of this.#scope.counts) {
      if (tooFew(totals)) nearest.push(...counter.nearest);
      else matching.push(...counter.matching);
    }
    return { matching, nearest };
  }
}

type Examples = Pick<ExpectValue, "matching" | "nearest">;

const NO_EXAMPLES: Examples = { matching: [], nearest: [] };

/**
 * Reads an expectation for a tool.
 *
 * @throws {ExpectError}
 */
export function expectation(source: string, tool: ToolShape): Expectation {
  const scope = new TotalsScope(source, tool);
  const holds = compileCondition(parseExpectation(source), scope);
  return new Expectation(source, scope, holds);
}

/**
 * Reads what is expected not to be: `event where …` stands for `count(event where …) == 0`.
 *
 * @throws {ExpectError}
 */
export function expectNone(source: string, tool: ToolShape): Expectation {
  parseSelection(source); // so that mistakes are shown in what was written, and it closes no bracket
  return expectation(`count(${source}) == 0`, tool);
}

/** What has no upper bound is told in words. */
function plain(value: Scalar): ExpectValue["seen"][number]["value"] {
  if (value === Infinity) return "unbounded";
  return typeof value === "bigint" || typeof value === "number" ? value : null;
}
