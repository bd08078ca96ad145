/** Numbers of histograms. Their values are known by bucket only, so each is the bound of a bucket. */

import type { Bucket, HistValue } from "../value.ts";
import type { Scalar } from "./scalar.ts";

/** A histogram as reported: in several pieces, where a tool reports at intervals. */
export class Histogram {
  readonly unit: string;
  /** By their lower bounds. */
  readonly #buckets = new Map<bigint, Bucket>();

  constructor(unit: string) {
    this.unit = unit;
  }

  /** Adds a report. */
  add({ buckets }: Pick<HistValue, "buckets">): void {
    for (const { low, high, count } of buckets) {
      this.#buckets.set(low, { low, high, count: count + (this.#buckets.get(low)?.count ?? 0n) });
    }
  }

  get count(): bigint {
    return this.#used().reduce((sum, { count }) => sum + count, 0n);
  }

  /** The lower bound of the first bucket in use. */
  get min(): Scalar {
    return this.#used()[0]?.low ?? null;
  }

  /** The upper bound of the last bucket in use. */
  get max(): Scalar {
    return upperBound(this.#used().at(-1));
  }

  /** The upper bound of the bucket that a percentile falls into; `share` is in parts of 10,000. */
  percentile(share: bigint): Scalar {
    const rank = (this.count * share + 9_999n) / 10_000n;
    let sum = 0n;
    return upperBound(this.#used().find(({ count }) => (sum += count) >= rank));
  }

  #used(): Bucket[] {
    return [...this.#buckets.values()].filter(({ count }) => count > 0n)
      .sort((a, b) => a.low < b.low ? -1 : 1);
  }
}

function upperBound(bucket: Bucket | undefined): Scalar {
  return bucket === undefined ? null : bucket.high ?? Infinity;
}

const PERCENTILE = /^p(\d+)$/;
/** Those above 100, by what people mean with them, in parts of 10,000. */
const FINE: Readonly<Record<string, bigint>> = { p999: 9_990n, p9999: 9_999n };

/** Whether this is how percentiles are called: p50, p99, p999. */
export function isPercentile(name: string): boolean {
  return PERCENTILE.test(name);
}

/** A function of histograms by its name; `undefined` where there is none. */
export function histogramFunction(
  name: string,
): ((histogram: Histogram) => Scalar) | undefined {
  if (name === "count" || name === "min" || name === "max") return (histogram) => histogram[name];
  const percent = PERCENTILE.exec(name)?.[1];
  if (percent === undefined) return undefined;
  const share = FINE[name] ?? BigInt(percent) * 100n;
  const exists = share > 0n && share <= 10_000n;
  return exists ? (histogram) => histogram.percentile(share) : undefined;
}
