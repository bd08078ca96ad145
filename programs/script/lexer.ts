/** Cuts a script into tokens. What stands before a probe's body is cut by the parser itself: see {@linkcode Lexer.attachPoint}. */

import type { Diagnostics, Span } from "./source.ts";

export type TokenKind =
  | "identifier"
  | "variable"
  | "positional"
  | "map"
  | "integer"
  | "string"
  | "punctuation"
  | "end";

/** A token. `text` is as written, but for strings, whose escapes are resolved. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly span: Span;
  readonly value: bigint;
  /** It came from a `#define` that names itself: it is not replaced again. */
  readonly replaced?: boolean;
}

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
/** What begins with a letter, `$` or `@`. */
const WORD = /[A-Za-z_]\w*|@\w*|\$(?:\d+|#|[A-Za-z_]\w*)/y;
const INTEGER = /0[xX][0-9a-fA-F_]+|\d[\d_]*(?:e\d+)?/y;
const PUNCTUATION =
  /<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|&&|\|\||\.\.|::|[-+*/%&|^=!<>]=|[-+*/%&|^~!<>=?:;,.(){}[\]#]/y;
/** What stands in quotes may be anything; a slash inside of a path has a colon behind it: `uprobe:/bin/bash:readline`. */
const ATTACH_POINT = /(?:"[^"]*"?|[^\s,{;}"/]|\/(?=[^\s,{:]{0,4000}:[^:]))*/y;
const SUFFIX = /[uUlL]+/y;
const DURATION = /(?:ns|us|ms|s|m|h|d)\b/y;
/** Units of time, in ns. */
export const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "0": "\0",
  "\\": "\\",
  '"': '"',
};
const U64 = 1n << 64n;

/** Reads tokens one after another. */
export class Lexer {
  readonly #text: string;
  readonly #diagnostics: Diagnostics;
  #at = 0;

  /** Offsets in the script of what stands in the text at the same place: they are equal. */
  constructor(text: string, diagnostics: Diagnostics) {
    this.#text = text;
    this.#diagnostics = diagnostics;
  }

  /** Where the next token is looked for; setting it goes back there. */
  get offset(): number {
    return this.#at;
  }

  set offset(at: number) {
    this.#at = at;
  }

  next(): Token {
    this.skipSpace();
    const start = this.#at;
    if (start >= this.#text.length) return this.#token("end", start, "");
    if (this.#text[start] === '"') return this.#string();
    const word = this.#match(WORD);
    if (word !== undefined) return this.#token(kindOf(word), start, word);
    const integer = this.#match(INTEGER);
    if (integer !== undefined) return this.#integer(start, integer);
    const punctuation = this.#match(PUNCTUATION);
    if (punctuation !== undefined) return this.#token("punctuation", start, punctuation);
    this.#at++;
    this.#diagnostics.error({ start, end: start + 1 }, `unexpected character ${this.#text[start]}`);
    return this.next();
  }

  /** The text from an offset on, as much as is needed to look ahead. */
  rest(from: number): string {
    return this.#text.slice(from, from + 512);
  }

  /** Goes to the end. */
  skipAll(): void {
    this.#at = this.#text.length;
  }

  /** Skips blanks and comments. */
  skipSpace(): void {
    this.#match(SPACE);
    if (!this.#text.startsWith("/*", this.#at)) return;
    const span = { start: this.#at, end: this.#at + 2 };
    this.#diagnostics.error(span, "this comment does not end", "Close it with */");
    this.#at = this.#text.length;
  }

  /** Reads `provider:target`: up to a blank, a comma, a brace, or a slash that begins a predicate. */
  attachPoint(): Token {
    this.skipSpace();
    const start = this.#at;
    const text = this.#match(ATTACH_POINT) ?? "";
    return this.#token("identifier", start, text);
  }

  #integer(start: number, text: string): Token {
    const unit = this.#match(DURATION);
    if (unit === undefined) this.#match(SUFFIX);
    const plain = text.replaceAll("_", "");
    const [mantissa, exponent] = /^0[xX]/.test(plain) ? [plain] : plain.split("e");
    const octal = /^0[0-7]+$/.test(plain);
    const value = BigInt(octal ? `0o${plain.slice(1)}` : mantissa!) *
      10n ** BigInt(exponent ?? 0) * (NANOSECONDS[unit ?? "ns"] ?? 1n);
    const token = { ...this.#token("integer", start, text), value };
    if (value >= U64) {
      this.#diagnostics.error(token.span, `${text} does not fit into 64 bits`);
    }
    return token;
  }

  #string(): Token {
    const start = this.#at;
    let value = "";
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === '"') {
        this.#at++;
        return this.#token("string", start, value);
      }
      if (char === "\n") break;
      value += char === "\\" ? this.#escape() : char;
    }
    const span = { start, end: this.#at };
    this.#diagnostics.error(span, "this string does not end", 'Close it with "');
    return this.#token("string", start, value);
  }

  /** At a backslash; stops at the last character of the escape. */
  #escape(): string {
    const coded = /^\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3}))/.exec(
      this.#text.slice(this.#at, this.#at + 4),
    );
    if (coded !== null) {
      this.#at += coded[0].length - 1;
      return String.fromCharCode(parseInt(coded[1] ?? coded[2]!, coded[1] ? 16 : 8));
    }
    const char = this.#text[++this.#at] ?? "";
    const known = ESCAPES[char];
    if (known !== undefined) return known;
    const span = { start: this.#at - 1, end: this.#at + 1 };
    this.#diagnostics.error(span, `invalid escape character '\\${char}'`);
    return char;
  }

  #match(pattern: RegExp): string | undefined {
    const start = this.#at;
    pattern.lastIndex = start;
    if (!pattern.test(this.#text)) return undefined;
    this.#at = pattern.lastIndex;
    return this.#text.slice(start, this.#at);
  }

  #token(kind: TokenKind, start: number, text: string): Token {
    return { kind, text, span: { start, end: this.#at }, value: 0n };
  }
}

function kindOf(word: string): TokenKind {
  const [first, second = ""] = word;
  if (first === "@") return "map";
  if (first !== "$") return "identifier";
  return second === "#" || (second >= "0" && second <= "9") ? "positional" : "variable";
}
