/** From a tree to functions: types are checked here, so that nothing can go wrong with them while events pass. */

import type { Call, Compare, Entry, Expression, Literal, Name } from "./ast.ts";
import { ExpectError, type Span } from "./diagnostic.ts";
import { glob } from "./glob.ts";
import { COMPARE, type Scalar, type ScalarType } from "./scalar.ts";
import type { Unit } from "./units.ts";

/** A part of an expectation that has a value. `C` is what it is read from: an event, or all that was seen in the end. */
export interface Operand<C> {
  readonly type: ScalarType;
  readonly read: (context: C) => Scalar;
  /** The unit that its numbers are in; that of a histogram is only known when there is one. */
  readonly unit?: Unit | ((context: C) => Unit | undefined) | undefined;
  /** It is a number with a suffix: what it is compared with is taken in ns or bytes, too. */
  readonly suffixed?: boolean;
}

/** What names and functions mean at some place. */
export interface Scope<C> {
  readonly source: string;
  resolve(expression: Name | Call | Entry): Operand<C>;
  /** Told of every comparison: who counts wants to know what was to be reached. */
  compared?(comparison: Compare, left: Operand<C>, right: Operand<C>): void;
}

/**
 * Compiles what must be true or false.
 *
 * @throws {ExpectError}
 */
export function compileCondition<C>(
  expression: Expression,
  scope: Scope<C>,
): (context: C) => boolean {
  const { type, read } = compile(expression, scope);
  if (type === "boolean") return (context) => read(context) === true;
  throw new ExpectError(scope.source, {
    problem: `this is a ${type}, neither true nor false`,
    span: expression,
    hint: `Compare it with something: ${textOf(expression, scope)} ${
      type === "number" ? ">= 1" : '== "…"'
    }`,
  });
}

/** Compiles anything that has a value. */
export function compile<C>(expression: Expression, scope: Scope<C>): Operand<C> {
  switch (expression.kind) {
    case "literal":
      return literalOperand(expression);
    case "name":
    case "call":
    case "entry":
      return scope.resolve(expression);
    case "not": {
      const holds = compileTruth(expression.operand, scope);
      return { type: "boolean", read: (context) => !holds(context) };
    }
    case "logic": {
      const operands = expression.operands.map((each) => compileCondition(each, scope));
      return expression.operator === "&&"
        ? { type: "boolean", read: (context) => operands.every((holds) => holds(context)) }
        : { type: "boolean", read: (context) => operands.some((holds) => holds(context)) };
    }
    case "compare":
      return compileComparison(expression, scope);
  }
}

/** The operand of `!`, which binds tighter than any comparison. */
function compileTruth<C>(expression: Expression, scope: Scope<C>): (context: C) => boolean {
  const { type, read } = compile(expression, scope);
  if (type === "boolean") return (context) => read(context) === true;
  throw new ExpectError(scope.source, {
    problem: `! takes true or false, and this is a ${type}`,
    span: expression,
    hint: `Put brackets around all that is meant: !(${textOf(expression, scope)} == …)`,
  });
}

function literalOperand({ value, unit }: Literal): Operand<unknown> {
  const type = value === null ? "null" : typeof value === "bigint" ? "number" : typeof value;
  return {
    type: type as ScalarType,
    read: () => value,
    suffixed: unit !== undefined,
    ...asIs(unit),
  };
}

/** A number with a suffix is in ns or bytes already. */
function asIs(unit: Unit | undefined): { unit?: Unit } {
  return unit === undefined ? {} : { unit: { measure: unit.measure, factor: 1n } };
}

function compileComparison<C>(expression: Compare, scope: Scope<C>): Operand<C> {
  const { operator } = expression;
  const left = compile(expression.left, scope);
  const right = compile(expression.right, scope);
  checkTypes(expression, left, right, scope);
  scope.compared?.(expression, left, right);
  if (operator === "=~") {
    const matches = glob((expression.right as Literal).value as string);
    return { type: "boolean", read: (context) => matches(String(left.read(context) ?? "")) };
  }
  const compare = COMPARE[operator];
  const [a, b] = readersOf(expression, left, right, scope);
  return { type: "boolean", read: (context) => compare(a(context), b(context)) };
}

type Reader<C> = (context: C) => Scalar;

/** How both sides are read so that they are in one unit. */
function readersOf<C>(
  { left: leftSide, right: rightSide }: Compare,
  left: Operand<C>,
  right: Operand<C>,
  scope: Scope<C>,
): [Reader<C>, Reader<C>] {
  if (left.suffixed === right.suffixed) return [left.read, right.read];
  return left.suffixed
    ? [left.read, inBaseUnit(right, left.unit as Unit, { source: scope.source, span: rightSide })]
    : [inBaseUnit(left, right.unit as Unit, { source: scope.source, span: leftSide }), right.read];
}

/** Reads a number in ns or bytes. */
function inBaseUnit<C>(
  { read, unit }: Operand<C>,
  wanted: Unit,
  { source, span }: { source: string; span: Span },
): Reader<C> {
  const check = (own: Unit | undefined) => {
    if (own === undefined || own.measure === wanted.measure) return own?.factor ?? 1n;
    throw new ExpectError(source, {
      problem: `this is a ${own.measure}, compared with a ${wanted.measure}`,
      span,
    });
  };
  if (typeof unit !== "function") {
    const factor = check(unit);
    return factor === 1n ? read : (context) => times(read(context), factor);
  }
  return (context) => times(read(context), check(unit(context)));
}

function times(value: Scalar, factor: bigint): Scalar {
  if (typeof value === "bigint") return value * factor;
  return typeof value === "number" && value !== Infinity ? BigInt(value) * factor : value;
}

function checkTypes<C>(
  { operator, left, right, at, end }: Compare,
  { type: leftType }: Operand<C>,
  { type: rightType }: Operand<C>,
  scope: Scope<C>,
): void {
  const span = { at, end };
  const mistake = (problem: string, hint = "") =>
    new ExpectError(scope.source, { problem, span, hint });
  if (operator === "=~") {
    const isPattern = right.kind === "literal" && rightType === "string";
    if (leftType === "string" && isPattern) return;
    throw mistake("=~ takes a string and a pattern", 'It should be like comm =~ "kworker*"');
  }
  const isEquality = operator === "==" || operator === "!=";
  if (isEquality && (leftType === rightType || leftType === "null" || rightType === "null")) return;
  if (leftType !== rightType) {
    const [number, string] = leftType === "number" ? [left, right] : [right, left];
    const isQuoted = string.kind === "literal" && /^-?\d+$/.test(String(string.value));
    const hint = isQuoted
      ? `Without quotes: ${textOf(number, scope)} ${operator} ${String((string as Literal).value)}`
      : "";
    throw mistake(`a ${leftType} cannot be compared with a ${rightType}`, hint);
  }
  if (leftType === "number") return;
  throw mistake(
    `one ${leftType} is neither more nor less than another`,
    leftType === "string" ? "Strings are compared by ==, != and =~" : "",
  );
}

/** A part of the source. */
export function textOf({ at, end }: Span, { source }: { readonly source: string }): string {
  return source.slice(at, end);
}
