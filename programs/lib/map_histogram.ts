/** Histograms of maps: BCC's `print_log2_hist` and `print_linear_hist`, also where a key has a section beside the slot. */

import { histLines, linearBuckets, log2Buckets } from "./histogram.ts";
import { json } from "./json.ts";
import type { HistValue, Plain } from "./value.ts";

/** The count of a slot: one number, or one of each CPU. */
export type HistCount = number | bigint | readonly (number | bigint)[];

/** A map whose keys say which slot is counted: the slot itself, or a struct that has it as its last field. */
export interface HistMap<K> extends Iterable<readonly [K, HistCount]> {
  /** What the histograms are called in records. */
  readonly name?: string;
}

/** What a histogram is made of and called. */
export interface MapHistOptions<K, S> {
  /** What is measured, such as `usecs`: BCC's `val_type`, the column's heading. Default: `value`. */
  readonly unit?: string;
  /** What a section is called: BCC's `section_header`. Default: `Bucket ptr`. */
  readonly sectionHeader?: string;
  /** The text of a section: BCC's `section_print_fn`. */
  readonly sectionText?: (section: S) => string;
  /**
   * Takes a key apart, and may put several keys into one section: BCC's `bucket_fn`. Default: the slot is the last field, and the section
   * is what else there is: a single field's value, or an object.
   */
  readonly bucketOf?: (key: K) => {
    readonly section: S | undefined;
    readonly slot: number | bigint;
  };
  /** The order of the sections: BCC's `bucket_sort_fn`. Default: as the map has them. */
  readonly sectionOrder?: (a: S, b: S) => number;
  /** Leaves out the empty slots before the first that counted something: BCC's `strip_leading_zero`. */
  readonly stripLeadingZero?: boolean;
}

/** How {@linkcode printLog2Hist} prints. */
export interface PrintHistOptions<K, S> extends MapHistOptions<K, S> {
  /** Takes a line: `console.log`. */
  readonly print: (line: string) => void;
}

/** The histogram of one section. */
export interface SectionHist<S> {
  /** `undefined` where the map's keys are slots and nothing else. */
  readonly section: S | undefined;
  /** What was counted there. */
  readonly hist: HistValue;
}

/** The histograms of a map that counts powers of two, as data: slot i counts 2^(i-1) … 2^i - 1. */
export function log2Hists<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: MapHistOptions<K, S> = {},
): SectionHist<S>[] {
  return hists(map, "log2", options);
}

/** The histograms of a map that counts single values, as data: slot i counts the value i. */
export function linearHists<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: MapHistOptions<K, S> = {},
): SectionHist<S>[] {
  return hists(map, "linear", options);
}

/** The text of {@linkcode log2Hists}, in BCC's format. */
export function log2HistLines<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: MapHistOptions<K, S> = {},
): string[] {
  return sectionLines(log2Hists(map, options), options);
}

/** The text of {@linkcode linearHists}, in BCC's format. */
export function linearHistLines<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: MapHistOptions<K, S> = {},
): string[] {
  return sectionLines(linearHists(map, options), options);
}

/**
 * Prints a map that counts powers of two: BCC's `print_log2_hist`.
 *
 * @example
 * ```ts
 * import { printLog2Hist } from "./map_histogram.ts";
 * printLog2Hist(new Map([[1, 3n], [3, 7n]]), { unit: "kbytes", print: console.log });
 * ```
 */
export function printLog2Hist<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: PrintHistOptions<K, S>,
): void {
  log2HistLines(map, options).forEach((line) => options.print(line));
}

/** Prints a map that counts single values: BCC's `print_linear_hist`. */
export function printLinearHist<K, S extends Plain = Plain>(
  map: HistMap<K>,
  options: PrintHistOptions<K, S>,
): void {
  linearHistLines(map, options).forEach((line) => options.print(line));
}

function hists<K, S extends Plain>(
  map: HistMap<K>,
  scale: HistValue["scale"],
  options: MapHistOptions<K, S>,
): SectionHist<S>[] {
  const { unit = "value", sectionOrder, stripLeadingZero = false } = options;
  const sections = countsBySection(map, options);
  // The last slot of a linear histogram counts all that is larger, where a program says so: here it counts its value only.
  const buckets = (counts: readonly bigint[]) =>
    scale === "log2" ? log2Buckets(counts) : linearBuckets([...counts, 0n]);
  const all = sections.map(({ section, counts }): SectionHist<S> => {
    const found = buckets(counts);
    const first = stripLeadingZero ? found.findIndex(({ count }) => count > 0n) : 0;
    return {
      section,
      hist: {
        type: "hist",
        name: map.name ?? "",
        scale,
        unit,
        title: "",
        buckets: found.slice(Math.max(first, 0)),
      },
    };
  });
  if (sectionOrder === undefined) return all;
  return all.sort((a, b) =>
    a.section === undefined || b.section === undefined ? 0 : sectionOrder(a.section, b.section)
  );
}

function countsBySection<K, S extends Plain>(
  map: HistMap<K>,
  { bucketOf = plainBucket }: MapHistOptions<K, S>,
): { section: S | undefined; counts: bigint[] }[] {
  const sections = new Map<string, { section: S | undefined; counts: bigint[] }>();
  for (const [key, count] of map) {
    const { section, slot } = bucketOf(key);
    const name = section === undefined ? "" : json(section);
    let known = sections.get(name);
    if (known === undefined) sections.set(name, known = { section, counts: [] });
    addTo(known.counts, Number(slot), total(count));
  }
  return [...sections.values()];
}

function addTo(counts: bigint[], slot: number, count: bigint): void {
  while (counts.length <= slot) counts.push(0n);
  counts[slot]! += count;
}

function total(count: HistCount): bigint {
  if (typeof count === "number" || typeof count === "bigint") return BigInt(count);
  return count.reduce<bigint>((sum, each) => sum + BigInt(each), 0n);
}

/** A key that is a slot, or a struct: then its last field is the slot. */
function plainBucket<K, S extends Plain>(
  key: K,
): { section: S | undefined; slot: number | bigint } {
  if (typeof key === "number" || typeof key === "bigint") return { section: undefined, slot: key };
  const fields = typeof key === "object" && key !== null ? Object.entries(key) : [];
  const [, slot] = fields.at(-1) ?? [];
  if (typeof slot !== "number" && typeof slot !== "bigint") {
    throw new TypeError(
      "Cannot make a histogram: a key should be a slot, or a struct with a slot as its last field; bucketOf takes others apart",
    );
  }
  const rest = fields.slice(0, -1);
  const section = rest.length === 1 ? rest[0]![1] : Object.fromEntries(rest);
  return { section: section as S, slot };
}

function sectionLines<K, S extends Plain>(
  sections: readonly SectionHist<S>[],
  { sectionHeader = "Bucket ptr", sectionText = plainText }: MapHistOptions<K, S>,
): string[] {
  return sections.flatMap(({ section, hist }) => [
    ...(section === undefined ? [] : ["", `${sectionHeader} = ${sectionText(section)}`]),
    ...histLines(hist),
  ]);
}

function plainText(section: Plain): string {
  return typeof section === "string" ? section : json(section);
}
