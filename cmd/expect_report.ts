/** What came of the expectations: for people, TAP, KTAP and JUnit. */

import { messageOf } from "../ffi/errors.ts";
import { json } from "../programs/lib/json.ts";
import type { ExpectValue } from "../programs/lib/value.ts";
import type { SessionOptions } from "./options.ts";
import { TEST_FORMATS, type TestFormat, type TestResult } from "./test_report.ts";
import { UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

/** What a report needs to know of the options. */
export interface ReportOptions extends Pick<SessionOptions, "results" | "junit"> {
  readonly expectations: readonly { readonly text: string }[];
}

/** Collects the results of a run, and makes their lines. */
export class ExpectReport {
  readonly #suite: string;
  readonly #format: TestFormat;
  readonly #expected: readonly string[];
  #junit: { readonly path: string; readonly file: Deno.FsFile } | undefined;
  readonly #results: TestResult[] = [];

  /** `suite` is what is tested, such as `gimlet bitehist`. */
  constructor(suite: string, { expectations, results, junit }: ReportOptions) {
    this.#suite = suite;
    this.#format = TEST_FORMATS[results];
    this.#expected = expectations.map(({ text }) => text);
    this.#junit = junit === undefined ? undefined : { path: junit, file: openReport(junit) };
  }

  /** Whether all that was expected came true, as far as it is known. */
  get ok(): boolean {
    return this.#results.every(({ outcome }) => outcome === "pass");
  }

  /** The lines before the first result. */
  head(): string[] {
    return this.#expected.length === 0 ? [] : this.#format.head(this.#expected.length);
  }

  /** The lines of a result. */
  take(value: ExpectValue): string[] {
    const result = testResult(value);
    this.#results.push(result);
    return this.#format.result(result, this.#results.length);
  }

  /** Writes JUnit's file, where one is wanted; what has no result failed, for this reason. */
  finish(reason = "the run did not end"): void {
    if (this.#junit === undefined) return;
    const { path, file } = this.#junit;
    this.#junit = undefined;
    using _closed = file;
    const missing = this.#expected.slice(this.#results.length)
      .map((name) => ({ name, outcome: "fail", detail: reason, seconds: 0 } as const));
    const lines = TEST_FORMATS.junit.tail([...this.#results, ...missing], this.#suite);
    const writer = new Writer(file, { name: path });
    for (const line of lines) writer.line(line);
    writer.flush();
  }
}

/** It is opened before anything is traced: a run whose results cannot be written is not worth its time. */
function openReport(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, create: true, truncate: true });
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`Cannot write ${path}: ${reason}`, "--junit takes the path of a file");
  }
}

/** An expectation as a test. */
export function testResult(value: ExpectValue): TestResult {
  const { expression, ok, seen, matching, nearest, problem } = value;
  const parts = new Map(seen.map((part) => [part.expression, part.value ?? "nothing"]));
  const sights = Array.from(parts, ([part, value]) => `${part} is ${value}`);
  return {
    name: onOneLine(expression),
    outcome: ok ? "pass" : "fail",
    detail: onOneLine([...problem === null ? [] : [problem], ...sights].join(", ")),
    remarks: [
      ...matching.map((event) => `event: ${json(event)}`),
      ...nearest.map((event) => `nearest: ${json(event)}`),
    ],
    seconds: 0,
  };
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
