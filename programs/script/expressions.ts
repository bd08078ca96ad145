/** Expressions: recursive descent, with C's precedence. */

import {
  type BinaryOperator,
  childrenOf,
  type DoNode,
  type Expression,
  type Statement,
  type Target,
  type TypeName,
  type UnaryOperator,
} from "./ast.ts";
import type { DeclarationParser } from "./declarations.ts";
import type { Definitions, Macro, UserFunction } from "./macros.ts";
import type { Scopes } from "./scopes.ts";
import type { Span } from "./source.ts";
import type { Expected, TokenStream } from "./tokens.ts";

/** From the loosest to the tightest. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", "<=", ">", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];
/** How tight each operator is. */
const TIGHTNESS: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, level) => operators.map((operator) => [operator, level] as const)),
);

/** The words of C that stand where a name cannot. */
const KEYWORDS: readonly string[] = [
  ...["if", "else", "while", "for", "unroll", "return", "break", "continue", "let", "sizeof"],
  ...["offsetof", "struct", "union", "enum"],
];

/** A macro that is being read, and what stands for its parameters. */
interface Expansion {
  /** None inside of a function. */
  readonly macro: Macro | undefined;
  readonly maps: Map<string, string>;
  readonly expressions: Map<string, Expression>;
}

const MOST_EXPRESSIONS = 100_000;

/** What expressions are read with. */
export interface ExpressionContext {
  readonly tokens: TokenStream;
  readonly declarations: DeclarationParser;
  readonly scopes: Scopes;
  readonly definitions: Definitions;
  /** Reads a function with what it is given here. */
  readonly inline: (called: UserFunction, args: readonly Expression[], span: Span) => DoNode;
  /** Reads statements up to the brace that ends them, and that: the body of a macro. */
  readonly untilBrace: () => Statement[];
}

/** Reads expressions. */
export class ExpressionParser {
  readonly #tokens: TokenStream;
  readonly #declarations: DeclarationParser;
  readonly #scopes: Scopes;
  readonly #definitions: Definitions;
  readonly #inline: ExpressionContext["inline"];
  readonly #untilBrace: () => Statement[];
  /** The macros that are being read, the innermost last, and what they were given. */
  readonly #expanding: Expansion[] = [];
  readonly #sizes = new WeakMap<Expression, number>();

  constructor(
    { tokens, declarations, scopes, definitions, inline, untilBrace }: ExpressionContext,
  ) {
    this.#tokens = tokens;
    this.#declarations = declarations;
    this.#scopes = scopes;
    this.#definitions = definitions;
    this.#inline = inline;
    this.#untilBrace = untilBrace;
  }

  /** What can be assigned to; anything else is noted. */
  target(expression: Expression): Target {
    if (expression.kind === "variable" || expression.kind === "map") return expression;
    this.#tokens.fail(
      expression.span,
      "only variables and maps can be assigned to",
      "A variable is like $x, a map like @x[key]",
    );
    return { kind: "variable", name: "$", span: expression.span };
  }

  /** An expression between brackets. */
  inBrackets(): Expression {
    const tokens = this.#tokens;
    tokens.expect("(");
    const expression = tokens.withSlash(() => this.expression());
    tokens.expect(")");
    return expression;
  }

  /** An expression. */
  expression(): Expression {
    return this.#tokens.nested(() => this.#ternary());
  }

  #ternary(): Expression {
    const tokens = this.#tokens;
    const condition = this.#binary(0);
    if (!tokens.accept("?")) return condition;
    const yes = this.#ternary();
    tokens.expect(":");
    const no = this.#ternary();
    return { kind: "ternary", condition, yes, no, span: tokens.spanFrom(condition.span) };
  }

  /** An operand, and the operators behind it that are at least so tight. */
  #binary(loosest: number): Expression {
    const tokens = this.#tokens;
    let left = this.#unary();
    for (;;) {
      const { text } = tokens.peek();
      const level = TIGHTNESS.get(text);
      if (level === undefined || level < loosest || !tokens.isOperator(text)) return left;
      tokens.take();
      const right = this.#binary(level + 1);
      const operator = text as BinaryOperator;
      left = { kind: "binary", operator, left, right, span: tokens.spanFrom(left.span) };
    }
  }

  #unary(): Expression {
    const tokens = this.#tokens;
    const { text, span, kind } = tokens.peek();
    if (kind === "punctuation") {
      if (text === "++" || text === "--") {
        tokens.take();
        const target = this.target(this.#unary());
        return {
          kind: "step",
          by: text === "++" ? 1 : -1,
          postfix: false,
          target,
          span: tokens.spanFrom(span),
        };
      }
      if (["-", "!", "~", "*", "&"].includes(text)) {
        tokens.take();
        const operand = tokens.nested(() => this.#unary());
        const operator = text as UnaryOperator;
        return { kind: "unary", operator, operand, span: tokens.spanFrom(span) };
      }
      if (text === "(") {
        const type = this.#castType();
        if (type !== undefined) {
          const operand = tokens.nested(() => this.#unary());
          return { kind: "cast", type, operand, span: tokens.spanFrom(span) };
        }
      }
    }
    return this.#postfix(this.#primary());
  }

  /** The type of a cast, if one stands here; else nothing is read. */
  #castType(): TypeName | undefined {
    const tokens = this.#tokens;
    const mark = tokens.mark();
    tokens.take();
    if (this.#declarations.typeStartsHere() || this.#isPointerToName()) {
      const type = this.#declarations.typeName();
      if (tokens.accept(")")) return type;
    }
    tokens.reset(mark);
    return undefined;
  }

  /** `name *)` can be nothing but a type. */
  #isPointerToName(): boolean {
    return this.#tokens.peek().kind === "identifier" &&
      /^\s*\*[\s*]*\)/.test(this.#tokens.following());
  }

  #postfix(start: Expression): Expression {
    const tokens = this.#tokens;
    let object = start;
    for (;;) {
      const { text, kind } = tokens.peek();
      if (kind !== "punctuation") return object;
      if (text === "." || text === "->") {
        tokens.take();
        const name = tokens.take();
        if (name.kind !== "identifier" && name.kind !== "integer") {
          tokens.fail(name.span, "the name of a field is missing");
        }
        object = {
          kind: "field",
          object,
          name: name.text,
          nameSpan: name.span,
          arrow: text === "->",
          span: tokens.spanFrom(start.span),
        };
      } else if (text === "[") {
        tokens.take();
        const index = tokens.withSlash(() => this.expression());
        tokens.expect("]");
        object = { kind: "index", object, index, span: tokens.spanFrom(start.span) };
      } else if (text === "++" || text === "--") {
        tokens.take();
        object = {
          kind: "step",
          by: text === "++" ? 1 : -1,
          postfix: true,
          target: this.target(object),
          span: tokens.spanFrom(start.span),
        };
      } else return object;
    }
  }

  #primary(): Expression {
    const tokens = this.#tokens;
    const token = tokens.take();
    const { kind, text, span, value } = token;
    switch (kind) {
      case "integer":
        return { kind: "integer", value, span };
      case "string":
        return { kind: "string", value: text, span };
      case "variable":
        return { kind: "variable", name: this.#scopes.resolve(text), span };
      case "positional":
        return { kind: "positional", index: text === "$#" ? 0 : Number(text.slice(1)), span };
      case "map": {
        const keys = tokens.accept("[") ? this.#list("]") : [];
        const name = this.#expanding.at(-1)?.maps.get(text) ?? text;
        return { kind: "map", name, keys, span: tokens.spanFrom(span) };
      }
      case "identifier":
        return this.#named(text, span);
      case "punctuation":
        if (text === "(") return this.#brackets(span);
    }
    tokens.unexpectedToken(token, "an expression");
    return { kind: "integer", value: 0n, span };
  }

  #named(name: string, span: Span): Expression {
    const tokens = this.#tokens;
    if (name === "sizeof") return this.#sizeof(span);
    if (name === "offsetof") return this.#offsetof(span);
    if (KEYWORDS.includes(name)) {
      tokens.fail(span, `syntax error, unexpected ${name}, expecting an expression`);
    }
    const given = this.#expanding.at(-1)?.expressions.get(name);
    if (given !== undefined) return given;
    if (!tokens.accept("(")) return { kind: "identifier", name, span };
    const written = this.#list(")");
    const macro = this.#definitions.macros.get(name);
    if (macro !== undefined) return this.#expand(macro, written, tokens.spanFrom(span));
    const called = this.#definitions.functions.get(name);
    if (called !== undefined) {
      const whole = tokens.spanFrom(span);
      return this.#bounded(`Function ${name}`, this.#inline(called, written, whole));
    }
    const args = name === "delete" || name === "has_key" ? oneEntry(written) : written;
    return { kind: "call", name, nameSpan: span, args, span: tokens.spanFrom(span) };
  }

  /** Reads the body of a macro with what it is given here. */
  #expand(macro: Macro, args: readonly Expression[], span: Span): Expression {
    const tokens = this.#tokens;
    const { name, parameters, body: start } = macro;
    const problem = this.#expanding.some((each) => each.macro === macro)
      ? `Recursive macro: ${name}`
      : problemOf(macro, args);
    if (problem !== undefined) {
      tokens.fail(span, problem);
      return { kind: "integer", value: 0n, span };
    }
    const expansion: Expansion = { macro, maps: new Map(), expressions: new Map() };
    const variables = new Map<string, string>();
    parameters.forEach(({ kind, name }, i) => {
      const arg = args[i]!;
      if (kind === "variable" && arg.kind === "variable") variables.set(name, arg.name);
      else if (kind === "map" && arg.kind === "map") expansion.maps.set(name, arg.name);
      else expansion.expressions.set(name, arg);
    });
    const mark = tokens.mark();
    tokens.goTo(start);
    this.#expanding.push(expansion);
    const body = this.#scopes.isolated(variables, () => this.#untilBrace());
    this.#expanding.pop();
    tokens.reset(mark);
    const last = body.at(-1);
    const result: DoNode = last?.kind === "expression"
      ? { kind: "do", body: body.slice(0, -1), value: last.expression, span }
      : { kind: "do", body, value: undefined, span };
    return this.#bounded(`Macro ${name}`, result);
  }

  /** Does what belongs to a function: it knows nothing of the macro that calls it. */
  outsideOfMacros<T>(read: () => T): T {
    this.#expanding.push({ macro: undefined, maps: new Map(), expressions: new Map() });
    const result = read();
    this.#expanding.pop();
    return result;
  }

  #bounded(what: string, node: DoNode): DoNode {
    if (this.#sizeOf(node) > MOST_EXPRESSIONS) {
      this.#tokens.fail(node.span, `${what} becomes more than ${MOST_EXPRESSIONS} expressions`);
    }
    return node;
  }

  /** How many expressions an expression is. What a macro was given counts wherever it stands, but is looked at once. */
  #sizeOf(node: Expression): number {
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    const size = childrenOf(node).reduce((sum, child) => sum + this.#sizeOf(child), 1);
    this.#sizes.set(node, size);
    return size;
  }

  #sizeof(span: Span): Expression {
    const tokens = this.#tokens;
    tokens.expect("(");
    const of = this.#declarations.typeStartsHere()
      ? this.#declarations.typeName()
      : tokens.withSlash(() => this.expression());
    tokens.expect(")");
    return { kind: "sizeof", of, span: tokens.spanFrom(span) };
  }

  #offsetof(span: Span): Expression {
    const tokens = this.#tokens;
    tokens.expect("(");
    const type = this.#declarations.typeName();
    tokens.expect(",");
    let field = tokens.expectKind("identifier", "the name of a field").text;
    while (tokens.accept(".")) field += `.${tokens.take().text}`;
    tokens.expect(")");
    return { kind: "offsetof", type, field, span: tokens.spanFrom(span) };
  }

  /** A bracketed expression, or a tuple. */
  #brackets(span: Span): Expression {
    const tokens = this.#tokens;
    const items: Expression[] = [];
    let commas = 0;
    tokens.withSlash(() => {
      while (!tokens.isAt(")") && !tokens.failed) {
        items.push(this.expression());
        if (!tokens.accept(",")) break;
        commas++;
      }
    });
    tokens.expect(")");
    const [only] = items;
    if (commas === 0 && only !== undefined) return only;
    return { kind: "tuple", items, span: tokens.spanFrom(span) };
  }

  #list(close: Expected): Expression[] {
    const tokens = this.#tokens;
    const items: Expression[] = [];
    tokens.withSlash(() => {
      while (!tokens.isAt(close) && !tokens.failed) {
        items.push(this.expression());
        if (!tokens.accept(",")) break;
      }
    });
    tokens.expect(close);
    return items;
  }
}

/** What is wrong with the arguments of a macro. */
function problemOf({ name, parameters }: Macro, args: readonly Expression[]): string | undefined {
  if (parameters.length !== args.length) {
    return `Call to macro has wrong number arguments: ${name} expects ${parameters.length}, got ${args.length}`;
  }
  const wrong = parameters.findIndex(({ kind }, i) =>
    kind !== "expression" && kind !== args[i]!.kind
  );
  if (wrong < 0) return undefined;
  const { kind, name: parameter } = parameters[wrong]!;
  return `Mismatched arg to macro ${name}: ${parameter} takes a ${kind}`;
}

/** `delete(@x, key)` is `delete(@x[key])`. */
function oneEntry(args: readonly Expression[]): readonly Expression[] {
  const [map, key, ...more] = args;
  if (map?.kind !== "map" || map.keys.length > 0 || key === undefined || more.length > 0) {
    return args;
  }
  return [{ ...map, keys: [key], span: { ...map.span, end: key.span.end } }];
}
