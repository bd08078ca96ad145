/** Random expectations: whatever is written, there is a result or a mistake that is shown, never a crash. */

import { ExpectError } from "../../../../programs/lib/expect/diagnostic.ts";
import { expectation } from "../../../../programs/lib/expect/evaluate.ts";
import { assert, assertEquals } from "../../../assert.ts";
import { event, hist, map, result, TOOL } from "./run.ts";

/** Marsaglia's xorshift32: the same numbers in every run. */
function randomizer(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

// deno-fmt-ignore
const WORDS = ["count", "sum", "min", "max", "avg", "distinct", "p50", "p99", "p0", "event", "events", "lost", "duration",
  "where", "pid", "comm", "bytes", "ok", "task.cpu", "task", "args", "delta_ms", "counts", "by_pid", "pairs", "dist", "null",
  "true", "false", "(", ")", "[", "]", "{", "}", ":", ",", "!", "-", "&&", "||", "==", "!=", "<", "<=", ">", ">=", "=~", "=",
  '"dd"', "'", '"', "*", "0", "16", "4k", "10ms", "1.5s", "0x1f", "18446744073709551616", "9z", "🐝", "\\", "\0", "__proto__",
  "constructor", "toString", " "];

const RUN = {
  events: [event(), event({ comm: "", bytes: 2n ** 64n - 1n, delta_ms: 3n }), {}],
  reports: [
    map("counts", [{ key: { c: "a" }, value: 1n }]),
    hist("dist", "usecs", [[0n, null, 3n]]),
  ],
};

Deno.test("2,000 sequences of words are refused with a place, or give a result", () => {
  const random = randomizer(0x6d1e7);
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const words = Array.from({ length: 1 + random(12) }, () => WORDS[random(WORDS.length)]!);
    const source = words.join(random(2) === 0 ? " " : "");
    try {
      assertEquals(typeof result(source, RUN).ok, "boolean");
    } catch (error) {
      assert(error instanceof ExpectError, `${source}: ${error}`);
      assert(error.span.at <= source.length && error.span.end <= source.length, source);
      refused++;
    }
  }
  assert(refused > 1000, String(refused));
});

/** A random expectation that means something. */
class Sentences {
  readonly #random: (below: number) => number;

  constructor(seed: number) {
    this.#random = randomizer(seed);
  }

  truth(depth = 3): string {
    if (depth === 0) return this.#comparison(this.#number(), this.#literal());
    return this.#one([
      () => `(${this.truth(depth - 1)})`,
      () => `!(${this.truth(depth - 1)})`,
      () => `${this.truth(depth - 1)} && ${this.truth(depth - 1)}`,
      () => `${this.truth(depth - 1)} || ${this.truth(depth - 1)}`,
      () => this.#comparison(this.#number(), this.#number()),
      () => this.#comparison(this.#number(), this.#literal()),
    ]);
  }

  #number(): string {
    const where = this.#random(2) === 0 ? "" : ` where ${this.#condition(2)}`;
    return this.#one([
      () => this.#one(["lost", "EVENTS", "duration"]),
      () => `count(event${where})`,
      () => `${this.#one(["sum", "min", "max", "avg", "distinct"])}(${this.#field()}${where})`,
      () => `${this.#one(["p1", "p50", "p99", "p999", "count", "min", "max"])}(dist)`,
      () => `${this.#one(["count", "sum", "max"])}(counts)`,
      () => `counts["${this.#random(9)}"]`,
    ]);
  }

  #condition(depth: number): string {
    if (depth === 0) {
      return this.#one(["ok", "!ok", "delta_ms == null", 'comm =~ "d*"', 'comm != ""']);
    }
    return this.#one([
      () => this.#comparison(this.#field(), this.#literal()),
      () => `(${this.#condition(depth - 1)} && ${this.#condition(depth - 1)})`,
      () => `(${this.#condition(depth - 1)} || ${this.#condition(depth - 1)})`,
      () => this.#condition(0),
    ]);
  }

  #field(): string {
    return this.#one(["pid", "bytes", "ts", "ret", "delta_ms", "task.cpu", "task.prio.nice"]);
  }

  #literal(): string {
    return `${this.#random(2) === 0 ? "" : "-"}${this.#random(5000)}`;
  }

  #comparison(left: string, right: string): string {
    return `${left} ${this.#one(["==", "!=", "<", "<=", ">", ">="])} ${right}`;
  }

  #one<T extends string | (() => string)>(choices: readonly T[]): string {
    const chosen = choices[this.#random(choices.length)]!;
    return typeof chosen === "string" ? chosen : chosen();
  }
}

Deno.test("2,000 sentences that mean something give a result, and their opposite the other one", () => {
  const sentences = new Sentences(0xb02e);
  for (let i = 0; i < 2000; i++) {
    const source = sentences.truth();
    const { ok, problem, seen } = result(source, RUN);
    assertEquals([source, problem], [source, null]);
    assert(seen.length > 0);
    assertEquals([source, result(`!(${source})`, RUN).ok], [source, !ok]);
  }
});

Deno.test("every prefix of an expectation is refused with a place, or is one", () => {
  const source =
    'count(event where comm == "dd" && !(bytes < 4k)) >= 16 || pairs[{prev_pid: 3, next: "x"}] > 1ms';
  for (let end = 0; end < source.length; end++) {
    try {
      expectation(source.slice(0, end), TOOL);
    } catch (error) {
      assert(error instanceof ExpectError, String(error));
    }
  }
});
