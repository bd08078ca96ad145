/** Single values: what fields, numbers and functions come to. */

import type { Plain } from "../value.ts";
import type { Comparison } from "./ast.ts";

/** A value. Integers are bigints, or numbers as events have them; Infinity is what has no upper bound, null is nothing. */
export type Scalar = bigint | number | string | boolean | null;

/** What a value can be; one that may be null is of its other type. */
export type ScalarType = "number" | "string" | "boolean" | "null";

/** A value of an event as a scalar; null for what is none. */
export function scalar(value: Plain | undefined): Scalar {
  return value === undefined || typeof value === "object" ? null : value;
}

type Ordered = Exclude<Comparison, "=~">;

/** The tests behind the operators. Numbers and bigints compare exactly; nothing is neither more nor less than anything. */
export const COMPARE: Readonly<Record<Ordered, (left: Scalar, right: Scalar) => boolean>> = {
  "==": isEqual,
  "!=": (left, right) => !isEqual(left, right),
  "<": (left, right) => left !== null && right !== null && left < right,
  "<=": (left, right) => left !== null && right !== null && left <= right,
  ">": (left, right) => left !== null && right !== null && left > right,
  ">=": (left, right) => left !== null && right !== null && left >= right,
};

function isEqual(left: Scalar, right: Scalar): boolean {
  // 3 and 3n are the same integer: neither is less.
  if (isInteger(left) && isInteger(right)) return !(left < right) && !(left > right);
  return left === right;
}

function isInteger(value: Scalar): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}
