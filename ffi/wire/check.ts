/** Whether a value of JavaScript is one that a C type can hold: what every encoder asks first. */

/** The least and the greatest integer that fit. */
export type IntegerRange<T extends number | bigint> = readonly [least: T, greatest: T];

/** How a value appears in an error: short, and with its type where that is the point. */
function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 32));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    return `a ${value.constructor?.name ?? "object"}`;
  }
  return typeof value === "function" ? "a function" : String(value);
}

function refusal(value: unknown, wanted: string, what: string): string {
  return `Cannot encode ${what}: it is ${shown(value)}, should be ${wanted}`;
}

/**
 * A number that is an integer in a range.
 *
 * @throws {TypeError} where it is no number, @throws {RangeError} where it is none of these
 */
export function requireInteger(
  value: unknown,
  [least, greatest]: IntegerRange<number>,
  what = "value",
): number {
  const wanted = `an integer from ${least} to ${greatest}`;
  if (typeof value !== "number") throw new TypeError(refusal(value, wanted, what));
  if (!Number.isInteger(value) || value < least || value > greatest) {
    throw new RangeError(refusal(value, wanted, what));
  }
  return value;
}

/**
 * A bigint in a range.
 *
 * @throws {TypeError} where it is no bigint, @throws {RangeError} where it is none of these
 */
export function requireBigint(
  value: unknown,
  [least, greatest]: IntegerRange<bigint>,
  what = "value",
): bigint {
  const wanted = `a bigint from ${least}n to ${greatest}n`;
  if (typeof value !== "bigint") throw new TypeError(refusal(value, wanted, what));
  if (value < least || value > greatest) throw new RangeError(refusal(value, wanted, what));
  return value;
}

/**
 * Makes sure of a value's type.
 *
 * @throws {TypeError}
 */
export function requireType(
  value: unknown,
  type: "boolean" | "string" | "number" | "object",
  what = "value",
): void {
  if (typeof value === type && value !== null) return;
  const article = type === "object" ? "an" : "a";
  throw new TypeError(refusal(value, `${article} ${type}`, what));
}

/**
 * Makes sure that a value is a list with so many items.
 *
 * @throws {TypeError} where it is no list, @throws {RangeError} where it has another length
 */
export function requireLength(
  value: unknown,
  length: number,
  what = "value",
): asserts value is readonly unknown[] {
  if (!Array.isArray(value) && !(value instanceof Uint8Array)) {
    throw new TypeError(refusal(value, `an array of ${length}`, what));
  }
  if (value.length !== length) {
    throw new RangeError(
      `Cannot encode ${what}: its length is ${value.length}, should be ${length}`,
    );
  }
}
