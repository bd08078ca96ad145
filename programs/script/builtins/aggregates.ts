/** What maps can gather: `count()`, `sum(x)`, `hist(x)`. Each CPU gathers for itself; the reader adds up. */

import type { CallNode, MapNode } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import {
  type AggregateFunction,
  type AggregateType,
  isBucketed,
  isNumeric,
  type SeriesShape,
  storageSize,
  typeName,
} from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

/** How an entry of a map takes one more value. */
interface Update {
  /** What an entry holds after its first value. */
  readonly first: (value: Operand) => readonly Operand[];
  readonly next: (lowerer: Lowerer, entry: VirtualRegister, value: Operand) => void;
}

function add(lowerer: Lowerer, entry: VirtualRegister, offset: number, value: Operand): void {
  const { ir } = lowerer;
  ir.store(entry, offset, 8, ir.alu("add", ir.load(entry, offset, 8), value));
}

/** Keeps the value where it beats the one that is there, or none is. */
function extreme(better: "slt" | "sgt" | "lt" | "gt"): Update {
  return {
    first: (value) => [value, 1n],
    next: ({ ir }, entry, value) => {
      const [keep, end] = [ir.label(), ir.label()];
      ir.branch("eq", ir.load(entry, 8, 8), 0n, keep);
      const current = ir.load(entry, 0, 8);
      const candidate = ir.define((dst) => ({ op: "move", dst, src: value }));
      ir.branch(better, candidate, current, keep);
      ir.jump(end);
      ir.place(keep);
      ir.store(entry, 0, 8, value);
      ir.store(entry, 8, 8, 1n);
      ir.place(end);
    },
  };
}

const COUNT: Update = {
  first: () => [1n],
  next: (lowerer, entry) => add(lowerer, entry, 0, 1n),
};

const AVERAGE: Update = {
  first: (value) => [value, 1n],
  next: (lowerer, entry, value) => {
    add(lowerer, entry, 0, value);
    add(lowerer, entry, 8, 1n);
  },
};

function updateOf({ of, signed }: Pick<AggregateType, "of" | "signed">): Update {
  switch (of) {
    case "sum":
      return {
        first: (value) => [value],
        next: (lowerer, entry, value) => add(lowerer, entry, 0, value),
      };
    case "min":
      return extreme(signed ? "slt" : "lt");
    case "max":
      return extreme(signed ? "sgt" : "gt");
    case "avg":
    case "stats":
      return AVERAGE;
    default:
      return COUNT;
  }
}

/** `@x[key] = count()`: gathers one more value. */
export function updateAggregate(lowerer: Lowerer, target: MapNode, call: CallNode): void {
  const { ir } = lowerer;
  const type = lowerer.typing.mapType(target.name) as AggregateType;
  const [arg] = call.args;
  const given = arg === undefined ? 1n : lowerer.scalar(arg);
  // Constants as well: comparisons need them in a register.
  const value = ir.define((dst) => ({ op: "move", dst, src: given }));
  const now = type.series && nowIn(lowerer, type.series);
  const key = keyOf(lowerer, target, { type, value, now });
  const update = now === undefined ? updateOf(type) : seriesUpdate(type, now);
  const entry = ir.call("map_lookup_elem", { map: lowerer.mapPlan(target.name).symbol }, key);
  const [fresh, end] = [ir.label(), ir.label()];
  ir.branch("eq", entry, 0n, fresh);
  update.next(lowerer, entry, value);
  ir.jump(end);
  ir.place(fresh);
  const memory = lowerer.temporary(storageSize(type));
  update.first(value).forEach((word, i) => ir.store(memory.base, memory.offset + i * 8, 8, word));
  lowerer.updateMap(target.name, key, memory);
  ir.place(end);
}

/**
 * What a map has gathered so far, on all CPUs. Needs Linux >= 5.19.
 *
 * Each CPU goes on meanwhile: the sum is not that of one moment.
 */
export function readAggregate(lowerer: Lowerer, node: MapNode): Operand {
  return readAggregateAt(lowerer, node.name, lowerer.key(node));
}

/** {@linkcode readAggregate} of the entry with a key that is there already. */
export function readAggregateAt(lowerer: Lowerer, name: string, key: Memory): Operand {
  const { ir } = lowerer;
  const type = lowerer.typing.mapType(name) as AggregateType;
  const map = { map: lowerer.mapPlan(name).symbol };
  const total = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const count = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const cpu = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const [test, next, end] = [ir.label(), ir.label(), ir.label()];
  ir.place(test);
  ir.branch("ge", cpu, BigInt(lowerer.typing.facts.cpus), end);
  const entry = ir.call("map_lookup_percpu_elem", map, key, cpu);
  ir.branch("eq", entry, 0n, next);
  const value = ir.load(entry, 0, 8);
  if (type.of === "min" || type.of === "max") {
    const take = ir.label();
    // A CPU that has seen nothing has no say.
    ir.branch("eq", ir.load(entry, 8, 8), 0n, next);
    ir.branch("eq", count, 0n, take);
    const [less, more] = type.signed ? ["slt", "sgt"] as const : ["lt", "gt"] as const;
    ir.branch(type.of === "min" ? less : more, value, total, take);
    ir.jump(next);
    ir.place(take);
    ir.add({ op: "move", dst: total, src: value });
    ir.add({ op: "move", dst: count, src: 1n });
  } else {
    ir.add({ op: "alu", operation: "add", dst: total, left: total, right: value });
    if (type.of === "avg") {
      const more = ir.load(entry, 8, 8);
      ir.add({ op: "alu", operation: "add", dst: count, left: count, right: more });
    }
  }
  ir.place(next);
  ir.add({ op: "alu", operation: "add", dst: cpu, left: cpu, right: 1n });
  ir.jump(test);
  ir.place(end);
  return type.of === "avg" ? ir.alu("div", total, count) : total;
}

/** Histograms have an entry for each bucket: its number stands behind the key. */
function keyOf(
  lowerer: Lowerer,
  target: MapNode,
  { type, value, now }: {
    readonly type: AggregateType;
    readonly value: Operand;
    readonly now: Moment | undefined;
  },
): Memory {
  if (!isBucketed(type)) return lowerer.key(target);
  const { key, bucket } = bucketKey(lowerer, target);
  lowerer.ir.store(bucket.base, bucket.offset, 8, bucketOf(lowerer, { type, value, now }));
  return key;
}

/** The key of a map with buckets, without the bucket's number, and where that is to stand. */
function bucketKey(lowerer: Lowerer, target: MapNode): { key: Memory; bucket: Memory } {
  const key = lowerer.key(target, 8);
  const { keys } = lowerer.mapPlan(target.name);
  const size = keys.reduce((sum, each) => sum + storageSize(each), 0);
  return { key, bucket: { base: key.base, offset: key.offset + size } };
}

function bucketOf(
  lowerer: Lowerer,
  { type, value, now }: {
    readonly type: AggregateType;
    readonly value: Operand;
    readonly now: Moment | undefined;
  },
): VirtualRegister {
  if (now !== undefined) return lowerer.ir.alu("mod", now.interval, BigInt(type.series!.count));
  return type.of === "hist" ? log2Bucket(lowerer, type, value) : linearBucket(lowerer, type, value);
}

/** How many numbers there are for buckets. */
function bucketCount({ of, range, bits = 0, series }: AggregateType): bigint {
  if (of === "tseries") return BigInt(series!.count);
  if (of === "hist") return (65n << BigInt(bits)) + 1n;
  const { low, high, step } = range!;
  return (high - low) / step + 3n;
}

/** `delete(@x[key])` of a histogram: all of its buckets. */
export function deleteBuckets(lowerer: Lowerer, target: MapNode): void {
  const { ir } = lowerer;
  const type = lowerer.typing.mapType(target.name) as AggregateType;
  const { key, bucket } = bucketKey(lowerer, target);
  const counter = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const again = ir.label();
  ir.place(again);
  ir.store(bucket.base, bucket.offset, 8, counter);
  ir.call("map_delete_elem", { map: lowerer.mapPlan(target.name).symbol }, key);
  ir.add({ op: "alu", operation: "add", dst: counter, left: counter, right: 1n });
  ir.branch("lt", counter, bucketCount(type), again);
}

/** The time, and the number of the interval that it is in. */
interface Moment {
  readonly time: VirtualRegister;
  readonly interval: VirtualRegister;
}

function nowIn({ ir }: Lowerer, { interval }: SeriesShape): Moment {
  const time = ir.call("ktime_get_boot_ns");
  return { time, interval: ir.alu("div", time, interval) };
}

/** An entry of a series is for an interval, whose number is its third word; a later one takes its place. */
function seriesUpdate({ series, signed }: AggregateType, now: Moment): Update {
  const { gathers } = series!;
  const inner: Update = gathers === "last"
    ? {
      first: (value) => [value, now.time],
      next: ({ ir }, entry, value) => {
        ir.store(entry, 0, 8, value);
        ir.store(entry, 8, 8, now.time);
      },
    }
    : updateOf({ of: gathers, signed });
  const first = (value: Operand): readonly Operand[] => {
    const [total = value, count = 1n] = inner.first(value);
    return [total, count, now.interval];
  };
  return {
    first,
    next: (lowerer, entry, value) => {
      const { ir } = lowerer;
      const [same, end] = [ir.label(), ir.label()];
      ir.branch("eq", ir.load(entry, 16, 8), now.interval, same);
      first(value).forEach((word, i) => ir.store(entry, i * 8, 8, word));
      ir.jump(end);
      ir.place(same);
      inner.next(lowerer, entry, value);
      ir.place(end);
    },
  };
}

/**
 * 0 for negative numbers, then one for each number below `2 ** bits`, then as many for each power of two: a number is cut to its
 * highest `bits + 1` bits by a shift, and the bucket counts shifts and what is left.
 */
function log2Bucket({ ir }: Lowerer, { bits = 0 }: AggregateType, value: Operand): VirtualRegister {
  const each = 1n << BigInt(bits);
  const bucket = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const end = ir.label();
  ir.branch("slt", value, 0n, end);
  const rest = ir.define((dst) => ({ op: "move", dst, src: value }));
  ir.add({ op: "move", dst: bucket, src: 1n });
  for (const shift of [32n, 16n, 8n, 4n, 2n, 1n]) {
    const next = ir.label();
    ir.branch("lt", ir.alu("rsh", rest, shift), each, next);
    ir.add({ op: "alu", operation: "rsh", dst: rest, left: rest, right: shift });
    ir.add({ op: "alu", operation: "add", dst: bucket, left: bucket, right: shift * each });
    ir.place(next);
  }
  ir.add({ op: "alu", operation: "add", dst: bucket, left: bucket, right: rest });
  ir.place(end);
  return bucket;
}

/** 0 below the range, then one for each step, then one for all above. */
function linearBucket({ ir }: Lowerer, { range }: AggregateType, value: Operand): VirtualRegister {
  const { low, high, step } = range!;
  const bucket = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const [inside, end] = [ir.label(), ir.label()];
  ir.branch("slt", value, low, end);
  ir.branch("slt", value, high, inside);
  ir.add({ op: "move", dst: bucket, src: (high - low) / step + 1n });
  ir.jump(end);
  ir.place(inside);
  const distance = ir.alu("div", ir.alu("sub", value, low), step);
  ir.add({ op: "alu", operation: "add", dst: bucket, left: distance, right: 1n });
  ir.place(end);
  return bucket;
}

function aggregate(of: AggregateFunction, args: number, optional = 0): BuiltinFunction {
  return {
    names: [of],
    least: args,
    most: args + optional,
    type: (call, typing) => {
      const [first] = call.args;
      const type = first === undefined ? undefined : typing.typeOf(first);
      if (
        first !== undefined && type !== undefined && !isNumeric(type) && type.kind !== "unknown"
      ) {
        typing.error(
          first.span,
          `${of}() only supports integer arguments (${typeName(type)} provided)`,
        );
      }
      const signed = type?.kind === "integer" && type.signed;
      return { kind: "aggregate", of, signed, ...shapeOf(of, call, typing) };
    },
  };
}

function shapeOf(
  of: AggregateFunction,
  call: CallNode,
  typing: Typing,
): Pick<AggregateType, "range" | "bits" | "series"> {
  if (of === "lhist") {
    const range = readRange(call, typing);
    return range === undefined ? {} : { range };
  }
  if (of === "tseries") return { series: readSeries(call, typing) };
  return of === "hist" ? { bits: readBits(call, typing) } : {};
}

const MOST_BITS = 5n;

function readBits({ args: [, bits] }: CallNode, typing: Typing): number {
  const value = bits === undefined ? 0n : typing.constant(bits);
  if (value !== undefined && value >= 0n && value <= MOST_BITS) return Number(value);
  typing.error(bits!.span, `hist: bits must be 0..${MOST_BITS}`);
  return 0;
}

const MOST_INTERVALS = 1000n;
const GATHERS = ["avg", "max", "min", "sum"] as const;

function readSeries(
  { args: [, interval, count, gathers], span }: CallNode,
  typing: Typing,
): SeriesShape {
  const [nanoseconds, intervals] = [interval, count].map((node) => node && typing.constant(node));
  const usual: SeriesShape = { interval: 1n, count: 1, gathers: "last" };
  if (nanoseconds === undefined || intervals === undefined) {
    typing.error(span, "tseries() needs numbers for its intervals that are known beforehand");
    return usual;
  }
  if (nanoseconds < 1n) {
    typing.error(span, `tseries() interval_ns must be >= 1 (${nanoseconds} provided)`);
  }
  if (intervals < 1n || intervals > MOST_INTERVALS) {
    const bound = intervals < 1n ? ">= 1" : `<= ${MOST_INTERVALS}`;
    typing.error(span, `tseries() num_intervals must be ${bound} (${intervals} provided)`);
    return usual;
  }
  const shape = { interval: nanoseconds < 1n ? 1n : nanoseconds, count: Number(intervals) };
  if (gathers === undefined) return { ...shape, gathers: "last" };
  const text = typing.text(gathers);
  const known = GATHERS.find((name) => name === text);
  if (known === undefined) {
    typing.error(
      gathers.span,
      `tseries() expects one of the following aggregation functions: ${GATHERS.join(", ")}`,
    );
  }
  return { ...shape, gathers: known ?? "last" };
}

const MOST_BUCKETS = 1000n;

function readRange(call: CallNode, typing: Typing): AggregateType["range"] {
  const [low, high, step] = call.args.slice(1).map((arg) => typing.constant(arg));
  if (low === undefined || high === undefined || step === undefined) {
    typing.error(
      call.span,
      "lhist() needs numbers for min, max and step that are known beforehand",
    );
  } else if (step <= 0n) {
    typing.error(call.span, `lhist() step must be >= 1 (${step} provided)`);
  } else if (high <= low) {
    typing.error(
      call.span,
      `lhist() min must be less than max (provided min ${low} and max ${high})`,
    );
  } else if ((high - low) / step > MOST_BUCKETS) {
    const message = `lhist() too many buckets, must be <= ${MOST_BUCKETS} (would need ${
      (high - low) / step
    })`;
    typing.error(call.span, message);
  } else return { low, high, step };
  return undefined;
}

/** All of them. */
export const AGGREGATES: readonly BuiltinFunction[] = [
  aggregate("count", 0),
  ...(["sum", "min", "max", "avg", "stats"] as const).map((name) => aggregate(name, 1)),
  aggregate("hist", 1, 1),
  aggregate("tseries", 3, 1),
  aggregate("lhist", 4),
];
