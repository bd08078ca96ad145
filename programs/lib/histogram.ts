/** Histograms: from the counters of a map to a value, and from a value to BCC's text. */

import { type PerCpuMap, sumOf } from "../../ffi/bpf/map.ts";
import type { Bucket, HistValue } from "./value.ts";

/** What a person is told of a histogram. */
export interface HistLabels {
  /** What is measured, such as `kbytes`. */
  readonly unit: string;
  /** The line above it; empty for none. */
  readonly title: string;
}

/** A map of powers of two (`GIMLET_LOG2_HIST`): slot i counts 2^(i-1) … 2^i - 1, slot 1 counts 0 as well. */
export function log2Hist(map: PerCpuMap<number, bigint>, labels: HistLabels): HistValue {
  return {
    type: "hist",
    name: map.name,
    scale: "log2",
    ...labels,
    buckets: log2Buckets(slots(map)),
  };
}

/** A map of single values (`GIMLET_LINEAR_HIST`): slot i counts the value i, the last slot all that are larger. */
export function linearHist(map: PerCpuMap<number, bigint>, labels: HistLabels): HistValue {
  const buckets = linearBuckets(slots(map));
  return { type: "hist", name: map.name, scale: "linear", ...labels, buckets };
}

/**
 * A log2 histogram told piece by piece: each call of what this gives has what was counted since the last one. The map itself is
 * never cleared, so that nothing is lost between reading and clearing.
 */
export function log2HistNews(
  map: PerCpuMap<number, bigint>,
  labels: HistLabels,
): () => HistValue {
  let told: readonly bigint[] = [];
  return () => {
    const now = slots(map);
    const news = now.map((count, i) => count - (told[i] ?? 0n));
    told = now;
    return { type: "hist", name: map.name, scale: "log2", ...labels, buckets: log2Buckets(news) };
  };
}

function slots(map: PerCpuMap<number, bigint>): bigint[] {
  const counts = Array<bigint>(map.maxEntries).fill(0n);
  for (const [slot, perCpu] of map) counts[slot] = sumOf(perCpu);
  return counts;
}

/** The buckets of slots that count powers of two, up to the last that counted something. */
export function log2Buckets(counts: readonly bigint[]): Bucket[] {
  return usedSlots(counts).slice(1).map((count, i) => ({
    low: i === 0 ? 0n : 1n << BigInt(i),
    high: (1n << BigInt(i + 1)) - 1n,
    count,
  }));
}

/** The buckets of slots that count single values, up to the last that counted something. */
export function linearBuckets(counts: readonly bigint[]): Bucket[] {
  const last = BigInt(counts.length - 1);
  return usedSlots(counts).map((count, i) => {
    const low = BigInt(i);
    return { low, high: low === last ? null : low, count };
  });
}

function usedSlots(counts: readonly bigint[]): readonly bigint[] {
  return counts.slice(0, counts.findLastIndex((count) => count > 0n) + 1);
}

/** The text of a histogram, in the format of BCC's `print_log2_hist` and `print_linear_hist`. */
export function histLines(hist: HistValue): string[] {
  const title = hist.title === "" ? [] : [hist.title, "~".repeat(hist.title.length)];
  return [...title, ...(hist.scale === "log2" ? log2Lines(hist) : linearLines(hist))];
}

// Above this value BCC prints wide numbers and short bars.
const LARGEST_WITH_LONG_BARS = (1n << 32n) - 1n;

function log2Lines({ buckets, unit }: HistValue): string[] {
  const last = buckets.at(-1);
  if (last === undefined) return [];
  const wide = last.high === null || last.high > LARGEST_WITH_LONG_BARS;
  const [digits, stars, indent] = wide ? [20, 20, 15] : [10, 40, 5];
  const header = `${" ".repeat(indent)}${unit.padEnd(wide ? 29 : 19)} : count     distribution`;
  const largest = largestCount(buckets);
  return [
    header,
    ...buckets.map(({ low, high, count }) =>
      `${String(low).padStart(digits)} -> ${String(high).padEnd(digits)} : ` +
      `${String(count).padEnd(8)} |${bar(count, largest, stars)}|`
    ),
  ];
}

function linearLines({ buckets, unit }: HistValue): string[] {
  if (buckets.length === 0) return [];
  const largest = largestCount(buckets);
  return [
    `     ${unit.padEnd(13)} : count     distribution`,
    ...buckets.map(({ low, high, count }) => {
      const label = high === null ? `>= ${low}` : String(low);
      return `        ${label.padEnd(10)} : ${String(count).padEnd(8)} |${
        bar(count, largest, 40)
      }|`;
    }),
  ];
}

function largestCount(buckets: readonly Bucket[]): bigint {
  return buckets.reduce((max, { count }) => count > max ? count : max, 0n);
}

/** Stars in proportion, rounded down, filled up with blanks. */
function bar(count: bigint, largest: bigint, width: number): string {
  const stars = largest === 0n ? 0 : Number(count * BigInt(width) / largest);
  return "*".repeat(stars).padEnd(width);
}
