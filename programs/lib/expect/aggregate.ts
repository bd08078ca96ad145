/** The functions of rows: what has to be kept for `count(event where …)`, `max(bytes)` or `sum(counts)`. */

import { type Accumulator, Counter, Distinct, NUMBER_FUNCTIONS } from "./accumulator.ts";
import type { Call, Name } from "./ast.ts";
import { ExpectError } from "./diagnostic.ts";
import { conditionsOf, fieldOperand, type Rows } from "./rows.ts";
import type { Unit } from "./units.ts";

/** The names of the functions, but for percentiles. */
export const FUNCTIONS: readonly string[] = ["count", "distinct", ...Object.keys(NUMBER_FUNCTIONS)];

/** How a function is called: a call of the source, or what stands for one. */
export type Called = Pick<Call, "function" | "selection" | "at" | "end">;

/** Makes the counter of a selection's rows: each call of what this gives begins with nothing. */
export function counterOf({ selection }: Called, rows: Rows, source: string): () => Counter {
  const conditions = conditionsOf(selection, rows, source);
  return () => new Counter(conditions);
}

/** What a function of a field needs. */
export interface FieldFunction {
  readonly make: () => Accumulator;
  /** The unit of what it gives. */
  readonly unit: Unit | undefined;
}

/**
 * Any function but `count` and percentiles, of one field.
 *
 * @throws {ExpectError}
 */
export function fieldFunction(
  { function: called, selection }: Called,
  { field, rows, source }: { readonly field: Name; readonly rows: Rows; readonly source: string },
): FieldFunction {
  const { type, read, unit } = fieldOperand(field, rows, source);
  const conditions = conditionsOf(selection, rows, source);
  const condition = (row: Parameters<typeof read>[0]) => conditions.every((holds) => holds(row));
  if (called.name === "distinct") {
    return { make: () => new Distinct(read, condition), unit: undefined };
  }
  const Made = NUMBER_FUNCTIONS[called.name as keyof typeof NUMBER_FUNCTIONS];
  if (type === "number") return { make: () => new Made(read, condition), unit };
  throw new ExpectError(source, {
    problem: `${called.name}() takes numbers, and ${field.name} is a ${type}`,
    span: field,
    hint: `It could be distinct(${field.name})`,
  });
}
