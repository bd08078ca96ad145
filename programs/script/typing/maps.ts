/** Types of maps: all uses of a map must agree on its keys and its value. */

import type { MapNode } from "../ast.ts";
import { SHORT_KEY } from "../facts.ts";
import type { Span } from "../source.ts";
import {
  type AggregateFunction,
  type AggregateType,
  INT64,
  isSameKind,
  storageSize,
  type Type,
  typeName,
  UINT64,
  UNKNOWN,
  widest,
} from "../types.ts";
import type { MapTypes, ProgramTyping } from "./program_typing.ts";

/** Notes what a map is given. */
export function setMap(
  t: ProgramTyping,
  { name, span: nameSpan }: MapNode,
  given: Type,
  span: Span,
): void {
  const map = mapOf(t, name, nameSpan);
  map.isGiven = true;
  if (given.kind === "unknown") return;
  if (map.value.kind === "unknown") {
    map.value = given;
    t.mapChanged = true;
    return;
  }
  if (!isSameKind(map.value, given)) {
    return t.error(
      span,
      `Type mismatch for ${name}: trying to assign value of type '${typeName(given)}' ` +
        `when map already contains a value of type '${typeName(map.value)}'`,
    );
  }
  if (map.value.kind === "aggregate" && given.kind === "aggregate") {
    if (shapeOf(map.value) !== shapeOf(given)) {
      const what = given.of === "lhist" ? "lhist bounds" : `arguments of ${given.of}()`;
      t.error(span, `Different ${what} in a single map: ${name}`);
    }
    return;
  }
  const type = widest(map.value, given);
  if (type === map.value) return;
  map.value = type;
  t.mapChanged = true;
}

/** What must be the same for all values of a map that aggregates. */
function shapeOf({ range, bits, series }: AggregateType): string {
  return [
    range?.low,
    range?.high,
    range?.step,
    bits,
    series?.interval,
    series?.count,
    series?.gathers,
  ]
    .join();
}

/** What is known of a map. */
export function mapOf(t: ProgramTyping, name: string, span: Span): MapTypes {
  const known = t.script.maps.get(name);
  if (known !== undefined) return known;
  const fresh: MapTypes = { keys: undefined, value: UNKNOWN, span };
  t.script.maps.set(name, fresh);
  t.mapChanged = true;
  return fresh;
}

/** Types the keys of a map; those of all its uses must agree. */
export function mapKeys(t: ProgramTyping, node: MapNode): MapTypes {
  const given = node.keys.map((key) => t.type(key));
  // One tuple as the key is several keys.
  const [only] = given;
  const keys = given.length === 1 && only?.kind === "tuple" ? [...only.items] : given;
  const map = mapOf(t, node.name, node.span);
  if (keys.some(({ kind }) => kind === "unknown")) return map;
  node.keys.forEach((key, i) => {
    const { kind } = given[i]!;
    if (kind === "aggregate" || kind === "none") {
      t.error(key.span, `${typeName(given[i]!)} cannot be used as a map key`);
    }
  });
  if (map.keys === undefined) {
    map.keys = roomFor(t, keys, node.span);
    t.mapChanged = true;
    return map;
  }
  const fits = map.keys.length === keys.length &&
    map.keys.every((key, i) => isSameKind(key, keys[i]!));
  if (!fits) {
    const shown = (types: readonly Type[]) => `[${types.map(typeName).join(",")}]`;
    t.error(
      node.span,
      keys.length === 0
        ? `Map ${node.name} needs a key: it is used as ${node.name}${shown(map.keys)}`
        : `Argument mismatch for ${node.name}: trying to access with arguments: '${
          shown(keys)
        }' when map expects arguments: '${shown(map.keys)}'`,
    );
    return map;
  }
  const before = map.keys;
  map.keys = roomFor(t, before.map((key, i) => widest(key, keys[i]!)), node.span);
  if (map.keys.some((key, i) => storageSize(key) !== storageSize(before[i]!))) t.mapChanged = true;
  return map;
}

/** Keys as the kernel takes them: where it has no long ones, strings share what room there is, and are cut. */
function roomFor(t: ProgramTyping, keys: readonly Type[], span: Span): Type[] {
  const size = sizeOf(keys);
  if (size <= KEY_ROOM || t.facts.hasLongKeys()) return [...keys];
  const strings = keys.filter(({ kind }) => kind === "string");
  const shortest = strings.toSorted((a, b) => storageSize(a) - storageSize(b));
  let room = KEY_ROOM - (size - sizeOf(strings));
  let most = 0;
  for (const [i, string] of shortest.entries()) {
    most = Math.floor(room / (strings.length - i) / 8) * 8;
    if (storageSize(string) > most) break;
    room -= storageSize(string);
  }
  if (most > 0) {
    return keys.map((key) =>
      key.kind === "string" && key.size > most ? { ...key, size: most } : key
    );
  }
  t.unsupported(span, `keys of ${size} bytes on this kernel: they need Linux >= 5.11`);
  return [...keys];
}

function sizeOf(types: readonly Type[]): number {
  return types.reduce((sum, type) => sum + storageSize(type), 0);
}

/** Histograms have the number of a bucket behind the key. */
const KEY_ROOM = SHORT_KEY - 8;

/** What it is to read a map: of those that gather, the sum over all CPUs. */
export function readable(t: ProgramTyping, type: Type, span: Span): Type {
  if (type.kind !== "aggregate" || !isReadable(type.of)) return type;
  if (!t.facts.hasHelper("map_lookup_percpu_elem")) {
    t.unsupported(span, `reading ${type.of}() on this kernel: it needs Linux >= 5.19`);
  }
  return type.signed ? INT64 : UINT64;
}

function isReadable(of: AggregateFunction): boolean {
  return of !== "hist" && of !== "lhist" && of !== "stats" && of !== "tseries";
}
