/** What maps can gather: `count()`, `sum(x)`, `hist(x)`. Each CPU gathers for itself; the reader adds up. */

import type { CallNode, MapNode } from "../ast.ts";
import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import {
  type AggregateFunction,
  type AggregateType,
  isNumeric,
  storageSize,
  typeName,
} from "../types.ts";
import { shapeOf } from "./aggregate_shapes.ts";
import { keyOf } from "./buckets.ts";
import type { BuiltinFunction } from "./builtin.ts";
import { nowIn, seriesUpdate, updateOf } from "./updates.ts";

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

/** All of them. */
export const AGGREGATES: readonly BuiltinFunction[] = [
  aggregate("count", 0),
  ...(["sum", "min", "max", "avg", "stats"] as const).map((name) => aggregate(name, 1)),
  aggregate("hist", 1, 1),
  aggregate("tseries", 3, 1),
  aggregate("lhist", 4),
];
