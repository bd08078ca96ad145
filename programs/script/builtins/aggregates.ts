/** What maps can gather: `count()`, `sum(x)`, `hist(x)`. Each CPU gathers for itself; the reader adds up. */

import type { CallNode, MapNode } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import {
  type AggregateFunction,
  type AggregateType,
  isNumeric,
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

function updateOf({ of, signed }: AggregateType): Update {
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
  const key = keyOf(lowerer, target, type, value);
  const update = updateOf(type);
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
  const { ir } = lowerer;
  const type = lowerer.typing.mapType(node.name) as AggregateType;
  const map = { map: lowerer.mapPlan(node.name).symbol };
  const key = lowerer.key(node);
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
function keyOf(lowerer: Lowerer, target: MapNode, type: AggregateType, value: Operand): Memory {
  if (type.of !== "hist" && type.of !== "lhist") return lowerer.key(target);
  const key = lowerer.key(target, 8);
  const { keys } = lowerer.mapPlan(target.name);
  const offset = keys.reduce((sum, each) => sum + storageSize(each), 0);
  const bucket = type.of === "hist"
    ? log2Bucket(lowerer, value)
    : linearBucket(lowerer, type, value);
  lowerer.ir.store(key.base, key.offset + offset, 8, bucket);
  return key;
}

/** 0 for negative numbers, 1 for 0, then one for each power of two. */
function log2Bucket({ ir }: Lowerer, value: Operand): VirtualRegister {
  const bucket = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const end = ir.label();
  ir.branch("slt", value, 0n, end);
  ir.add({ op: "move", dst: bucket, src: 1n });
  ir.branch("eq", value, 0n, end);
  ir.add({ op: "move", dst: bucket, src: 2n });
  const rest = ir.define((dst) => ({ op: "move", dst, src: value }));
  for (const bits of [32n, 16n, 8n, 4n, 2n, 1n]) {
    const small = ir.label();
    const high = ir.alu("rsh", rest, bits);
    ir.branch("eq", high, 0n, small);
    ir.add({ op: "move", dst: rest, src: high });
    ir.add({ op: "alu", operation: "add", dst: bucket, left: bucket, right: bits });
    ir.place(small);
  }
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

function aggregate(of: AggregateFunction, args: number): BuiltinFunction {
  return {
    names: [of],
    least: args,
    most: of === "hist" ? 2 : args,
    type: (call, typing) => {
      const [first, ...rest] = call.args;
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
      const range = of === "lhist" ? readRange(call, typing) : undefined;
      if (of === "hist" && rest.length > 0 && typing.constant(rest[0]!) !== 0n) {
        typing.unsupported(rest[0]!.span, "hist() with more than one bucket for a power of two");
      }
      return { kind: "aggregate", of, signed, ...(range === undefined ? {} : { range }) };
    },
  };
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
  ...(["sum", "min", "max", "avg", "stats", "hist"] as const).map((name) => aggregate(name, 1)),
  aggregate("lhist", 4),
];
