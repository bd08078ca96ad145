/** What is kept of rows (events, or the entries of a map) while they pass: never the rows themselves. */

import type { Fields } from "../value.ts";
import type { Scalar } from "./scalar.ts";

/** Whether a row belongs. */
export type Condition = (row: Fields) => boolean;

/** Takes row after row. */
export interface Accumulator {
  add(row: Fields): void;
  readonly value: Scalar;
}

const EXAMPLES = 3;

/** Counts the rows that meet every condition, and keeps a few of them, and of those that nearly do. */
export class Counter implements Accumulator {
  readonly matching: Fields[] = [];
  readonly #conditions: readonly Condition[];
  readonly #near: { readonly row: Fields; readonly met: number }[] = [];
  #count = 0;

  constructor(conditions: readonly Condition[]) {
    this.#conditions = conditions;
  }

  get value(): bigint {
    return BigInt(this.#count);
  }

  /** Rows that meet the most of the conditions, but not all. */
  get nearest(): Fields[] {
    return this.#near.map(({ row }) => row);
  }

  add(row: Fields): void {
    let met = 0;
    for (const holds of this.#conditions) if (holds(row)) met++;
    if (met < this.#conditions.length) return this.#keepNear(row, met);
    this.#count++;
    if (this.matching.length < EXAMPLES) this.matching.push(row);
  }

  #keepNear(row: Fields, met: number): void {
    const near = this.#near;
    if (near.length >= EXAMPLES && met <= near.at(-1)!.met) return;
    const place = near.findIndex((other) => other.met < met);
    near.splice(place < 0 ? near.length : place, 0, { row, met });
    if (near.length > EXAMPLES) near.pop();
  }
}

/** How a number is taken from a row. */
type Read = (row: Fields) => Scalar;

/** Something made of the numbers of those rows that belong; nothing where there are none. */
abstract class OfNumbers implements Accumulator {
  readonly #read: Read;
  readonly #condition: Condition;

  constructor(read: Read, condition: Condition) {
    this.#read = read;
    this.#condition = condition;
  }

  add(row: Fields): void {
    if (!this.#condition(row)) return;
    const value = this.#read(row);
    if (typeof value === "bigint") this.take(value);
    else if (typeof value === "number") this.take(BigInt(value));
  }

  protected abstract take(value: bigint): void;
  abstract readonly value: Scalar;
}

class Sum extends OfNumbers {
  value = 0n;

  protected override take(value: bigint): void {
    this.value += value;
  }
}

class Min extends OfNumbers {
  value: bigint | null = null;

  protected override take(value: bigint): void {
    if (this.value === null || value < this.value) this.value = value;
  }
}

class Max extends OfNumbers {
  value: bigint | null = null;

  protected override take(value: bigint): void {
    if (this.value === null || value > this.value) this.value = value;
  }
}

/** The average, rounded towards zero. */
class Average extends OfNumbers {
  #sum = 0n;
  #count = 0n;

  get value(): bigint | null {
    return this.#count === 0n ? null : this.#sum / this.#count;
  }

  protected override take(value: bigint): void {
    this.#sum += value;
    this.#count++;
  }
}

/** The functions of numbers. */
export const NUMBER_FUNCTIONS = { sum: Sum, min: Min, max: Max, avg: Average } as const;

/** So many different values are told apart; there is no other limit to what a map of them would take. */
export const MOST_DISTINCT = 1 << 20;

/** Counts different values. It is the only one whose memory grows: up to {@linkcode MOST_DISTINCT} values. */
export class Distinct implements Accumulator {
  readonly #values = new Set<Scalar>();
  readonly #read: Read;
  readonly #condition: Condition;

  constructor(read: Read, condition: Condition) {
    this.#read = read;
    this.#condition = condition;
  }

  /** Unbounded, once there are too many to know. */
  get value(): Scalar {
    return this.#values.size > MOST_DISTINCT ? Infinity : BigInt(this.#values.size);
  }

  add(row: Fields): void {
    if (this.#values.size > MOST_DISTINCT || !this.#condition(row)) return;
    const value = this.#read(row);
    if (value !== null) this.#values.add(value);
  }
}
