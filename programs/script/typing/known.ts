/** What is known when a script is compiled: numbers and texts. */

import type { BinaryNode, CastNode, Expression } from "../ast.ts";
import { builtinValue } from "../builtins/table.ts";
import type { Span } from "../source.ts";
import { sizeInC } from "../types.ts";
import type { ProgramTyping } from "./program_typing.ts";

/** The value of an expression, where it is known when the script is compiled. */
export function constant(t: ProgramTyping, node: Expression): bigint | undefined {
  switch (node.kind) {
    case "integer":
      return node.value;
    case "positional":
      return positional(t, node.index, node.span);
    case "sizeof":
    case "offsetof":
      return measure(t, node);
    case "identifier":
      return t.script.declared.constant(node.name) ??
        (builtinValue(node.name) === undefined ? t.facts.constant(node.name) : undefined);
    case "cast":
      return foldedCast(t, node);
    case "unary": {
      const value = t.constant(node.operand);
      if (value === undefined) return undefined;
      return node.operator === "-"
        ? in64Bits(-value)
        : node.operator === "~"
        ? in64Bits(~value)
        : undefined;
    }
    case "binary":
      return foldedBinary(t, node);
    default:
      return undefined;
  }
}

/** Of an integer, cut to the size of its type. */
function foldedCast(t: ProgramTyping, { type: written, operand }: CastNode): bigint | undefined {
  const value = t.constant(operand);
  const type = value === undefined ? undefined : t.named(written);
  if (value === undefined || type?.kind !== "integer") return undefined;
  const bits = type.size * 8;
  return type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function foldedBinary(t: ProgramTyping, { operator, left, right }: BinaryNode): bigint | undefined {
  const a = t.constant(left);
  const b = t.constant(right);
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case "+":
      return in64Bits(a + b);
    case "-":
      return in64Bits(a - b);
    case "*":
      return in64Bits(a * b);
    case "<<":
      return in64Bits(a << (b & 63n));
    default:
      return undefined;
  }
}

/** As programs compute: what does not fit is cut. */
function in64Bits(value: bigint): bigint {
  const fits = value === BigInt.asIntN(64, value) || value === BigInt.asUintN(64, value);
  return fits ? value : BigInt.asUintN(64, value);
}

/** The text of a literal, or of `str($1)`. */
export function text(t: ProgramTyping, node: Expression): string | undefined {
  if (node.kind === "string") return node.value;
  const [first] = node.kind === "call" && node.name === "str" ? node.args : [];
  if (first?.kind !== "positional" || first.index === 0) return undefined;
  return t.settings.parameters[first.index - 1] ?? "";
}

/** The number that a parameter of the script is. */
export function positional(t: ProgramTyping, index: number, span: Span): bigint | undefined {
  const { parameters } = t.settings;
  if (index === 0) return BigInt(parameters.length);
  const text = parameters[index - 1];
  if (text === undefined) return 0n;
  if (/^-?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) {
    return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  }
  t.error(span, `$${index} used numerically but given "${text}"`, `Try using str($${index})`);
  return undefined;
}

function measure(
  t: ProgramTyping,
  node: Extract<Expression, { kind: "sizeof" | "offsetof" }>,
): bigint | undefined {
  const { declared } = t.script;
  if (node.kind === "offsetof") {
    const offset = declared.offsetOf(node.type, node.field);
    if (offset !== undefined) return BigInt(offset);
    t.error(node.span, `${node.type.name} does not contain a field named '${node.field}'`);
    return undefined;
  }
  const type = "kind" in node.of ? t.typeOf(node.of) : t.named(node.of);
  return type === undefined ? undefined : BigInt(sizeInC(type));
}
