/** Conditions as jumps, and comparisons. */

import type { Condition } from "../../../ffi/asm/instruction.ts";
import type { BinaryNode, Expression } from "../ast.ts";
import type { IrLabel, Operand } from "../ir.ts";
import { storageSize } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import { utf8, wordsOf } from "./words.ts";

/** How operators compare. */
export const CONDITIONS: Readonly<Record<string, { signed: Condition; unsigned: Condition }>> = {
  "==": { signed: "eq", unsigned: "eq" },
  "!=": { signed: "ne", unsigned: "ne" },
  "<": { signed: "slt", unsigned: "lt" },
  "<=": { signed: "sle", unsigned: "le" },
  ">": { signed: "sgt", unsigned: "gt" },
  ">=": { signed: "sge", unsigned: "ge" },
};

const OPPOSITE: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** Jumps to `label` where a condition does not hold. */
export function branchUnless(l: Lowerer, node: Expression, label: IrLabel): void {
  const { ir } = l;
  if (node.kind === "unary" && node.operator === "!") return l.branchIf(node.operand, label);
  if (node.kind === "binary" && node.operator === "&&") {
    l.branchUnless(node.left, label);
    return l.branchUnless(node.right, label);
  }
  if (node.kind === "binary" && node.operator === "||") {
    const holds = ir.label();
    l.branchIf(node.left, holds);
    l.branchUnless(node.right, label);
    return ir.place(holds);
  }
  if (node.kind === "binary" && CONDITIONS[node.operator] !== undefined) {
    return compare(l, node, OPPOSITE[node.operator]!, label);
  }
  ir.branch("eq", l.scalar(node), 0n, label);
}

/** Jumps to `label` where a condition holds. */
export function branchIf(l: Lowerer, node: Expression, label: IrLabel): void {
  const { ir } = l;
  if (node.kind === "unary" && node.operator === "!") {
    return l.branchUnless(node.operand, label);
  }
  if (node.kind === "binary" && node.operator === "||") {
    l.branchIf(node.left, label);
    return l.branchIf(node.right, label);
  }
  if (node.kind === "binary" && node.operator === "&&") {
    const fails = ir.label();
    l.branchUnless(node.left, fails);
    l.branchIf(node.right, label);
    return ir.place(fails);
  }
  if (node.kind === "binary" && CONDITIONS[node.operator] !== undefined) {
    return compare(l, node, node.operator, label);
  }
  ir.branch("ne", l.scalar(node), 0n, label);
}

function compare(l: Lowerer, node: BinaryNode, operator: string, label: IrLabel): void {
  const type = l.type(node.left);
  if (type.kind === "string" || type.kind === "buffer") {
    return compareStrings(l, node, operator === "==", label);
  }
  const conditions = CONDITIONS[operator]!;
  const condition = l.typing.comparesSigned(node) ? conditions.signed : conditions.unsigned;
  const left = l.scalar(node.left);
  l.ir.branch(condition, left, l.scalar(node.right), label);
}

/** Strings are filled up with NULs, so that they are equal where their words are. */
function compareStrings(
  l: Lowerer,
  { left, right }: BinaryNode,
  equal: boolean,
  label: IrLabel,
): void {
  const { ir } = l;
  const [a, b] = [compared(l, left), compared(l, right)];
  const words = Math.min(a.words.length, b.words.length);
  const differ = equal ? ir.label() : label;
  // Most texts differ in their first word. The others are looked at together: to the verifier each branch is another way to go.
  ir.branch("ne", a.words[0]!(), b.words[0]!(), differ);
  const differences = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const gather = (right: Operand) =>
    ir.add({ op: "alu", operation: "or", dst: differences, left: differences, right });
  for (let i = 1; i < words; i++) gather(ir.alu("xor", a.words[i]!(), b.words[i]!()));
  // What is left of the longer one must be NULs, of which the first says all.
  const rest = (a.words.length > words ? a : b).words[words];
  if (rest !== undefined) gather(ir.alu("and", rest(), 0xffn));
  ir.branch("ne", differences, 0n, differ);
  if (!equal) return;
  ir.jump(label);
  ir.place(differ);
}

function compared(l: Lowerer, node: Expression): { readonly words: readonly (() => Operand)[] } {
  const text = l.typing.text(node);
  if (text !== undefined) {
    const size = Math.floor(utf8(text).length / 8) * 8 + 8;
    return { words: wordsOf(text, size).map((word) => () => word) };
  }
  const { base, offset } = l.memory(node);
  const count = storageSize(l.type(node)) / 8;
  const load = (i: number) => () => l.ir.load(base, offset + i * 8, 8);
  return { words: Array.from({ length: count }, (_, i) => load(i)) };
}
