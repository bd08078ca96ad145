/** The keys of maps, as expectations write them. */

import type { Shape } from "../../../ffi/wire/shape.ts";
import { didYouMean } from "../nearest.ts";
import type { RecordShape } from "../record_shape.ts";
import type { Fields } from "../value.ts";
import type { Entry, Literal } from "./ast.ts";
import { ExpectError, type Span } from "./diagnostic.ts";
import { keyShape, typeOf } from "./rows.ts";
import { COMPARE, type Scalar, scalar } from "./scalar.ts";

/**
 * The test for the entry of a key, whose type is `shape`. A key with one field may be written as that field's value.
 *
 * @throws {ExpectError}
 */
export function keyTest(
  { map: { name: map }, key }: Entry,
  shape: Shape,
  source: string,
): (row: Fields) => boolean {
  const wanted = new Keys(source, { map, fields: keyShape(shape) }).wanted(key);
  return (row) => wanted.every(([name, value]) => COMPARE["=="](scalar(row[name]), value));
}

class Keys {
  readonly #source: string;
  readonly #map: string;
  readonly #fields: RecordShape;
  readonly #names: readonly string[];

  constructor(source: string, { map, fields }: { map: string; fields: RecordShape }) {
    this.#source = source;
    this.#map = map;
    this.#fields = fields;
    this.#names = Object.keys(fields);
  }

  /** The fields of the key, and what they should be. */
  wanted(key: Entry["key"]): readonly (readonly [string, Scalar])[] {
    if (key.kind !== "fields") {
      const values = key.kind === "list" ? key.values : [key];
      const { length } = this.#names;
      if (values.length === length) {
        return this.#names.map((name, i) => [name, this.#value(values[i]!, name)]);
      }
      const fields = length === 1 ? "one field" : `${length} fields`;
      throw this.#mistake(`the keys of ${this.#map} have ${fields}`, key);
    }
    const missing = this.#names.find((name) => key.fields.every((it) => it.name.name !== name));
    const given = key.fields.map(({ name, value }) => {
      if (this.#names.includes(name.name)) {
        return [name.name, this.#value(value, name.name)] as const;
      }
      const hint = didYouMean(name.name, this.#names);
      throw this.#mistake(`the keys of ${this.#map} have no field ${name.name}`, name, hint);
    });
    if (missing === undefined) return given;
    throw this.#mistake(`the key lacks ${missing}`, key);
  }

  #value(literal: Literal, name: string): Scalar {
    const type = typeOf(this.#fields[name]!);
    const given = typeof literal.value === "bigint" ? "number" : typeof literal.value;
    if (given === type) return literal.value;
    throw this.#mistake(`${name} is a ${type ?? "struct or list"}`, literal);
  }

  #mistake(problem: string, { at, end }: Span, hint = this.#example()): ExpectError {
    return new ExpectError(this.#source, { problem, span: { at, end }, hint });
  }

  #example(): string {
    const value = (name: string) => typeOf(this.#fields[name]!) === "string" ? '"…"' : "…";
    // The name of what has none.
    if (this.#names.join() === "key") return `It should be like ${this.#map}[${value("key")}]`;
    const fields = this.#names.map((name) => `${name}: ${value(name)}`);
    return `It should be like ${this.#map}[{${fields.join(", ")}}]`;
  }
}
