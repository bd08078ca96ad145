/** The words of an expectation. */

import { ExpectError, type Span } from "./diagnostic.ts";
import { SUFFIXES, type Unit } from "./units.ts";

/** A word, and where it stands. */
export type Token =
  & Span
  & (
    | { readonly kind: "number"; readonly value: bigint; readonly unit: Unit | undefined }
    | { readonly kind: "string"; readonly value: string }
    /** A name; those of fields inside of others have dots, those of scripts' maps begin with `@`. */
    | { readonly kind: "name"; readonly text: string }
    | { readonly kind: "operator"; readonly text: string }
    | { readonly kind: "end" }
  );

const BLANK = /\s+/y;
const NUMBER = /(?:0x[\da-f]+|\d[\d_]*(?:\.\d+)?)[a-z]*/iy;
const NAME = /@\w*|[a-z_]\w*(?:\.[a-z_]\w*)*/iy;
const STRING = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y;
const OPERATOR = /&&|\|\||==|!=|<=|>=|=~|[<>!()[\]{},:-]/y;

/** What people write for an operator that is called otherwise here. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "=": "Equality is ==",
  "&": "And is &&",
  "|": "Or is ||",
  "~": "Matching is =~",
  '"': 'The string has no end: it should be like "dd"',
  "'": "The string has no end: it should be like 'dd'",
};

/**
 * Takes an expectation apart. The last token is of kind `end`.
 *
 * @throws {ExpectError}
 */
export function tokens(source: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < source.length;) {
    const blank = match(BLANK, source, at);
    if (blank === undefined) found.push(tokenAt(source, at));
    at = blank === undefined ? found.at(-1)!.end : at + blank.length;
  }
  return [...found, { kind: "end", at: source.length, end: source.length }];
}

function tokenAt(source: string, at: number): Token {
  const number = match(NUMBER, source, at);
  if (number !== undefined) return numberToken(source, { at, end: at + number.length });
  const name = match(NAME, source, at);
  if (name !== undefined) return { kind: "name", text: name, at, end: at + name.length };
  const string = match(STRING, source, at);
  if (string !== undefined) {
    return { kind: "string", value: unescaped(string.slice(1, -1)), at, end: at + string.length };
  }
  const operator = match(OPERATOR, source, at);
  if (operator !== undefined) {
    return { kind: "operator", text: operator, at, end: at + operator.length };
  }
  const character = String.fromCodePoint(source.codePointAt(at)!);
  throw new ExpectError(source, {
    problem: `${character} means nothing here`,
    span: { at, end: at + character.length },
    hint: OTHER_NAMES[character] ?? "",
  });
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** Other backslashes stay: they belong to patterns, and to the `\xNN` of bytes that are no text. */
function unescaped(text: string): string {
  return text.replaceAll(
    /\\(["'\\nt])/g,
    (_, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter,
  );
}

function numberToken(source: string, span: Span): Token {
  const text = source.slice(span.at, span.end);
  if (/^0x/i.test(text)) {
    if (!/^0x[\da-f]+$/i.test(text)) throw wrongNumber(source, span);
    return { kind: "number", value: BigInt(text), unit: undefined, ...span };
  }
  const [, whole = "", part = "", suffix = ""] = /^([\d_]+)(?:\.(\d+))?(.*)$/.exec(text)!;
  const unit = SUFFIXES[suffix];
  if (suffix !== "" && unit === undefined) throw wrongNumber(source, span);
  const scaled = BigInt(whole.replaceAll("_", "") + part) * (unit?.factor ?? 1n);
  const divisor = 10n ** BigInt(part.length);
  if (scaled % divisor !== 0n || part !== "" && unit === undefined) {
    throw new ExpectError(source, {
      problem: `${text} is not a whole number${suffix === "" ? "" : " of ns or bytes"}`,
      span,
    });
  }
  return { kind: "number", value: scaled / divisor, unit, ...span };
}

function wrongNumber(source: string, span: Span): ExpectError {
  const text = source.slice(span.at, span.end);
  return new ExpectError(source, {
    problem: `${text} is no number`,
    span,
    hint: "It should be like 16, 0x10, 4k, 1M, 10ms or 2s",
  });
}
