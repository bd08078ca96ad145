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
  /** What a number with a suffix measures. It is in ns or bytes, and so will be what it is compared with. */
  readonly suffixed?: Unit["measure"];
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
  const operand = { type: type as ScalarType, read: () => value };
  return unit === undefined ? operand : { ...operand, suffixed: unit.measure };
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
  const { source } = scope;
  return [
    inBaseUnit(left, right.suffixed, { source, span: leftSide }),
    inBaseUnit(right, left.suffixed, { source, span: rightSide }),
  ];
}

/** Reads a number in ns or bytes, where it is compared with such. */
function inBaseUnit<C>(
  { read, unit, suffixed }: Operand<C>,
  wanted: Unit["measure"] | undefined,
  { source, span }: { source: string; span: Span },
): Reader<C> {
  if (wanted === undefined) return read;
  const check = (measure = wanted) => {
    if (measure === wanted) return;
    const problem = `this is a ${measure}, compared with a ${wanted}`;
    throw new ExpectError(source, { problem, span });
  };
  check(suffixed);
  if (typeof unit !== "function") {
    check(unit?.measure);
    return unit === undefined ? read : (context) => times(read(context), unit.factor);
  }
  return (context) => {
    const found = unit(context);
    check(found?.measure);
    return times(read(context), found?.factor ?? 1n);
  };
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
