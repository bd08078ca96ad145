/** Maps as bpftrace prints them. */

import type { Entry, EntryValue, HistogramBucket, SeriesPoint } from "./map_values.ts";
import type { Json, Renderer } from "./render.ts";
import type { MapPlan } from "./plan.ts";
import type { ScriptValue } from "./read_values.ts";
import type { Type } from "./types.ts";

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
    const keys = key.map((each) => keyText(each, renderer));
    const label = keys.length === 0 ? name : `${name}[${keys.join(", ")}]`;
    return `${label}: ${valueText(value, { type, renderer, divisor })}\n`;
  });
  const separate = type.kind === "aggregate" && (type.of === "avg" || type.of === "stats");
  return lines.join("") + (separate ? "\n" : "");
}

/** A part of a key. Numbers of 64 bits have a sign there, as bpftrace's have: `@[retval]` of an error is `@[-2]`. */
function keyText(part: ScriptValue, renderer: Renderer): string {
  const { kind } = part;
  const isNumber = kind === "integer" && part.name === undefined;
  return isNumber ? BigInt.asIntN(64, part.value).toString() : renderer.text(part, KEY_INDENT);
}

/** How the values of a map are written. */
interface Writing {
  readonly type: Type;
  readonly renderer: Renderer;
  readonly divisor: number;
}

function valueText(value: EntryValue, { type, renderer, divisor }: Writing): string {
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
    case "series":
      return `\n${seriesLines(value.points, { type, renderer, divisor }).join("\n")}\n`;
  }
}

function divided(value: bigint, divisor: number): bigint {
  return divisor > 1 ? value / BigInt(divisor) : value;
}

const BAR = 52;

/** The parts of a second, and how they are written. */
const FRACTIONS: Readonly<Record<string, { size: bigint; head: string }>> = {
  s: { size: 1_000_000_000n, head: "" },
  ms: { size: 1_000_000n, head: ".ms " },
  us: { size: 1000n, head: ".μs    " },
  ns: { size: 1n, head: ".ns       " },
};

/** The lines of a series: the interval's time, a star where its value is between the least and the most, the value. */
function seriesLines(
  points: readonly SeriesPoint[],
  { type, renderer, divisor }: Writing,
): string[] {
  const interval = type.kind === "aggregate" ? type.series?.interval ?? 1n : 1n;
  const { head } = Object.values(FRACTIONS).find(({ size }) => interval % size === 0n)!;
  const values = points.flatMap(({ value }) => value === undefined ? [] : divided(value, divisor));
  if (values.length === 0) return [];
  const [least, most] = [
    values.reduce((a, b) => a < b ? a : b),
    values.reduce((a, b) => a > b ? a : b),
  ];
  const [low, high] = least === most ? [least - 1n, most + 1n] : [least, most];
  const title = `hh:mm:ss${head}`;
  const scale = " ".repeat(title.length + 1) + String(low).padEnd(BAR + 1 - String(high).length) +
    high;
  const rows = points.map(({ start, value }) => {
    const time = renderer.time("%T.%k", start).slice(0, title.length);
    const shown = value === undefined ? undefined : divided(value, divisor);
    const at = shown === undefined ? undefined : Number((shown - low) * BigInt(BAR) / (high - low));
    const row = Array.from(
      { length: BAR + 1 },
      (_, i) => i === at ? "*" : i % BAR === 0 ? "|" : " ",
    );
    return `${time} ${row.join("")} ${shown ?? "-"}`;
  });
  const edge = (corner: string) => corner + "_".repeat(BAR - 1) + corner;
  return [
    scale,
    `${title} ${edge("|")}`,
    ...rows,
    `${" ".repeat(title.length)} ${edge("v")}`,
    scale,
  ];
}

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

function label({ low, high, single, labels }: HistogramBucket): string {
  if (low === undefined) return `(..., ${short((high ?? 0n) + 1n)})`;
  if (high === undefined) return `[${short(low)}, ...)`;
  const [from, to] = labels ?? [short(low), short(high + 1n)];
  return single ? `[${low}]` : `[${from}, ${to})`;
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
    : type.of === "tseries"
    ? "tseries"
    : "map";
  const json = (value: EntryValue): Json => valueJson(value, renderer, divisor);
  const [first] = entries;
  if (keys.length === 0) {
    return { type: kind, data: first === undefined ? {} : { [name]: json(first.value) } };
  }
  const inside = Object.fromEntries(entries.map(({ key, value }) => [
    key.map((each) => keyText(each, renderer)).join(","),
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
    case "series":
      return value.points.flatMap(({ start, value }) =>
        value === undefined ? [] : {
          interval_start: renderer.time("%F %T.%k", start),
          value: divided(value, divisor),
        }
      );
    case "histogram":
      return value.buckets.map(({ low, high, count }) => ({
        ...(low === undefined ? {} : { min: low }),
        ...(high === undefined ? {} : { max: high }),
        count: divided(count, divisor),
      }));
  }
}
