/** What is wrong with an expectation, and where. */

/** A piece of the source: from `at` up to and without `end`. */
export interface Span {
  /** Where it begins, in UTF-16 units. */
  readonly at: number;
  /** The first unit behind it. */
  readonly end: number;
}

/** A mistake in an expectation. Its message ends with the source and a caret below. */
export class ExpectError extends Error {
  /** `ExpectError` */
  override readonly name = "ExpectError";
  /** What is wrong. */
  readonly problem: string;
  /** Where. */
  readonly span: Span;
  /** What to write instead; empty where there is nothing to say. */
  readonly hint: string;

  /** @internal */
  constructor(source: string, { problem, span, hint = "" }: Mistake) {
    super(`Cannot read expectation: ${problem}\n${underlined(source, span)}`);
    this.problem = problem;
    this.span = span;
    this.hint = hint;
  }
}

/** What an {@linkcode ExpectError} is made of. */
export interface Mistake {
  readonly problem: string;
  readonly span: Span;
  readonly hint?: string;
}

function underlined(source: string, { at, end }: Span): string {
  // Carets stand below what they mean only where all is on one line.
  const line = source.replaceAll(/\s/g, " ");
  const before = [...line.slice(0, at)].length;
  const marked = Math.max(1, [...line.slice(at, end)].length);
  return `    ${line}\n    ${" ".repeat(before)}${"^".repeat(marked)}`;
}
