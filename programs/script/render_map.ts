/** Maps as bpftrace prints them. */

import type { Entry, EntryValue, HistogramBucket } from "./map_values.ts";
import type { Json, Renderer } from "./render.ts";
import type { MapPlan } from "./plan.ts";

/** In front of the frames of a stack that is a key. */
const KEY_INDENT = 4;

/** How much of a map is wanted, and by what its numbers are divided; 0 for all and for nothing. */
export interface MapView {
  readonly top: number;
  readonly divisor: number;
}

/** The entries that a view shows: the largest. */
export function viewed(entries: readonly Entry[], { top }: MapView): readonly Entry[] {
  return top > 0 ? entries.slice(-top) : entries;
}

/** The text of a map. */
export function mapText(
  { name, value: type }: MapPlan,
  entries: readonly Entry[],
  { renderer, divisor }: { readonly renderer: Renderer; readonly divisor: number },
): string {
  if (entries.length === 0) return "\n";
  const lines = entries.map(({ key, value }) => {
    const keys = key.map((each) => renderer.text(each, KEY_INDENT));
    const label = keys.length === 0 ? name : `${name}[${keys.join(", ")}]`;
    return `${label}: ${valueText(value, renderer, divisor)}\n`;
  });
  const separate = type.kind === "aggregate" && (type.of === "avg" || type.of === "stats");
  return lines.join("") + (separate ? "\n" : "");
}

function valueText(value: EntryValue, renderer: Renderer, divisor: number): string {
  switch (value.kind) {
    case "value":
      return value.value.kind === "integer"
        ? divided(value.value.value, divisor).toString()
        : renderer.text(value.value);
    case "number":
      return divided(value.value, divisor).toString();
    case "average": {
      const { count, average, total } = value;
      return `count ${count}, average ${average}, total ${total}`;
    }
    case "histogram":
      return `\n${histogramLines(value.buckets, divisor).join("\n")}\n`;
  }
}

function divided(value: bigint, divisor: number): bigint {
  return divisor > 1 ? value / BigInt(divisor) : value;
}

const BAR = 52;

/** The lines of a histogram. */
export function histogramLines(buckets: readonly HistogramBucket[], divisor = 0): string[] {
  const most = buckets.reduce((largest, { count }) => count > largest ? count : largest, 1n);
  return buckets.map((bucket) => {
    const stars = Number(bucket.count * BigInt(BAR) / most);
    const count = divided(bucket.count, divisor);
    return `${label(bucket).padEnd(16)}${String(count).padStart(8)} |${
      "@".repeat(stars).padEnd(BAR)
    }|`;
  });
}

function label({ low, high, single }: HistogramBucket): string {
  if (low === undefined) return `(..., ${short((high ?? 0n) + 1n)})`;
  if (high === undefined) return `[${short(low)}, ...)`;
  return single ? `[${low}]` : `[${short(low)}, ${short(high + 1n)})`;
}

const UNITS = ["", "K", "M", "G", "T", "P", "E"];

/** A number with a unit, where it is a whole number of it. */
function short(value: bigint): string {
  let rest = value;
  let unit = 0;
  while (rest !== 0n && rest % 1024n === 0n && unit < UNITS.length - 1) {
    rest /= 1024n;
    unit++;
  }
  return `${rest}${UNITS[unit]}`;
}

/** bpftrace's JSON of a map: its type, and the data under its name. */
export function mapJson(
  { name, keys, value: type }: MapPlan,
  entries: readonly Entry[],
  { renderer, divisor }: { readonly renderer: Renderer; readonly divisor: number },
): { readonly type: string; readonly data: Json } {
  const kind = type.kind !== "aggregate"
    ? "map"
    : type.of === "hist" || type.of === "lhist"
    ? "hist"
    : type.of === "avg" || type.of === "stats"
    ? "stats"
    : "map";
  const json = (value: EntryValue): Json => valueJson(value, renderer, divisor);
  const [first] = entries;
  if (keys.length === 0) {
    return { type: kind, data: first === undefined ? {} : { [name]: json(first.value) } };
  }
  const inside = Object.fromEntries(entries.map(({ key, value }) => [
    key.map((each) => renderer.text(each, KEY_INDENT)).join(","),
    json(value),
  ]));
  return { type: kind, data: { [name]: inside } };
}

function valueJson(value: EntryValue, renderer: Renderer, divisor: number): Json {
  switch (value.kind) {
    case "value":
      return value.value.kind === "integer"
        ? divided(value.value.value, divisor)
        : renderer.json(value.value);
    case "number":
      return divided(value.value, divisor);
    case "average":
      return { count: value.count, average: value.average, total: value.total };
    case "histogram":
      return value.buckets.map(({ low, high, count }) => ({
        ...(low === undefined ? {} : { min: low }),
        ...(high === undefined ? {} : { max: high }),
        count: divided(count, divisor),
      }));
  }
}
