/** Loops whose body is a function of its own, which a helper of the kernel calls: over maps, and over long ranges. */

import { readAggregateAt } from "../builtins/aggregates.ts";
import {
  type EachStatement,
  type RangeStatement,
  type Statement,
  visitExpressions,
  visitStatements,
} from "../ast.ts";
import type { Operand } from "../ir.ts";
import { tupleOffsets, type Type } from "../types.ts";
import type { Typing } from "../builtins/builtin.ts";
import type { Lowerer } from "./lowerer.ts";
import { statements } from "./statements.ts";
import { convert } from "./values.ts";

/** A loop with a function as its body. */
type CallbackLoop = EachStatement | RangeStatement;

// The verifier walks through each round of a loop of jumps.
const MOST_ROUNDS_OF_JUMPS = 100n;
/** `bpf_loop()` refuses more rounds. */
const MOST_ROUNDS = 1n << 23n;

/** Whether the body of a loop becomes a function. */
export function isCallbackLoop(statement: Statement, typing: Typing): statement is CallbackLoop {
  if (statement.kind === "each") return true;
  if (statement.kind !== "range" || !typing.facts.hasHelper("loop")) return false;
  const [start, end] = [typing.constant(statement.start), typing.constant(statement.end)];
  return start === undefined || end === undefined || end - start > MOST_ROUNDS_OF_JUMPS;
}

/** Whether there is such a loop. */
export function hasCallback(body: readonly Statement[], typing: Typing): boolean {
  let found = false;
  visitStatements(body, (statement) => found ||= isCallbackLoop(statement, typing));
  visitExpressions(body, (node) => {
    found ||= node.kind === "call" && node.name === "len" && node.args[0]?.kind === "map";
  });
  return found;
}

/** `for ($kv : @map) { … }`: `bpf_for_each_map_elem()`. Needs Linux >= 5.13. */
export function eachEntry(l: Lowerer, { variable, map, body, span }: EachStatement): void {
  const symbol = l.mapPlan(map.name).symbol;
  const callback = l.callback(span, (inner) => {
    const [key, value] = [inner.parameter(2), inner.parameter(3)];
    inner.enter(4);
    inner.declareLocals(body);
    const target = inner.variables.memory(variable.name)!;
    const type = l.typing.variables.get(variable.name)!;
    if (type.kind !== "tuple") throw new RangeError("an entry is a tuple");
    const { keys, value: own, perCpu } = l.mapPlan(map.name);
    const [keyType, valueType] = type.items as [Type, Type];
    const keyOf: Type = keys.length === 1 ? keys[0]! : { kind: "tuple", items: keys };
    const [keyAt, valueAt] = tupleOffsets(type.items)
      .map((offset) => ({ base: target.base, offset: target.offset + offset }));
    convert(inner, { base: key, offset: 0 }, keyOf, keyAt!, keyType);
    if (perCpu) {
      // Helpers take keys from the stack or the frame, not from where the kernel has its own.
      const sum = readAggregateAt(inner, map.name, keyAt!);
      inner.ir.store(valueAt!.base, valueAt!.offset, 8, sum);
    } else {
      convert(inner, { base: value, offset: 0 }, own, valueAt!, valueType);
    }
    statements(inner, body);
  });
  l.callFunction("for_each_map_elem", { map: symbol }, callback);
}

/** `for ($i : start..end) { … }`: `bpf_loop()`. Needs Linux >= 5.17. */
export function counted(l: Lowerer, { variable, start, end, body, span }: RangeStatement): void {
  const { ir, scratch } = l;
  const first = scratch.inFrame(8);
  ir.store(first.base, first.offset, 8, l.scalar(start));
  const from = ir.load(first.base, first.offset, 8);
  const rounds = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const none = ir.label();
  const last: Operand = ir.define((dst) => ({ op: "move", dst, src: l.scalar(end) }));
  ir.branch("sge", from, last, none);
  ir.add({ op: "alu", operation: "sub", dst: rounds, left: last, right: from });
  ir.branch("le", rounds, MOST_ROUNDS, none);
  ir.add({ op: "move", dst: rounds, src: MOST_ROUNDS });
  ir.place(none);
  const callback = l.callback(span, (inner) => {
    const index = inner.parameter(1);
    inner.enter(2);
    inner.declareLocals(body);
    const base = inner.ir.load(inner.frame, first.offset, 8);
    inner.variables.write(inner, variable.name, inner.ir.alu("add", base, index));
    statements(inner, body);
  });
  l.callFunction("loop", rounds, callback);
}
