/** What is set in somebody's object before it is loaded: variables in words, and sizes that its own program would have set. */

import type { OpenObject } from "../../../ffi/bpf/object.ts";
import type { DynamicSkeleton, MapSpec } from "../../../ffi/bpf/skeleton.ts";
import type { Shape } from "../../../ffi/wire/shape.ts";
import type { CValue } from "../../../ffi/wire/value.ts";

/** Settings, by the names of variables and maps. */
export interface Settings {
  /** As words: `4096`, `0x10`, `true`, `sh`, `1,2,3`. A member of a struct is `name.member`. */
  readonly variables: ReadonlyMap<string, string>;
  /** How many entries (or, for a ring, bytes) a map has. */
  readonly entries: ReadonlyMap<string, number>;
}

/** What a map gets whose definition leaves its size to the program that loads it. */
const DEFAULT_ENTRIES = 10_240;
const DEFAULT_RING_BYTES = 1 << 20;
const STACK_BYTES = 127 * 8; // PERF_MAX_STACK_DEPTH

/**
 * Sets variables and sizes.
 *
 * @throws {RangeError | TypeError | SyntaxError} where there is none of that name, or it cannot hold the value
 */
export function applySettings(
  object: OpenObject<DynamicSkeleton>,
  { variables, entries }: Settings,
): void {
  for (const [path, text] of variables) setVariable(object, path, text);
  for (const [name, spec] of Object.entries(object.skeleton.maps)) setSizes(object, name, spec);
  for (const [name, count] of entries) object.setMaxEntries(name, count);
}

function setVariable(object: OpenObject<DynamicSkeleton>, path: string, text: string): void {
  const [name = "", ...members] = path.split(".");
  const before = object.global(name);
  const shape = object.skeleton.globals[name]!.codec.shape;
  object.setGlobal(name, replaced({ value: before, shape, members, path }, text));
}

interface Place {
  readonly value: CValue;
  readonly shape: Shape;
  readonly members: readonly string[];
  readonly path: string;
}

function replaced({ value, shape, members, path }: Place, text: string): CValue {
  const [member, ...rest] = members;
  if (member === undefined) return parseValue(shape, text, path);
  const fields = typeof shape === "object" && "fields" in shape ? shape.fields : {};
  const inner = Object.hasOwn(fields, member) ? fields[member] : undefined;
  if (inner === undefined) {
    throw new RangeError(`Cannot set ${path}: there is no member ${member}`);
  }
  const struct = value as { readonly [field: string]: CValue };
  const changed = replaced({ value: struct[member]!, shape: inner, members: rest, path }, text);
  return { ...struct, [member]: changed };
}

/**
 * Reads a value of a C type as people write it.
 *
 * @throws {SyntaxError} where it is none
 */
export function parseValue(shape: Shape, text: string, name: string): CValue {
  const refuse = (wanted: string) =>
    new SyntaxError(`Cannot set ${name}: it is "${text}", should be ${wanted}`);
  if (typeof shape === "object") {
    if ("fields" in shape) {
      throw refuse(`set by its members: ${Object.keys(shape.fields).map((it) => `${name}.${it}`)}`);
    }
    const items = text === "" ? [] : text.split(",");
    if (items.length > shape.length) throw refuse(`a list of at most ${shape.length}`);
    // What is not given is zero, as in C.
    return Array.from(
      { length: shape.length },
      (_, i) => parseValue(shape.items, items[i] ?? blankText(shape.items), name),
    );
  }
  if (shape.startsWith("char[")) return text;
  if (shape === "bool") {
    if (!/^(true|false|0|1)$/.test(text)) throw refuse("true or false");
    return text === "true" || text === "1";
  }
  if (shape.startsWith("f")) {
    if (text === "" || !Number.isFinite(Number(text))) throw refuse("a number");
    return Number(text);
  }
  if (!/^-?(\d+|0x[\da-f]+)$/i.test(text)) throw refuse("a whole number");
  const integer = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  return Number(shape.slice(1)) > 32 ? integer : Number(integer);
}

function blankText(shape: Shape): string {
  return typeof shape === "string" && !shape.startsWith("char[") ? "0" : "";
}

/** Gives sizes to what has none, and takes those away that the kernel does not want: of a buffer's records. */
function setSizes(
  object: OpenObject<DynamicSkeleton>,
  name: string,
  { type, maxEntries, value }: MapSpec,
): void {
  if (type === "ringbuf") {
    if (maxEntries === 0) object.setMaxEntries(name, DEFAULT_RING_BYTES);
    if (value !== undefined) object.setEntrySizes(name, { key: 0, value: 0 });
    return;
  }
  if (type === "perf_event_array") {
    if (value?.shape !== "u32") object.setEntrySizes(name, { key: 4, value: 4 });
    return; // libbpf knows how many CPUs there are
  }
  if (type === "stack_trace" && value === undefined) {
    object.setEntrySizes(name, { key: 4, value: STACK_BYTES });
  }
  if (maxEntries === 0 && !/storage$|^bloom_filter$/.test(type)) {
    object.setMaxEntries(name, DEFAULT_ENTRIES);
  }
}
