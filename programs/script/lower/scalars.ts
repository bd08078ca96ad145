/** Expressions whose values fit into a register. */

import { CONDITIONS } from "./conditions.ts";
import type { BinaryNode, Expression, StepNode } from "../ast.ts";
import { readAggregate } from "../builtins/aggregates.ts";
import { builtinFunction, builtinValue } from "../builtins/table.ts";
import type { Operand } from "../ir.ts";
import { sizeInC, type Type } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import { loadIfFound, lookUpKey } from "./maps.ts";
import { run, statements } from "./statements.ts";
import { tupleItem } from "./values.ts";

const OPERATIONS = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "mod",
  "&": "and",
  "|": "or",
  "^": "xor",
  "<<": "lsh",
  ">>": "rsh",
} as const;

/** Computes a number, an address, or something else that fits into a register. */
export function scalar(l: Lowerer, node: Expression): Operand {
  switch (node.kind) {
    case "integer":
    case "positional":
    case "sizeof":
    case "offsetof":
      return l.typing.constant(node) ?? 0n;
    case "identifier": {
      const builtin = builtinValue(node.name);
      if (builtin === undefined) return l.typing.constant(node) ?? 0n;
      return builtin.scalar!(node, l);
    }
    case "variable": {
      return l.variables.read(l, node.name);
    }
    case "map":
      return l.mapPlan(node.name).perCpu ? readAggregate(l, node) : loadIfFound(l, l.lookUp(node));
    case "do":
      statements(l, node.body);
      return node.value === undefined ? 0n : l.scalar(node.value);
    case "call":
      return builtinFunction(node.name)!.scalar!(node, l);
    case "unary":
      return unary(l, node);
    case "step":
      return step(l, node);
    case "binary":
      return binary(l, node);
    case "ternary":
      return ternary(l, node);
    case "cast":
      return cast(l, node);
    case "field":
      if (l.type(node.object).kind === "tuple") {
        const { base, offset } = tupleItem(l, node);
        return l.ir.load(base, offset, 8);
      }
      return l.readScalar(l.place(node));
    case "index":
      return l.readScalar(l.place(node));
    case "string":
    case "tuple":
      throw new RangeError(`A ${node.kind} does not fit into a register`);
  }
}

function unary(l: Lowerer, node: Extract<Expression, { kind: "unary" }>): Operand {
  const { operator, operand } = node;
  const known = l.typing.constant(node);
  if (known !== undefined) return known;
  switch (operator) {
    case "-": {
      const src = l.scalar(operand);
      return l.ir.define((dst) => ({ op: "negate", dst, src }));
    }
    case "~":
      return l.ir.alu("xor", l.scalar(operand), -1n);
    case "!":
      return truth(l, node);
    default:
      return l.readScalar(l.place(node));
  }
}

/** `++` and `--`. */
export function step(l: Lowerer, { target, by, postfix }: StepNode): Operand {
  const { ir } = l;
  const step = BigInt(by) * stride(l.type(target));
  if (target.kind === "variable") {
    const before = ir.define((dst) => ({
      op: "move",
      dst,
      src: l.variables.read(l, target.name),
    }));
    const after = ir.alu("add", before, step);
    l.variables.write(l, target.name, after);
    return postfix ? before : after;
  }
  const key = l.key(target);
  const found = lookUpKey(l, target.name, key);
  const before = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const [fresh, end] = [ir.label(), ir.label()];
  ir.branch("eq", found, 0n, fresh);
  ir.add({ op: "load", dst: before, base: found, offset: 0, size: 8 });
  ir.add({ op: "atomicAdd", base: found, offset: 0, src: step });
  ir.jump(end);
  ir.place(fresh);
  const memory = l.temporary(8);
  ir.store(memory.base, memory.offset, 8, step);
  l.updateMap(target.name, key, memory);
  ir.place(end);
  return postfix ? before : ir.alu("add", before, step);
}

/** Pointers move by what they point to. */
function stride(type: Type): bigint {
  if (type.kind !== "pointer") return 1n;
  return BigInt(type.to.kind === "none" ? 1 : sizeInC(type.to));
}

function binary(l: Lowerer, node: BinaryNode): Operand {
  const { operator } = node;
  if (operator === "&&" || operator === "||" || CONDITIONS[operator] !== undefined) {
    return truth(l, node);
  }
  return l.typing.constant(node) ?? arithmetic(l, node);
}

/** Arithmetic on two expressions. */
export function arithmetic(l: Lowerer, node: BinaryNode): Operand {
  const left = l.scalar(node.left);
  return operation(l, node, left, l.scalar(node.right));
}

/** Arithmetic on two values, whose types an expression says. */
export function operation(
  l: Lowerer,
  { operator, left, right }: BinaryNode,
  a: Operand,
  b: Operand,
): Operand {
  const operation = OPERATIONS[operator as keyof typeof OPERATIONS];
  const [first, second] = [l.type(left), l.type(right)];
  const additive = operator === "+" || operator === "-";
  const x = additive && second.kind === "pointer" && first.kind !== "pointer"
    ? scaled(l, a, stride(second))
    : a;
  const y = additive && first.kind === "pointer" && second.kind !== "pointer"
    ? scaled(l, b, stride(first))
    : b;
  if (typeof y === "bigint" && (operator === "/" || operator === "%") && y === 0n) {
    // The verifier refuses a division by the constant 0; BPF says that its result is 0 (of %: the left side).
    return operator === "/" ? 0n : x;
  }
  if (typeof y === "bigint" && (operator === "<<" || operator === ">>")) {
    return l.ir.alu(operation, x, y & 63n);
  }
  return l.ir.alu(operation, x, y);
}

/** A number of things as a number of bytes. */
export function scaled(l: Lowerer, value: Operand, by: bigint): Operand {
  if (by === 1n) return value;
  return typeof value === "bigint" ? value * by : l.ir.alu("mul", value, by);
}

/** 1 where a condition holds, else 0. */
function truth(l: Lowerer, node: Expression): Operand {
  const { ir } = l;
  const result = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const end = ir.label();
  l.branchUnless(node, end);
  ir.add({ op: "move", dst: result, src: 1n });
  ir.place(end);
  return result;
}

function ternary(
  l: Lowerer,
  { condition, yes, no }: Extract<Expression, { kind: "ternary" }>,
): Operand {
  const { ir } = l;
  const result = ir.register();
  const [otherwise, end] = [ir.label(), ir.label()];
  l.branchUnless(condition, otherwise);
  const give = (node: Expression) => {
    // `c ? exit() : 0`: what has no value only happens.
    if (l.type(node).kind === "none") run(l, node);
    else ir.add({ op: "move", dst: result, src: l.scalar(node) });
  };
  give(yes);
  ir.jump(end);
  ir.place(otherwise);
  give(no);
  ir.place(end);
  return result;
}

function cast(l: Lowerer, node: Extract<Expression, { kind: "cast" }>): Operand {
  const type = l.type(node);
  const from = l.type(node.operand);
  if (from.kind === "array") {
    const place = l.place(node.operand);
    return type.kind === "integer" ? l.readScalar({ ...place, type }) : l.addressOf(place);
  }
  const src = l.scalar(node.operand);
  if (type.kind !== "integer" || type.size === 8) return src;
  const { signed } = type;
  const bits = type.size * 8;
  if (typeof src === "bigint") {
    return signed ? BigInt.asIntN(bits, src) : BigInt.asUintN(bits, src);
  }
  return l.ir.define((dst) => ({ op: "extend", dst, src, bits, signed }));
}
