/** What a map holds, from its entries as the kernel gives them: CPUs added up, buckets gathered, in bpftrace's order. */

import type { MapPlan } from "./plan.ts";
import { readValue, type ScriptValue } from "./read_values.ts";
import { type AggregateType, storageSize, tupleOffsets } from "./types.ts";

/** A bar of a histogram; bounds are undefined where it has none. Both belong to it. */
export interface HistogramBucket {
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
  readonly count: bigint;
  /** Both bounds are the same, and written once. */
  readonly single?: boolean;
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
  | { readonly kind: "histogram"; readonly buckets: readonly HistogramBucket[] };

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
  if (type.kind === "aggregate" && (type.of === "hist" || type.of === "lhist")) {
    return readHistograms(plan, type, raw);
  }
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

function readHistograms(plan: MapPlan, type: AggregateType, raw: readonly RawEntry[]): Entry[] {
  const keySize = plan.keys.reduce((sum, key) => sum + storageSize(key), 0);
  const found = new Map<string, { key: ScriptValue[]; counts: Map<number, bigint> }>();
  for (const { key, values } of raw) {
    const bytes = new Uint8Array(key.buffer, key.byteOffset, keySize);
    const name = bytes.join();
    const entry = found.get(name) ?? { key: readKey(plan, key), counts: new Map() };
    found.set(name, entry);
    const bucket = Number(key.getBigUint64(keySize, true));
    const count = values.reduce((sum, view) => sum + view.getBigUint64(0, true), 0n);
    if (count > 0n) entry.counts.set(bucket, count);
  }
  const entries = [...found.values()].map(({ key, counts }): Entry => ({
    key,
    value: { kind: "histogram", buckets: bucketsOf(type, counts) },
  }));
  return sorted(entries);
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
  { of, range }: AggregateType,
  bucket: number,
): Omit<HistogramBucket, "count"> {
  if (of === "hist") {
    if (bucket === 0) return { low: undefined, high: -1n };
    if (bucket === 1) return { low: 0n, high: 0n, single: true };
    const low = 1n << BigInt(bucket - 2);
    return { low, high: 2n * low - 1n, single: bucket === 2 };
  }
  const { low, high, step } = range!;
  const index = BigInt(bucket - 1);
  if (bucket === 0) return { low: undefined, high: low - 1n };
  const start = low + index * step;
  if (index > (high - low) / step || start >= high) return { low: start, high: undefined };
  return { low: start, high: start + step - 1n };
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
