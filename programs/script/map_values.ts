/** What a map holds, from its entries as the kernel gives them: CPUs added up, buckets gathered, in bpftrace's order. */

import type { MapPlan } from "./plan.ts";
import { readValue, type ScriptValue } from "./read_values.ts";
import {
  type AggregateType,
  isBucketed,
  type SeriesShape,
  storageSize,
  tupleOffsets,
} from "./types.ts";

/** A bar of a histogram; bounds are undefined where it has none. Both belong to it. */
export interface HistogramBucket {
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
  readonly count: bigint;
  /** Both bounds are the same, and written once. */
  readonly single?: boolean;
  /** How its lower bound and the next one's are written, where that is not as a number in its largest unit. */
  readonly labels?: readonly [string, string];
}

/** The value of an entry. */
export type EntryValue =
  | { readonly kind: "value"; readonly value: ScriptValue }
  | { readonly kind: "number"; readonly value: bigint }
  | {
    readonly kind: "average";
    readonly count: bigint;
    readonly total: bigint;
    readonly average: bigint;
  }
  | { readonly kind: "histogram"; readonly buckets: readonly HistogramBucket[] }
  | { readonly kind: "series"; readonly points: readonly SeriesPoint[] };

/** What a series has of an interval. */
export interface SeriesPoint {
  /** When the interval began, in nanoseconds since boot. */
  readonly start: bigint;
  /** `undefined` where nothing was given to it. */
  readonly value: bigint | undefined;
}

/** An entry of a map. */
export interface Entry {
  readonly key: readonly ScriptValue[];
  readonly value: EntryValue;
}

/** An entry as the kernel has it: the key's bytes, and the value's for each CPU (one where CPUs share it). */
export interface RawEntry {
  readonly key: DataView;
  readonly values: readonly DataView[];
}

/** Reads all entries of a map, the smallest first. */
export function readEntries(plan: MapPlan, raw: readonly RawEntry[]): Entry[] {
  const { value: type } = plan;
  if (type.kind === "aggregate" && isBucketed(type)) return readBuckets(plan, type, raw);
  const entries = raw.map(({ key, values }) => ({
    key: readKey(plan, key),
    value: type.kind === "aggregate"
      ? readAggregate(type, values)
      : { kind: "value" as const, value: readValue(type, values[0]!, 0) },
  }));
  return sorted(entries);
}

function readKey({ keys }: MapPlan, view: DataView): ScriptValue[] {
  const offsets = tupleOffsets(keys);
  return keys.map((type, i) => readValue(type, view, offsets[i]!));
}

function readAggregate({ of, signed }: AggregateType, values: readonly DataView[]): EntryValue {
  const word = (index: number) => (view: DataView) => view.getBigUint64(index * 8, true);
  const fix = (value: bigint) => signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
  const total = fix(values.map(word(0)).reduce((sum, each) => sum + each, 0n));
  if (of === "count" || of === "sum") return { kind: "number", value: total };
  const counts = values.map(word(1)).reduce((sum, each) => sum + each, 0n);
  if (of === "min" || of === "max") {
    const seen = values.filter((view) => word(1)(view) !== 0n).map((view) => fix(word(0)(view)));
    const better = (a: bigint, b: bigint) => (of === "min" ? a < b : a > b) ? a : b;
    return { kind: "number", value: seen.length === 0 ? 0n : seen.reduce(better) };
  }
  const average = counts === 0n ? 0n : total / counts;
  if (of === "avg") return { kind: "number", value: average };
  return { kind: "average", count: counts, total, average };
}

/** Entries with the same key but for the bucket's number make one. */
function readBuckets(plan: MapPlan, type: AggregateType, raw: readonly RawEntry[]): Entry[] {
  const keySize = plan.keys.reduce((sum, key) => sum + storageSize(key), 0);
  const found = Map.groupBy(
    raw,
    ({ key }) => new Uint8Array(key.buffer, key.byteOffset, keySize).join(),
  );
  const entries = [...found.values()].map((parts): Entry => ({
    key: readKey(plan, parts[0]!.key),
    value: type.series === undefined
      ? { kind: "histogram", buckets: bucketsOf(type, countsOf(parts, keySize)) }
      : { kind: "series", points: pointsOf(type, type.series, parts) },
  }));
  return sorted(entries);
}

function countsOf(parts: readonly RawEntry[], keySize: number): Map<number, bigint> {
  const counts = new Map<number, bigint>();
  for (const { key, values } of parts) {
    const count = values.reduce((sum, view) => sum + view.getBigUint64(0, true), 0n);
    if (count > 0n) counts.set(Number(key.getBigUint64(keySize, true)), count);
  }
  return counts;
}

/** The last intervals, as many as are kept, from the first that has something to the last. */
function pointsOf(
  { signed }: AggregateType,
  { interval, count, gathers }: SeriesShape,
  parts: readonly RawEntry[],
): SeriesPoint[] {
  const used = parts.flatMap(({ values }) => values).filter((view) =>
    view.getBigUint64(8, true) > 0n
  );
  const byInterval = Map.groupBy(used, (view) => view.getBigUint64(16, true));
  const numbers = [...byInterval.keys()].sort(compare);
  const last = numbers.at(-1);
  if (last === undefined) return [];
  const kept = numbers.filter((number) => number > last - BigInt(count));
  const first = kept[0]!;
  return Array.from({ length: Number(last - first) + 1 }, (_, i): SeriesPoint => {
    const number = first + BigInt(i);
    const views = byInterval.get(number);
    return { start: number * interval, value: views && gathered(gathers, signed, views) };
  });
}

/** What the CPUs have gathered for an interval, each for itself. */
function gathered(
  gathers: SeriesShape["gathers"],
  signed: boolean,
  views: readonly DataView[],
): bigint {
  if (gathers !== "last") {
    const value = readAggregate({ kind: "aggregate", of: gathers, signed }, views);
    return value.kind === "number" ? value.value : 0n;
  }
  const time = (view: DataView) => view.getBigUint64(8, true);
  const latest = views.reduce((best, view) => time(view) > time(best) ? view : best);
  return signed ? latest.getBigInt64(0, true) : latest.getBigUint64(0, true);
}

/** From the first bucket that counted something to the last. */
function bucketsOf(type: AggregateType, counts: ReadonlyMap<number, bigint>): HistogramBucket[] {
  const used = [...counts.keys()];
  if (used.length === 0) return [];
  const [first, last] = [Math.min(...used), Math.max(...used)];
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    ...boundsOf(type, first + i),
    count: counts.get(first + i) ?? 0n,
  }));
}

function boundsOf(
  { of, range, bits = 0 }: AggregateType,
  bucket: number,
): Omit<HistogramBucket, "count"> {
  if (of === "hist") {
    if (bucket === 0) return { low: undefined, high: -1n };
    const [low, next] = [powerBound(bucket - 1, bits), powerBound(bucket, bits)];
    return {
      low: low.value,
      high: next.value - 1n,
      single: next.value === low.value + 1n,
      labels: [low.label, next.label],
    };
  }
  const { low, high, step } = range!;
  const index = BigInt(bucket - 1);
  if (bucket === 0) return { low: undefined, high: low - 1n };
  const start = low + index * step;
  if (index > (high - low) / step || start >= high) return { low: start, high: undefined };
  return { low: start, high: start + step - 1n };
}

const UNITS = ["", "K", "M", "G", "T", "P", "E"];

/** The lower bound of a bucket: a number of `bits + 1` bits, shifted. Its unit is as large as the shift allows. */
function powerBound(index: number, bits: number): { value: bigint; label: string } {
  const each = 1 << bits;
  if (index < each) return { value: BigInt(index), label: String(index) };
  const shift = Math.floor(index / each) - 1;
  const mantissa = BigInt(each + index % each);
  const short = mantissa << BigInt(shift % 10);
  return { value: mantissa << BigInt(shift), label: `${short}${UNITS[Math.floor(shift / 10)]}` };
}

/** By value, then by key. */
function sorted(entries: Entry[]): Entry[] {
  return entries.map((entry) => ({ entry, weight: weightOf(entry.value) }))
    .sort((a, b) => compare(a.weight, b.weight) || compareKeys(a.entry.key, b.entry.key))
    .map(({ entry }) => entry);
}

function weightOf(value: EntryValue): bigint {
  switch (value.kind) {
    case "number":
      return value.value;
    case "average":
      return value.average;
    case "histogram":
      return value.buckets.reduce((sum, { count }) => sum + count, 0n);
    case "series":
      return 0n;
    case "value":
      return value.value.kind === "integer" ? value.value.value : 0n;
  }
}

function compareKeys(a: readonly ScriptValue[], b: readonly ScriptValue[]): number {
  for (const [i, left] of a.entries()) {
    const order = compareValues(left, b[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(a: ScriptValue, b: ScriptValue): number {
  if (a.kind === "integer" && b.kind === "integer") return compare(a.value, b.value);
  if (a.kind === "string" && b.kind === "string") return compare(a.text, b.text);
  if (a.kind === "tuple" && b.kind === "tuple") return compareKeys(a.items, b.items);
  if (a.kind === "symbolic" && b.kind === "symbolic") {
    return compare(a.words[0] ?? 0n, b.words[0] ?? 0n);
  }
  return a.kind === "stack" && b.kind === "stack" ? compare(a.id, b.id) : 0;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
