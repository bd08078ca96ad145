/** The types of values, and how values lie in memory that is the script's own: variables, keys, records for the reader. */

import type { AccessSize } from "../../ffi/asm/instruction.ts";

/** Whose memory an address belongs to: `unknown` may be either. */
export type Space = "kernel" | "user" | "unknown";

/** An integer; `size` is in bytes. In memory of the script's own each takes 8. */
export interface IntegerType {
  readonly kind: "integer";
  readonly size: AccessSize;
  readonly signed: boolean;
  /** The names of its values, where it is an enum. */
  readonly names?: ReadonlyMap<bigint, string>;
  /** It is the time of a clock; without a word, `boot`. */
  readonly clock?: ClockType;
}

/** The clocks of `nsecs()`. */
export type ClockType = "boot" | "monotonic" | "tai";

/** A string of at most `size` bytes, with its NUL; the rest is NULs as well. */
export interface StringType {
  readonly kind: "string";
  readonly size: number;
}

/** Bytes: 8 for how many there are, then room for `size`. */
export interface BufferType {
  readonly kind: "buffer";
  readonly size: number;
}

export interface PointerType {
  readonly kind: "pointer";
  readonly to: Type;
  readonly space: Space;
}

/** A struct or union. */
export interface RecordType {
  readonly kind: "record";
  readonly record: RecordLayout;
  /** Where it is: a program's own context is read directly. */
  readonly space: Space | "context" | "own";
}

/** An array as C has it. */
export interface ArrayType {
  readonly kind: "array";
  readonly element: Type;
  readonly length: number;
  readonly space: Space | "context" | "own";
}

export interface TupleType {
  readonly kind: "tuple";
  readonly items: readonly Type[];
}

/** What only the reader can turn into text: a number, and what it stands for. */
export interface SymbolicType {
  readonly kind: "symbolic";
  readonly as:
    | "ksym"
    | "usym"
    | "username"
    | "timestamp"
    | "strerror"
    | "cgroup_path"
    | "inet"
    | "mac";
  /** Bytes in memory of the script's own. */
  readonly size: number;
  /** The format of a time, and its clock. */
  readonly format?: string;
  readonly clock?: ClockType;
}

/** A stack trace: a number of the map of stacks, for users' stacks with the process. */
export interface StackType {
  readonly kind: "stack";
  readonly of: "kernel" | "user";
  readonly frames: number;
  readonly mode: "bpftrace" | "perf" | "raw";
}

/** What a map counts. */
export type AggregateFunction =
  | "count"
  | "sum"
  | "min"
  | "max"
  | "avg"
  | "stats"
  | "hist"
  | "lhist"
  | "tseries";

/** The value of a map that only aggregates. */
export interface AggregateType {
  readonly kind: "aggregate";
  readonly of: AggregateFunction;
  readonly signed: boolean;
  /** `lhist`: from, to, step */
  readonly range?: { readonly low: bigint; readonly high: bigint; readonly step: bigint };
  /** `hist`: 2 to the power of this are the buckets for each power of two. */
  readonly bits?: number;
  readonly series?: SeriesShape;
}

/** `tseries`: how long an interval is, in nanoseconds, how many are kept, and what becomes of several values in one. */
export interface SeriesShape {
  readonly interval: bigint;
  readonly count: number;
  readonly gathers: "last" | "sum" | "min" | "max" | "avg";
}

/** Whether a map has an entry for each bucket or interval: its number stands behind the key. */
export function isBucketed(type: Type): boolean {
  return type.kind === "aggregate" &&
    (type.of === "hist" || type.of === "lhist" || type.of === "tseries");
}

/** What has no value, and what is not known yet. */
export interface NoType {
  readonly kind: "none" | "unknown";
}

export type Type =
  | IntegerType
  | StringType
  | BufferType
  | PointerType
  | RecordType
  | ArrayType
  | TupleType
  | SymbolicType
  | StackType
  | AggregateType
  | NoType;

/** A field of a struct. */
export interface RecordField {
  readonly name: string;
  /** In bytes; of a bit-field, that of the integer which it is a part of. */
  readonly offset: number;
  readonly type: Type;
  /** A part of an integer: counted from its lowest bit. */
  readonly bits?: { readonly offset: number; readonly size: number };
  /** Its place is said by a number at `offset`: tracepoints' `__data_loc`. */
  readonly located?: "data_loc" | "rel_loc";
  /** Its type as C writes it, for listings. */
  readonly typeName?: string;
}

/** A struct or union. Fields of anonymous members count as its own. */
export interface RecordLayout {
  /** `struct task_struct` */
  readonly name: string;
  readonly size: number;
  field(name: string): RecordField | undefined;
  fieldNames(): readonly string[];
}

export const INT64: IntegerType = { kind: "integer", size: 8, signed: true };
export const UINT64: IntegerType = { kind: "integer", size: 8, signed: false };
export const NONE: NoType = { kind: "none" };
export const UNKNOWN: NoType = { kind: "unknown" };
export const VOID_POINTER: PointerType = { kind: "pointer", to: NONE, space: "unknown" };

/** What arithmetic is done on: numbers and addresses. */
export function isNumeric(type: Type): type is IntegerType | PointerType {
  return type.kind === "integer" || type.kind === "pointer";
}

/** Whether a value fits into a register. */
export function isScalar(type: Type): boolean {
  if (isNumeric(type) || type.kind === "unknown" || type.kind === "none") return true;
  if (type.kind === "stack") return type.of === "kernel";
  return type.kind === "symbolic" && type.size === 8;
}

/** Bytes of a value in memory of the script's own: always a multiple of 8. */
export function storageSize(type: Type): number {
  switch (type.kind) {
    case "string":
      return roundUp(type.size);
    case "buffer":
      return 8 + roundUp(type.size);
    case "record":
    case "array":
      return roundUp(sizeInC(type));
    case "tuple":
      return type.items.reduce((sum, item) => sum + storageSize(item), 0);
    case "symbolic":
      return type.size;
    case "stack":
      return type.of === "kernel" ? 8 : 16;
    case "aggregate":
      return AGGREGATE_SIZES[type.of];
    default:
      return 8;
  }
}

const AGGREGATE_SIZES: Readonly<Record<AggregateFunction, number>> = {
  ...{ count: 8, sum: 8, hist: 8, lhist: 8 },
  ...{ min: 16, max: 16, avg: 16, stats: 16, tseries: 24 },
};

/** Bytes of a value as C lays it out. */
export function sizeInC(type: Type): number {
  switch (type.kind) {
    case "integer":
    case "string":
    case "buffer":
      return type.size;
    case "record":
      return type.record.size;
    case "array":
      return type.length * sizeInC(type.element);
    case "tuple":
      return storageSize(type);
    default:
      return 8;
  }
}

/** Offsets of the items of a tuple. */
export function tupleOffsets(items: readonly Type[]): number[] {
  let end = 0;
  return items.map((item) => {
    const at = end;
    end += storageSize(item);
    return at;
  });
}

/** `uint64`, `string[16]`, `struct task_struct *`: as bpftrace calls types. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case "integer":
      return `${type.signed ? "int" : "uint"}${type.size * 8}`;
    case "string":
      return `string[${type.size}]`;
    case "buffer":
      return `buffer[${type.size}]`;
    case "pointer":
      return `${type.to.kind === "none" ? "void" : typeName(type.to)} *`;
    case "record":
      return type.record.name;
    case "array":
      return `${typeName(type.element)}[${type.length}]`;
    case "tuple":
      return `(${type.items.map(typeName).join(",")})`;
    case "symbolic":
      return type.as;
    case "stack":
      return type.of === "kernel" ? "kstack" : "ustack";
    case "aggregate":
      return type.of;
    default:
      return type.kind;
  }
}

/** Whether values of two types are of the same kind: one may stand where the other did. */
export function isSameKind(a: Type, b: Type): boolean {
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === "tuple" && b.kind === "tuple") {
    return a.items.length === b.items.length &&
      a.items.every((item, i) => isSameKind(item, b.items[i]!));
  }
  if (a.kind === "array" && b.kind === "array") {
    return a.length === b.length && isSameKind(a.element, b.element) && sizeInC(a) === sizeInC(b);
  }
  if (a.kind === "aggregate" && b.kind === "aggregate") return a.of === b.of;
  if (a.kind === "symbolic" && b.kind === "symbolic") return a.as === b.as;
  if (a.kind === "record" && b.kind === "record") return a.record.name === b.record.name;
  return true;
}

/** A type that holds the values of both, which are of the same kind. */
export function widest(a: Type, b: Type): Type {
  if ((a.kind === "string" || a.kind === "buffer") && a.kind === b.kind) {
    return a.size >= b.size ? a : b;
  }
  if (a.kind === "tuple" && b.kind === "tuple") {
    return { kind: "tuple", items: a.items.map((item, i) => widest(item, b.items[i]!)) };
  }
  return a;
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}
