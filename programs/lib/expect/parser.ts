/**
 * From the text of an expectation to its tree.
 *
 *     expectation = or
 *     or          = and { "||" and }
 *     and         = compared { "&&" compared }
 *     compared    = unary [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "=~") unary ]
 *     unary       = "!" unary | "(" or ")" | literal | NAME
 *                 | NAME "(" selection ")" | NAME "[" key "]"
 *     selection   = NAME [ "[" key "]" ] [ "where" or ]
 *     key         = literal { "," literal } | "{" NAME ":" literal { "," NAME ":" literal } "}"
 *     literal     = ["-"] NUMBER | STRING | "true" | "false" | "null"
 */

import type { Compare, Comparison, Entry, Expression, KeyList, Literal, Name } from "./ast.ts";
import type { Call, Selection } from "./ast.ts";
import { ExpectError, type Span } from "./diagnostic.ts";
import { type Token, tokens } from "./lexer.ts";

const COMPARISONS: readonly string[] = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "=~",
] satisfies Comparison[];
const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);
const DEEPEST = 64;

/**
 * Reads an expectation.
 *
 * @throws {ExpectError}
 */
export function parseExpectation(source: string): Expression {
  const parser = new Parser(source);
  return parser.whole(() => parser.or(), "Compare two at a time, with && between");
}

/**
 * Reads what an expectation looks at: `event where comm == "dd"`.
 *
 * @throws {ExpectError}
 */
export function parseSelection(source: string): Selection {
  const parser = new Parser(source);
  return parser.whole(() => parser.selection(), `It should be like event where ${source.trim()}`);
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokens(source);
  }

  /** All of the source must be one such thing; `hint` is for a comparison that follows it. */
  whole<T>(parse: () => T, hint: string): T {
    const parsed = parse();
    const rest = this.#peek();
    if (rest.kind === "end") return parsed;
    const last = this.#tokens[this.#next - 1]!;
    const compared = rest.kind === "operator" && COMPARISONS.includes(rest.text);
    throw this.#mistake(
      `${this.#text(rest)} cannot follow ${this.#text(last)}`,
      rest,
      compared ? hint : undefined,
    );
  }

  or(): Expression {
    return this.#logic("||", () => this.#logic("&&", () => this.#compared()));
  }

  selection(): Selection {
    const name = this.#name("what to look at", "event where …, a field, a map or a histogram");
    const { at } = name;
    const bracket = this.#peek();
    const opened = this.#take("[");
    const key = opened && this.#key();
    const { end } = opened === undefined ? name : this.#expect("]", bracket);
    if (!this.#takeWord("where")) return { name, key, where: undefined, at, end };
    const where = this.or();
    return { name, key, where, at, end: where.end };
  }

  #logic(operator: "&&" | "||", operand: () => Expression): Expression {
    const operands = [operand()];
    while (this.#take(operator) !== undefined) operands.push(operand());
    const [first, last] = [operands[0]!, operands.at(-1)!];
    if (operands.length === 1) return first;
    return { kind: "logic", operator, operands, at: first.at, end: last.end };
  }

  #compared(): Expression {
    const left = this.#unary();
    const token = this.#peek();
    if (token.kind !== "operator" || !COMPARISONS.includes(token.text)) return left;
    this.#next++;
    const right = this.#unary();
    const operator = token.text as Compare["operator"];
    return { kind: "compare", operator, left, right, at: left.at, end: right.end };
  }

  #unary(): Expression {
    const start = this.#peek();
    if (++this.#depth > DEEPEST) throw this.#mistake("this is nested too deeply", start);
    const parsed = this.#unaryInside(start);
    this.#depth--;
    return parsed;
  }

  #unaryInside(start: Token): Expression {
    if (this.#take("!") !== undefined) {
      const operand = this.#unary();
      return { kind: "not", operand, at: start.at, end: operand.end };
    }
    if (this.#take("(") !== undefined) {
      const inner = this.or();
      const { end } = this.#expect(")", start);
      return { ...inner, at: start.at, end };
    }
    return this.#literal() ?? this.#named();
  }

  #named(): Name | Call | Entry {
    const name = this.#name("a value", "a number, a string, a field, or like count(event)");
    const bracket = this.#peek();
    if (this.#take("(") !== undefined) {
      const selection = this.selection();
      const { end } = this.#expect(")", bracket);
      return { kind: "call", function: name, selection, at: name.at, end };
    }
    if (this.#take("[") !== undefined) {
      const key = this.#key();
      const { end } = this.#expect("]", bracket);
      return { kind: "entry", map: name, key, at: name.at, end };
    }
    return name;
  }

  #key(): Entry["key"] {
    const start = this.#take("{");
    if (start === undefined) return this.#keyValues();
    const fields: { name: Name; value: Literal }[] = [];
    do {
      const name = this.#name("a field of the key", '{c: "gimlet"}');
      this.#expect(":");
      fields.push({ name, value: this.#keyLiteral() });
    } while (this.#take(",") !== undefined);
    const { end } = this.#expect("}", start);
    return { kind: "fields", fields, at: start.at, end };
  }

  #keyValues(): Literal | KeyList {
    const values = [this.#keyLiteral()];
    while (this.#take(",") !== undefined) values.push(this.#keyLiteral());
    const [first, last] = [values[0]!, values.at(-1)!];
    return values.length === 1 ? first : { kind: "list", values, at: first.at, end: last.end };
  }

  #keyLiteral(): Literal {
    const literal = this.#literal();
    if (literal !== undefined) return literal;
    const token = this.#peek();
    throw this.#mistake(
      `${this.#text(token)} is no key`,
      token,
      'It should be like counts["dd"], counts[42] or counts[{pid: 42}]',
    );
  }

  #literal(): Literal | undefined {
    const token = this.#peek();
    const minus = this.#take("-");
    const number = this.#peek();
    if (number.kind === "number") {
      this.#next++;
      const value = minus === undefined ? number.value : -number.value;
      return { kind: "literal", value, unit: number.unit, at: token.at, end: number.end };
    }
    if (minus !== undefined) throw this.#mistake("a number is missing behind -", minus);
    if (token.kind === "string") {
      this.#next++;
      return { kind: "literal", value: token.value, unit: undefined, ...span(token) };
    }
    const value = token.kind === "name" ? WORDS.get(token.text) : undefined;
    if (value === undefined) return undefined;
    this.#next++;
    return { kind: "literal", value, unit: undefined, ...span(token) };
  }

  #name(what: string, example: string): Name {
    const token = this.#peek();
    if (token.kind !== "name") {
      throw this.#mistake(
        `${what} is missing${token.kind === "end" ? "" : ` before ${this.#text(token)}`}`,
        token,
        `It should be ${example}`,
      );
    }
    this.#next++;
    return { kind: "name", name: token.text, ...span(token) };
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]!;
  }

  #take(operator: string): Token | undefined {
    const token = this.#peek();
    if (token.kind !== "operator" || token.text !== operator) return undefined;
    this.#next++;
    return token;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token.kind !== "name" || token.text !== word) return false;
    this.#next++;
    return true;
  }

  #expect(operator: string, opened?: Token): Token {
    const token = this.#take(operator);
    if (token !== undefined) return token;
    const found = this.#peek();
    const where = found.kind === "end" ? "at the end" : `before ${this.#text(found)}`;
    const hint = opened === undefined
      ? undefined
      : `It should close the ${this.#text(opened)} at column ${opened.at + 1}`;
    throw this.#mistake(`${operator} is missing ${where}`, found, hint);
  }

  #text({ at, end }: Span): string {
    return at === end ? "the end" : this.#source.slice(at, end);
  }

  #mistake(problem: string, { at, end }: Span, hint = ""): ExpectError {
    return new ExpectError(this.#source, { problem, span: { at, end }, hint });
  }
}

function span({ at, end }: Span): Span {
  return { at, end };
}
