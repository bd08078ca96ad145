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

const PUNCTUATION = [
  ...["<<=", ">>=", "..."],
  ...["->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "..", "::"],
  ...["+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="],
  ..."+-*/%&|^~!<>=?:;,.(){}[]#".split(""),
];

const SPACE = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const VARIABLE = /\$[A-Za-z_][A-Za-z0-9_]*/y;
const POSITIONAL = /\$(?:\d+|#)/y;
const MAP = /@[A-Za-z0-9_]*/y;
const INTEGER = /0[xX][0-9a-fA-F_]+|\d[\d_]*(?:e\d+)?/y;
const SUFFIX = /[uUlL]+/y;
const DURATION = /(?:ns|us|ms|s|m|h|d)\b/y;
const NANOSECONDS: Readonly<Record<string, bigint>> = {
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
    const quote = this.#text[start] === '"';
    if (quote) return this.#string();
    const positional = this.#match(POSITIONAL);
    if (positional !== undefined) return this.#token("positional", start, positional);
    const variable = this.#match(VARIABLE);
    if (variable !== undefined) return this.#token("variable", start, variable);
    const map = this.#match(MAP);
    if (map !== undefined) return this.#token("map", start, map);
    const identifier = this.#match(IDENTIFIER);
    if (identifier !== undefined) return this.#token("identifier", start, identifier);
    const integer = this.#match(INTEGER);
    if (integer !== undefined) return this.#integer(start, integer);
    const punctuation = PUNCTUATION.find((each) => this.#text.startsWith(each, start));
    if (punctuation !== undefined) {
      this.#at += punctuation.length;
      return this.#token("punctuation", start, punctuation);
    }
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
    let inQuotes = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === '"') inQuotes = !inQuotes;
      else if (!inQuotes && (/[\s,{;}]/.test(char) || this.#beginsPredicate(char))) break;
    }
    return this.#token("identifier", start, this.#text.slice(start, this.#at));
  }

  /** A slash inside of a path has a colon behind it: `uprobe:/bin/bash:readline`. */
  #beginsPredicate(char: string): boolean {
    return char === "/" && !/^\/[^\s,{:]*:[^:]/.test(this.#text.slice(this.#at, this.#at + 4096));
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
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text !== undefined) this.#at += text.length;
    return text;
  }

  #token(kind: TokenKind, start: number, text: string): Token {
    return { kind, text, span: { start, end: this.#at }, value: 0n };
  }
}
