/** Tokens with a look ahead, and the first mistake in their order: behind it nothing can be understood. */

import { Lexer, type Token, type TokenKind } from "./lexer.ts";
import { Diagnostics, type Span } from "./source.ts";

/** A sign that is looked for. */
export type Expected = string;

const DEEPEST = 200;

/** A place to come back to. */
export interface Mark {
  readonly offset: number;
  readonly token: Token | undefined;
  readonly pending: readonly Token[];
  readonly end: number;
}

/** Reads the tokens of a script; the names that `#define` gave are replaced. */
export class TokenStream {
  readonly #lexer: Lexer;
  readonly #macros: ReadonlyMap<string, string>;
  readonly #diagnostics: Diagnostics;
  #next: Token | undefined;
  #pending: Token[] = [];
  #end = 0;
  #failed = false;
  #depth = 0;
  #slashEnds = false;

  constructor(lexer: Lexer, macros: ReadonlyMap<string, string>, diagnostics: Diagnostics) {
    this.#lexer = lexer;
    this.#macros = macros;
    this.#diagnostics = diagnostics;
  }

  /** Whether there was a mistake: what is read from now on is not worth a diagnostic. */
  get failed(): boolean {
    return this.#failed;
  }

  /** The next token; it stays the next one. */
  peek(): Token {
    return this.#next ??= this.#read();
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.peek();
    this.#next = undefined;
    this.#end = token.span.end;
    return token;
  }

  /** The text behind the next token, for a look further ahead: a few words. */
  following(): string {
    return this.#lexer.rest(this.peek().span.end);
  }

  isAt(sign: Expected): boolean {
    const { kind, text } = this.peek();
    return kind === "punctuation" && text === sign;
  }

  /** Whether a binary operator comes next: the slash that ends a predicate is none. */
  isOperator(sign: string): boolean {
    return this.isAt(sign) && !(sign === "/" && this.#slashEnds && this.#endsPredicate());
  }

  #endsPredicate(): boolean {
    return /^(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*\{/.test(this.following());
  }

  accept(sign: Expected): boolean {
    if (!this.isAt(sign)) return false;
    this.take();
    return true;
  }

  acceptWord(word: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== "identifier" || text !== word) return false;
    this.take();
    return true;
  }

  /** Takes a sign that must be there; `what` says in words what it is. */
  expect(sign: Expected, what = sign): boolean {
    if (this.accept(sign)) return true;
    this.unexpected(what);
    return false;
  }

  expectKind(kind: TokenKind, what: string): Token {
    const token = this.take();
    if (token.kind !== kind) this.unexpectedToken(token, what);
    return token;
  }

  /** Reads the name of a probe. */
  attachPoint(): Token {
    if (this.#next !== undefined) this.#lexer.offset = this.#next.span.start;
    this.#next = undefined;
    this.#pending = [];
    const token = this.#lexer.attachPoint();
    this.#end = token.span.end;
    return token;
  }

  /** Reads a predicate: a slash before a brace ends it. */
  untilSlash<T>(read: () => T): T {
    return this.#withSlashMode(true, read);
  }

  /** Reads what stands between brackets, where a slash divides. */
  withSlash<T>(read: () => T): T {
    return this.#withSlashMode(false, read);
  }

  #withSlashMode<T>(ends: boolean, read: () => T): T {
    const before = this.#slashEnds;
    this.#slashEnds = ends;
    const result = read();
    this.#slashEnds = before;
    return result;
  }

  /** Reads something that may hold itself, but not without end. */
  nested<T>(read: () => T): T {
    if (++this.#depth > DEEPEST && !this.#failed) {
      this.fail(this.peek().span, `this is nested too deeply: at most ${DEEPEST} levels`);
    }
    if (this.#failed) this.#skipAll();
    const result = read();
    this.#depth--;
    return result;
  }

  mark(): Mark {
    const { offset } = this.#lexer;
    return { offset, token: this.#next, pending: [...this.#pending], end: this.#end };
  }

  reset({ offset, token, pending, end }: Mark): void {
    this.#lexer.offset = offset;
    this.#next = token;
    this.#pending = [...pending];
    this.#end = end;
  }

  /** Goes on reading somewhere else; {@linkcode reset} comes back. */
  goTo(offset: number): void {
    this.reset({ offset, token: undefined, pending: [], end: offset });
  }

  spanFrom({ start }: Span): Span {
    return { start, end: Math.max(this.#end, start) };
  }

  unexpected(expected: string): void {
    this.unexpectedToken(this.peek(), expected);
  }

  unexpectedToken({ kind, text, span }: Token, expected: string): void {
    const what = kind === "end" ? "end of file" : text;
    // A string or comment without an end swallows all that would come.
    if (kind === "end" && this.#diagnostics.hasErrors) return this.#stop();
    this.fail(span, `syntax error, unexpected ${what}, expecting ${expected}`);
  }

  unsupported(what: string): void {
    if (!this.#failed) this.#diagnostics.unsupported(this.peek().span, what);
    this.#stop();
  }

  /** Notes a mistake, behind which nothing is read. */
  fail(span: Span, message: string, hint = ""): void {
    if (!this.#failed) this.#diagnostics.error(span, message, hint);
    this.#stop();
  }

  #stop(): void {
    this.#failed = true;
    this.#skipAll();
  }

  #skipAll(): void {
    this.#next = undefined;
    this.#pending = [];
    this.#lexer.skipAll();
  }

  #read(): Token {
    const token = this.#pending.shift() ?? this.#lexer.next();
    const replacement = token.kind === "identifier" ? this.#macros.get(token.text) : undefined;
    if (replacement === undefined || token.replaced === true) return token;
    this.#pending = [...this.#expansion(replacement, token.span), ...this.#pending];
    return this.#read();
  }

  /** The tokens of a replacement, all at the place of the name. A name in its own replacement stays as it is. */
  #expansion(replacement: string, span: Span): Token[] {
    const lexer = new Lexer(replacement, new Diagnostics());
    const tokens: Token[] = [];
    for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
      const known = token.kind === "identifier" && this.#macros.get(token.text) === replacement;
      tokens.push({ ...token, span, replaced: known });
    }
    return tokens;
  }
}
