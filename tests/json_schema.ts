/** A validator for the JSON Schemas that gimlet prints: the keywords in use there, and no others. */

import type { Schema } from "../cmd/schema.ts";

/** A validator of one schema. */
export class Validator {
  readonly #root: Schema;

  constructor(root: Schema) {
    this.#root = root;
  }

  /**
   * What is wrong with a value; empty where it is as it should be. Objects may not have properties that the schema does not know: a
   * record may grow, but its schema has to grow with it.
   */
  problems(value: unknown, schema: Schema = this.#root, at = "record"): string[] {
    const { type } = schema;
    const found = Object.entries(schema).flatMap(([keyword, argument]) =>
      this.#keyword(keyword, argument, { value, schema, at })
    );
    if (type === undefined) return found;
    const types = Array.isArray(type) ? type as string[] : [String(type)];
    if (types.some((name) => isOfType(value, name))) return found;
    return [`${at} is ${kindOf(value)}, should be ${types.join(" or ")}`, ...found];
  }

  #keyword(
    keyword: string,
    argument: unknown,
    { value, schema, at }: { value: unknown; schema: Schema; at: string },
  ): string[] {
    switch (keyword) {
      case "$schema":
      case "$defs":
      case "title":
      case "type": // in problems()
        return [];
      case "$ref":
        return this.problems(value, this.#resolve(String(argument)), at);
      case "const":
        return value === argument ? [] : [`${at} is ${value}, should be ${argument}`];
      case "enum":
        return (argument as unknown[]).includes(value)
          ? []
          : [`${at} is ${value}, should be one of ${argument}`];
      case "oneOf":
      case "anyOf":
        return this.#forms(argument as Schema[], value, { at, exactlyOne: keyword === "oneOf" });
      case "properties":
        return this.#properties(argument as Record<string, Schema>, value, at);
      case "required":
        return isObject(value)
          ? (argument as string[]).filter((name) => !(name in value)).map((name) =>
            `${at} has no ${name}`
          )
          : [];
      case "items":
        return Array.isArray(value)
          ? value.flatMap((item, i) => this.problems(item, argument as Schema, `${at}[${i}]`))
          : [];
      case "minimum":
        return isInteger(value) && value < (argument as number)
          ? [`${at} is below ${argument}`]
          : [];
      case "maximum":
        return isInteger(value) && value > (argument as number)
          ? [`${at} is above ${argument}`]
          : [];
      case "minItems":
        return Array.isArray(value) && value.length < Number(argument)
          ? [`${at} is too short`]
          : [];
      case "maxItems":
        return Array.isArray(value) && value.length > Number(argument) ? [`${at} is too long`] : [];
      default:
        throw new TypeError(
          `No validator knows ${keyword} of ${JSON.stringify(Object.keys(schema))}`,
        );
    }
  }

  #forms(
    forms: readonly Schema[],
    value: unknown,
    { at, exactlyOne }: { at: string; exactlyOne: boolean },
  ): string[] {
    const results = forms.map((form) => this.problems(value, form, at));
    const fitting = results.filter((problems) => problems.length === 0).length;
    if (exactlyOne ? fitting === 1 : fitting > 0) return [];
    if (fitting > 1) return [`${at} is of ${fitting} forms at once`];
    // The form that came nearest says most.
    const [nearest = []] = results.toSorted((a, b) => a.length - b.length);
    return [`${at} has none of ${forms.length} forms: ${nearest.join("; ")}`];
  }

  #properties(known: Record<string, Schema>, value: unknown, at: string): string[] {
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([name, property]) => {
      const schema = known[name];
      if (schema === undefined) return [`${at} has ${name}, of which its schema does not know`];
      return this.problems(property, schema, `${at}.${name}`);
    });
  }

  #resolve(ref: string): Schema {
    const path = ref.replace(/^#\//, "").split("/");
    const found = path.reduce<unknown>((at, name) => (at as Schema)[name], this.#root);
    if (found === undefined) throw new TypeError(`${ref} leads nowhere`);
    return found as Schema;
  }
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "integer":
      return isInteger(value);
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "string":
    case "number":
    case "boolean":
      return kindOf(value) === type;
    default:
      throw new TypeError(`No validator knows the type ${type}`);
  }
}

function kindOf(value: unknown): string {
  return typeof value;
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isInteger(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
