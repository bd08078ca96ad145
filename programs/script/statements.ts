/** Statements, and which variables their blocks declare. */

import type { BinaryOperator, DoNode, Statement, VariableNode } from "./ast.ts";
import type { DeclarationParser } from "./declarations.ts";
import { ExpressionParser } from "./expressions.ts";
import type { Token } from "./lexer.ts";
import type { Macro } from "./macros.ts";
import { Scopes } from "./scopes.ts";
import type { TokenStream } from "./tokens.ts";

const ASSIGNMENTS: ReadonlyMap<string, BinaryOperator | undefined> = new Map([
  ["=", undefined],
  ...(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"] as const)
    .map((operator) => [`${operator}=`, operator] as const),
]);

/** Reads statements. */
export class StatementParser {
  /** Reads what stands in statements, and in predicates. */
  readonly expressions: ExpressionParser;
  readonly #tokens: TokenStream;
  readonly #declarations: DeclarationParser;
  readonly #scopes = new Scopes();

  constructor(
    tokens: TokenStream,
    declarations: DeclarationParser,
    macros: ReadonlyMap<string, Macro>,
  ) {
    this.#tokens = tokens;
    this.#declarations = declarations;
    const untilBrace = () => this.#untilBrace();
    const scopes = this.#scopes;
    this.expressions = new ExpressionParser({ tokens, declarations, scopes, macros, untilBrace });
  }

  /** Does what belongs to one probe: its variables are its own. */
  inProbe<T>(read: () => T): T {
    return this.#scopes.within(read);
  }

  #block(): Statement[] {
    return this.#scopes.within(() => this.statements());
  }

  /** Statements between braces; `what` says in words what is missing where there are none. */
  statements(what = "{"): Statement[] {
    const tokens = this.#tokens;
    return tokens.expect("{", what) ? this.#untilBrace() : [];
  }

  #untilBrace(): Statement[] {
    const tokens = this.#tokens;
    const statements: Statement[] = [];
    while (!tokens.isAt("}") && tokens.peek().kind !== "end" && !tokens.failed) {
      if (tokens.accept(";")) continue;
      statements.push(this.#statement());
    }
    tokens.expect("}");
    return statements;
  }

  #statement(): Statement {
    const tokens = this.#tokens;
    const start = tokens.peek().span;
    const done = <S extends object>(statement: S) => ({
      ...statement,
      span: tokens.spanFrom(start),
    });
    switch (tokens.peek().kind === "identifier" ? tokens.peek().text : "") {
      case "if":
        return this.#if();
      case "while": {
        tokens.take();
        const condition = this.expressions.inBrackets();
        return done({ kind: "while" as const, condition, body: this.#block() });
      }
      case "for":
        return this.#for();
      case "unroll": {
        tokens.take();
        const count = this.expressions.inBrackets();
        return done({ kind: "unroll" as const, count, body: this.#block() });
      }
      case "break":
      case "continue":
      case "return": {
        const { text } = tokens.take();
        const statement = done({ kind: text as "break" | "continue" | "return" });
        this.#endOfStatement();
        return statement;
      }
      case "let":
        return this.#let();
    }
    if (tokens.isAt("{")) return done({ kind: "block" as const, body: this.#block() });
    return this.#simpleStatement();
  }

  #if(): Statement {
    const tokens = this.#tokens;
    const { span } = tokens.take();
    const condition = this.expressions.inBrackets();
    const then = this.#block();
    let otherwise: Statement[] = [];
    if (tokens.acceptWord("else")) {
      otherwise = tokens.peek().text === "if" ? [this.#if()] : this.#block();
    }
    return { kind: "if", condition, then, otherwise, span: tokens.spanFrom(span) };
  }

  #for(): Statement {
    return this.#scopes.within(() => this.#forInScope());
  }

  #forInScope(): Statement {
    const tokens = this.#tokens;
    const { span } = tokens.take();
    tokens.expect("(");
    const declared = tokens.expectKind("variable", "a variable");
    tokens.expect(":");
    const start = this.expressions.expression();
    if (start.kind === "map" && start.keys.length === 0 && tokens.accept(")")) {
      const variable = this.#declare(declared);
      const body = this.#block();
      return { kind: "each", variable, map: start, body, span: tokens.spanFrom(span) };
    }
    tokens.expect("..", "..");
    const end = this.expressions.expression();
    tokens.expect(")");
    const variable = this.#declare(declared);
    const body = this.#block();
    return { kind: "range", variable, start, end, body, span: tokens.spanFrom(span) };
  }

  #let(): Statement {
    const tokens = this.#tokens;
    const { span } = tokens.take();
    const declared = tokens.expectKind("variable", "a variable");
    const type = tokens.accept(":") ? this.#declarations.typeName() : undefined;
    const value = tokens.accept("=") ? this.expressions.expression() : undefined;
    const variable = this.#declare(declared);
    const statement = { kind: "let" as const, variable, type, value, span: tokens.spanFrom(span) };
    this.#endOfStatement();
    return statement;
  }

  #declare({ text, span }: Token): VariableNode {
    const name = this.#scopes.declare(text);
    if (name === undefined) {
      const message = `Variable ${text} was already declared. Variable shadowing is not allowed.`;
      this.#tokens.fail(span, message);
    }
    return { kind: "variable", name: name ?? text, span };
  }

  #simpleStatement(): Statement {
    const tokens = this.#tokens;
    const expression = this.expressions.expression();
    const { text, kind } = tokens.peek();
    const span = tokens.spanFrom(expression.span);
    if (expression.kind === "do") {
      this.#endOfStatement();
      return { kind: "block", body: statementsOf(expression), span };
    }
    if (kind === "punctuation" && ASSIGNMENTS.has(text)) {
      const operator = ASSIGNMENTS.get(text);
      const target = this.expressions.target(expression);
      tokens.take();
      const value = this.expressions.expression();
      this.#endOfStatement();
      return { kind: "assign", target, operator, value, span: { ...span, end: value.span.end } };
    }
    this.#endOfStatement();
    return { kind: "expression", expression, span };
  }

  /** The last statement of a block needs no semicolon. */
  #endOfStatement(): void {
    const tokens = this.#tokens;
    if (tokens.isAt("}")) return;
    tokens.expect(";", "; or }");
  }
}

/** A macro as a statement of its own. */
function statementsOf({ body, value }: DoNode): readonly Statement[] {
  return value === undefined
    ? body
    : [...body, { kind: "expression", expression: value, span: value.span }];
}
