/** Statements: what happens one after another, and loops. */

import type {
  AssignStatement,
  BinaryNode,
  CallNode,
  Expression,
  Statement,
  Target,
} from "../ast.ts";
import { updateAggregate } from "../builtins/aggregates.ts";
import { builtinFunction } from "../builtins/table.ts";
import type { IrLabel } from "../ir.ts";
import type { Span } from "../source.ts";
import { isScalar, storageSize } from "../types.ts";
import { mentions } from "../usage.ts";
import type { Lowerer } from "./lowerer.ts";
import { counted, eachEntry, isCallbackLoop } from "./callbacks.ts";
import { loadIfFound, lookUpKey } from "./maps.ts";
import { arithmetic, operation, step } from "./scalars.ts";

/** Statements one after another; the room that each takes is free again behind it. */
export function statements(l: Lowerer, body: readonly Statement[]): void {
  for (const each of body) {
    l.line(each.span);
    l.scratch.within(() => statement(l, each));
  }
}

function statement(l: Lowerer, node: Statement): void {
  const { ir } = l;
  switch (node.kind) {
    case "expression":
      return run(l, node.expression);
    case "assign":
      return assign(l, node);
    case "let":
      if (node.value !== undefined) {
        setVariable(l, node.variable.name, node.value);
      } else clearVariable(l, node.variable.name);
      return;
    case "block":
      return statements(l, node.body);
    case "if": {
      const otherwise = ir.label();
      const end = ir.label();
      l.branchUnless(node.condition, otherwise);
      statements(l, node.then);
      ir.jump(end);
      ir.place(otherwise);
      statements(l, node.otherwise);
      return ir.place(end);
    }
    case "while": {
      const [next, end] = [ir.label(), ir.label()];
      ir.place(next);
      l.branchUnless(node.condition, end);
      loop(l, node.body, { next, end });
      ir.jump(next);
      return ir.place(end);
    }
    case "each":
      return eachEntry(l, node);
    case "range":
      return isCallbackLoop(node, l.typing) ? counted(l, node) : range(l, node);
    case "unroll": {
      const end = ir.label();
      for (let i = Number(l.typing.constant(node.count) ?? 0n); i > 0; i--) {
        const next = ir.label();
        loop(l, node.body, { next, end });
        ir.place(next);
      }
      return ir.place(end);
    }
    case "break":
      return ir.jump(l.loops.at(-1 - (node.outer ?? 0))?.end ?? l.exit);
    case "continue":
      return ir.jump(l.loops.at(-1)?.next ?? l.exit);
    case "return":
      return l.leave();
  }
}

function loop(
  l: Lowerer,
  body: readonly Statement[],
  labels: { next: IrLabel; end: IrLabel },
): void {
  l.loops.push(labels);
  statements(l, body);
  l.loops.pop();
}

function range(
  l: Lowerer,
  { variable, start, end: last, body }: Extract<Statement, { kind: "range" }>,
): void {
  const { ir } = l;
  const [test, next, end] = [ir.label(), ir.label(), ir.label()];
  // What the body does to the variable changes nothing about the loop.
  const counter = ir.register();
  const limit = ir.define((dst) => ({ op: "move", dst, src: l.scalar(last) }));
  ir.add({ op: "move", dst: counter, src: l.scalar(start) });
  ir.place(test);
  ir.branch("sge", counter, limit, end);
  l.variables.write(l, variable.name, counter);
  loop(l, body, { next, end });
  ir.place(next);
  ir.add({ op: "alu", operation: "add", dst: counter, left: counter, right: 1n });
  ir.jump(test);
  ir.place(end);
}

/** An expression as a statement: what it gives is of no use. */
export function run(l: Lowerer, node: Expression): void {
  if (node.kind === "call") {
    const builtin = builtinFunction(node.name)!;
    if (builtin.run !== undefined) return builtin.run(node, l);
  }
  if (node.kind === "step") {
    step(l, node);
    return;
  }
  if (isScalar(l.type(node))) l.scalar(node);
  else l.memory(node);
}

function assign(l: Lowerer, { target, operator, value, span }: AssignStatement): void {
  if (operator !== undefined) return assignOperation(l, target, { operator, value, span });
  if (target.kind === "variable") return setVariable(l, target.name, value);
  const type = l.typing.mapType(target.name);
  if (type.kind === "aggregate") return updateAggregate(l, target, value as CallNode);
  const memory = l.temporary(storageSize(type));
  l.into(value, memory, type);
  l.updateMap(target.name, l.key(target), memory);
}

function assignOperation(
  l: Lowerer,
  target: Target,
  { operator, value, span }: { operator: BinaryNode["operator"]; value: Expression; span: Span },
): void {
  const node: BinaryNode = { kind: "binary", operator, left: target, right: value, span };
  if (target.kind === "variable") {
    return l.variables.write(l, target.name, arithmetic(l, node));
  }
  const memory = l.temporary(8);
  const key = l.key(target);
  const found = lookUpKey(l, target.name, key);
  const result = operation(l, node, loadIfFound(l, found), l.scalar(value));
  l.ir.store(memory.base, memory.offset, 8, result);
  l.updateMap(target.name, key, memory);
}

function setVariable(l: Lowerer, name: string, value: Expression): void {
  const type = l.typing.variables.get(name)!;
  if (isScalar(type)) return l.variables.write(l, name, l.scalar(value));
  const memory = l.variables.memory(name)!;
  if (!mentions(value, name)) return l.into(value, memory, type);
  const copy = l.temporary(storageSize(type));
  l.into(value, copy, type);
  l.copy(copy, memory, storageSize(type));
}

function clearVariable(l: Lowerer, name: string): void {
  const type = l.typing.variables.get(name);
  if (type === undefined) return;
  if (isScalar(type)) l.variables.write(l, name, 0n);
  else l.zeroFill(l.variables.memory(name)!, storageSize(type));
}
