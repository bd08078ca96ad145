/** Maps that count how often something was seen. */

import { type PerCpuMap, sumOf } from "../../ffi/bpf/map.ts";
import { json } from "./json.ts";
import type { MapValue, Plain, Value } from "./value.ts";

/** The text of a table of counts. */
export interface FrequencyText<K> {
  /** The line above it; `undefined` for none. */
  readonly header: string | undefined;
  readonly line: (key: K, count: bigint) => string;
}

/** The entries of a counting map, the rarest first, as BCC prints them. */
export function frequencies<K>(
  map: PerCpuMap<K, bigint>,
  { header, line }: FrequencyText<K>,
): MapValue {
  const entries = Array.from(map, ([key, counts]) => ({ key, value: sumOf(counts) }))
    .sort((a, b) => compare(a.value, b.value));
  return {
    type: "map",
    name: map.name,
    // A decoder makes nothing but plain values.
    entries: entries as readonly { key: Plain & K; value: bigint }[],
    header,
    line: (i) => line(entries[i]!.key, entries[i]!.value),
  };
}

/** The count of a key in the maps among some values; `undefined` where there is none. */
export function countOf(values: readonly Value[], key: Plain): Plain | undefined {
  const wanted = json(key);
  return values.flatMap((value) => value.type === "map" ? value.entries : [])
    .find((entry) => json(entry.key) === wanted)?.value;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
