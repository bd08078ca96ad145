/** What is in an object when tracing ends: its maps, its variables, and what its iterators write. */

import { readIterator } from "../../../ffi/bpf/attach/iterator.ts";
import type { Link } from "../../../ffi/bpf/link.ts";
import type { LoadedObject } from "../../../ffi/bpf/object.ts";
import type { DynamicSkeleton, GlobalSpec, MapSpec, Skeleton } from "../../../ffi/bpf/skeleton.ts";
import type { Shape } from "../../../ffi/wire/shape.ts";
import type { CValue } from "../../../ffi/wire/value.ts";
import type { ReportShape } from "../record_shape.ts";
import type { MapValue, Plain } from "../value.ts";
import { isBlank, plainOf, plainText } from "./plain.ts";

/** Maps with keys and values that can be listed. */
const LISTED = /^(lru_)?(percpu_)?(hash|array)$|^lpm_trie$/;
/** What belongs to gimlet.bpf.h, and is no result. */
const OWN = /^gimlet_/;
/** How a variable of a line of text is called in its record. */
const NAME_SHAPE: Shape = "char[0]";

type Entry = MapValue["entries"][number];

/** What the reports hold, by their names. */
export function reportShapes(
  { maps, globals, programs }: DynamicSkeleton,
): Record<string, ReportShape> {
  const lists = Object.entries(maps).filter(isListed).map(([name, { type, key, value }]) => {
    const shape = value!.shape;
    return [name, {
      kind: "map",
      key: key!.shape,
      value: isPerCpu(type) ? perCpuShape(shape) : shape,
    }] as const;
  });
  const variables = Object.entries(globals).filter(isVariable).map(([name, { codec }]) =>
    [name, { kind: "map", key: NAME_SHAPE, value: codec.shape }] as const
  );
  const texts = Object.entries(programs).filter(([, section]) => isIterator(section))
    .map(([name]) => [name, { kind: "map", key: "u32", value: NAME_SHAPE }] as const);
  return Object.fromEntries([...variables, ...texts, ...lists]);
}

/** Whether a program is one that walks over what the kernel has. */
export function isIterator(section: string): boolean {
  return /^\??iter(\.s)?\//.test(section);
}

/** Makes the reports of an object whose iterators are attached. */
export function objectReport(
  object: LoadedObject<Skeleton>,
  iterators: ReadonlyMap<string, Link>,
): MapValue[] {
  const { maps, globals } = object.skeleton;
  return [
    ...[...iterators].map(([name, link]) => iteratorValue(name, link)),
    ...Object.entries(globals).filter(isVariable).flatMap(([name]) => {
      const value = plainOf(object.global(name) as CValue);
      return isBlank(value) ? [] : [variableValue(name, value)];
    }),
    ...Object.entries(maps).filter(isListed).map(([name, spec]) => mapValue(object, name, spec)),
  ];
}

function isListed([name, { type, key, value }]: readonly [string, MapSpec]): boolean {
  return LISTED.test(type) && !OWN.test(name) && key !== undefined && value !== undefined;
}

/** Constants are what was given, not what was found; what is static is a program's own affair. */
function isVariable([name, { section, isStatic }]: readonly [string, GlobalSpec]): boolean {
  return !section.startsWith(".rodata") && isStatic !== true && !OWN.test(name);
}

function isPerCpu(type: string): boolean {
  return type.includes("percpu_");
}

/** Counters are summed up; of anything else there is a list with one item for each CPU. */
function perCpuShape(shape: Shape): Shape {
  return typeof shape === "string" && /^[us]\d+$/.test(shape)
    ? shape.startsWith("s") ? "s64" : "u64"
    : { items: shape, length: 0 };
}

function mapValue(object: LoadedObject<Skeleton>, name: string, { type }: MapSpec): MapValue {
  const isArray = type.endsWith("array");
  const found = [...object.map(name) as Iterable<readonly [CValue, CValue]>]
    .map(([key, value]): Entry => ({
      key: plainOf(key),
      value: isPerCpu(type) ? perCpuValue(plainOf(value)) : plainOf(value),
    }));
  const entries = found.filter(({ value }) => !(isArray && isBlank(value)));
  if (!isArray) entries.sort(inOrder);
  return {
    type: "map",
    name,
    entries,
    header: entries.length === 0 ? undefined : `\n${name}:`,
    line: (i) => `  ${plainText(entries[i]!.key)}: ${plainText(entries[i]!.value)}`,
  };
}

function perCpuValue(values: Plain): Plain {
  if (!Array.isArray(values) || !values.every(isInteger)) return values;
  return values.reduce((sum: bigint, value) => sum + BigInt(value), 0n);
}

function isInteger(value: Plain): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

/** Counters from the least to the most; others, and those that are equal, by their keys. */
function inOrder(a: Entry, b: Entry): number {
  return compare(a.value, b.value) || compare(a.key, b.key);
}

function compare(a: Plain, b: Plain): number {
  const isOrdered = (isInteger(a) && isInteger(b)) ||
    (typeof a === "string" && typeof b === "string");
  if (!isOrdered) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}

function variableValue(name: string, value: Plain): MapValue {
  return {
    type: "map",
    name,
    entries: [{ key: name, value }],
    header: undefined,
    line: () => `${name} = ${plainText(value)}`,
  };
}

function iteratorValue(name: string, link: Link): MapValue {
  const decoder = new TextDecoder();
  const text = readIterator(link).map((chunk) => decoder.decode(chunk, { stream: true })).join("");
  const whole = text + decoder.decode();
  const lines = whole === "" ? [] : whole.replace(/\n$/, "").split("\n");
  return {
    type: "map",
    name,
    entries: lines.map((line, i) => ({ key: i, value: line })),
    header: undefined,
    line: (i) => lines[i]!,
  };
}
