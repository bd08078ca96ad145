/** Conditions on events and on the entries of maps: their names are fields. */

import type { Shape } from "../../../ffi/wire/shape.ts";
import { didYouMean } from "../nearest.ts";
import type { FieldShape, RecordShape } from "../record_shape.ts";
import type { Fields, Plain } from "../value.ts";
import type { Condition } from "./accumulator.ts";
import type { Expression, Name, Selection } from "./ast.ts";
import { compileCondition, type Operand, type Scope } from "./compile.ts";
import { ExpectError } from "./diagnostic.ts";
import { scalar, type ScalarType } from "./scalar.ts";
import { type Unit, unitOfField } from "./units.ts";

/** What the rows of something are called, and what they hold. */
export interface Rows {
  /** Completes "… of no such field": "events of bitehist". */
  readonly what: string;
  readonly shape: RecordShape;
}

/** The fields of a map's entries: those of their keys, and the value. */
export function entryShape(key: Shape): RecordShape {
  return { ...keyShape(key), value: "u64" };
}

/** The fields of a key; one that is no struct is a field of that name. */
export function keyShape(key: Shape): RecordShape {
  return typeof key === "object" && "fields" in key ? key.fields : { key };
}

/** An entry of a map as a row. */
export function entryRow({ key, value }: { readonly key: Plain; readonly value: Plain }): Fields {
  return typeof key === "object" && key !== null ? { ...key as Fields, value } : { key, value };
}

/**
 * The conditions of a selection, all of which must hold; none where it has none.
 *
 * @throws {ExpectError}
 */
export function conditionsOf(
  { where }: Selection,
  rows: Rows,
  source: string,
): readonly Condition[] {
  if (where === undefined) return [];
  const scope = rowScope(rows, source);
  const parts: readonly Expression[] = where.kind === "logic" && where.operator === "&&"
    ? where.operands
    : [where];
  return parts.map((part) => compileCondition(part, scope));
}

function rowScope(rows: Rows, source: string): Scope<Fields> {
  return {
    source,
    resolve(expression) {
      if (expression.kind === "name") return fieldOperand(expression, rows, source);
      throw new ExpectError(source, {
        problem: `behind where stands what holds of one of the ${rows.what}`,
        span: expression,
        hint: `They have ${Object.keys(rows.shape).join(", ")}`,
      });
    },
  };
}

/** A field; its unit is known from its name. */
export interface FieldOperand extends Operand<Fields> {
  readonly unit: Unit | undefined;
}

/**
 * A field of the rows; those inside of others have dots in their names.
 *
 * @throws {ExpectError}
 */
export function fieldOperand(name: Name, rows: Rows, source: string): FieldOperand {
  const path = name.name.replace(/^event\./, "").split(".");
  const shape = path.reduce<FieldShape | undefined>(shapeInside, { fields: rows.shape as never });
  if (shape === undefined) throw unknownField(name, rows, source);
  const type = typeOf(shape);
  if (type === undefined) {
    throw new ExpectError(source, {
      problem: `${name.name} is no single value`,
      span: name,
      hint: typeof shape === "object" && "fields" in shape
        ? `It has ${Object.keys(shape.fields).map((field) => `${name.name}.${field}`).join(", ")}`
        : "It is a list",
    });
  }
  const [first] = path;
  return {
    type,
    read: path.length === 1
      ? (row) => scalar(row[first!])
      : (row) => scalar(path.reduce<Plain | undefined>(valueInside, row)),
    unit: unitOfField(path.at(-1)!),
  };
}

function shapeInside(shape: FieldShape | undefined, name: string): FieldShape | undefined {
  if (typeof shape !== "object" || !("fields" in shape)) return undefined;
  return Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
}

function valueInside(value: Plain | undefined, name: string): Plain | undefined {
  return typeof value === "object" && value !== null ? (value as Fields)[name] : undefined;
}

/** The type of a field's values; `undefined` for lists and structs. */
export function typeOf(shape: FieldShape): ScalarType | undefined {
  if (typeof shape === "object") return "nullable" in shape ? typeOf(shape.nullable) : undefined;
  if (shape === "bool") return "boolean";
  return shape === "string" || shape.startsWith("char[") ? "string" : "number";
}

function unknownField({ name, at, end }: Name, { what, shape }: Rows, source: string): ExpectError {
  const fields = Object.keys(shape);
  return new ExpectError(source, {
    problem: `${what} have no field ${name}`,
    span: { at, end },
    hint: `${didYouMean(name, fields)} They have ${fields.join(", ")}`,
  });
}
