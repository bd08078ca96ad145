/** Types of operators, and whether they are signed. */

import type { BinaryNode, Expression, TernaryNode, UnaryNode } from "../ast.ts";
import {
  INT64,
  isNumeric,
  isSameKind,
  type Type,
  typeName,
  UINT64,
  UNKNOWN,
  widest,
} from "../types.ts";
import { pointee, withSpace } from "./pointers.ts";
import type { ProgramTyping } from "./program_typing.ts";
import { condition } from "./statements.ts";

/** The type of `-x`, `!x`, `*x`. */
export function unary(t: ProgramTyping, { operator, operand, span }: UnaryNode): Type {
  const type = t.type(operand);
  if (type.kind === "unknown") return UNKNOWN;
  switch (operator) {
    case "*":
      if (type.kind === "pointer") return withSpace(pointee(type.to), type.space);
      if (type.kind === "integer") return UINT64;
      break;
    case "&":
      break;
    default:
      if (type.kind === "integer") {
        return operator === "-" ? INT64 : operator === "!" ? UINT64 : type;
      }
      if (type.kind === "pointer" && operator === "!") return UINT64;
  }
  t.error(
    span,
    `The ${operator} operator can not be used on expressions of type '${typeName(type)}'`,
  );
  return INT64;
}

/** The type of an operation on two values, which are typed already. */
export function arithmetic(
  t: ProgramTyping,
  { left, right, operator, span }: Pick<BinaryNode, "left" | "right" | "operator" | "span">,
): Type {
  const a = t.typeOf(left);
  const b = t.typeOf(right);
  if (a.kind === "unknown" || b.kind === "unknown") return UNKNOWN;
  const compares = operator === "==" || operator === "!=";
  if (a.kind === "string" && b.kind === "string" && compares) return UINT64;
  if (a.kind === "buffer" && b.kind === "buffer" && compares) return UINT64;
  if (a.kind === "symbolic" && b.kind === "symbolic" && compares && a.size === 8) return UINT64;
  if (!isNumeric(a) || !isNumeric(b)) {
    const other = a.kind === b.kind;
    t.error(
      span,
      other
        ? `The ${operator} operator can not be used on expressions of types '${typeName(a)}', '${
          typeName(b)
        }'`
        : `Type mismatch for '${operator}': comparing '${typeName(a)}' with '${typeName(b)}'`,
    );
    return INT64;
  }
  if (["==", "!=", "<", "<=", ">", ">=", "&&", "||"].includes(operator)) return UINT64;
  if (a.kind === "pointer" && (operator === "+" || operator === "-") && b.kind === "integer") {
    return a;
  }
  if (b.kind === "pointer" && operator === "+" && a.kind === "integer") return b;
  return t.isSigned(left) && t.isSigned(right) ? INT64 : UINT64;
}

/** Whether a number takes part in arithmetic as a signed one. */
export function isSigned(t: ProgramTyping, node: Expression): boolean {
  const type = t.typeOf(node);
  return type.kind === "integer" && type.signed;
}

/** Whether a comparison is signed: literals take the side of what they are compared with. */
export function comparesSigned(
  t: ProgramTyping,
  { left, right }: Pick<BinaryNode, "left" | "right">,
): boolean {
  const [a, b] = [t.isSigned(left), t.isSigned(right)];
  if (a === b) return a;
  const literal = (node: Expression) => node.kind === "integer";
  return a ? literal(right) : literal(left);
}

/** The type of `c ? a : b`. */
export function ternary(t: ProgramTyping, { condition: test, yes, no, span }: TernaryNode): Type {
  condition(t, test);
  const a = t.type(yes);
  const b = t.type(no);
  if (a.kind === "unknown" || b.kind === "unknown") return a.kind === "unknown" ? b : a;
  if (!isSameKind(a, b)) {
    t.error(
      span,
      `Ternary operator must return the same type: have '${typeName(a)}' and '${typeName(b)}'`,
    );
    return a;
  }
  if (a.kind === "integer" && b.kind === "integer") return a.signed && b.signed ? INT64 : UINT64;
  return widest(a, b);
}
