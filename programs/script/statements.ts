/** Statements, and which variables their blocks declare. */

import type {
  BinaryOperator,
  DoNode,
  Expression,
  Statement,
  TypeName,
  VariableNode,
} from "./ast.ts";
import type { DeclarationParser } from "./declarations.ts";
import { ExpressionParser } from "./expressions.ts";
import type { Token } from "./lexer.ts";
import type { Definitions, UserFunction } from "./macros.ts";
import { Scopes } from "./scopes.ts";
import type { Span } from "./source.ts";
import type { TokenStream } from "./tokens.ts";

const ASSIGNMENTS: ReadonlyMap<string, BinaryOperator | undefined> = new Map([
  ["=", undefined],
  ...(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"] as const)
    .map((operator) => [`${operator}=`, operator] as const),
]);

/** A function whose body is being read. */
interface Calling {
  readonly called: UserFunction;
  /** What it gives back; `undefined` where that is nothing. */
  readonly result: VariableNode | undefined;
  /** The loops of its body that are being read: `true` for those whose body may become a function of the kernel's. */
  readonly loops: boolean[];
}

/** Reads statements. */
export class StatementParser {
  /** Reads what stands in statements, and in predicates. */
  readonly expressions: ExpressionParser;
  readonly #tokens: TokenStream;
  readonly #declarations: DeclarationParser;
  readonly #scopes = new Scopes();
  readonly #calling: Calling[] = [];

  constructor(
    tokens: TokenStream,
    declarations: DeclarationParser,
    definitions: Definitions,
  ) {
    this.#tokens = tokens;
    this.#declarations = declarations;
    const untilBrace = () => this.#untilBrace();
    this.expressions = new ExpressionParser({
      ...{ tokens, declarations, definitions, untilBrace },
      scopes: this.#scopes,
      inline: (called, args, span) => this.#inline(called, args, span),
    });
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
        return done({ kind: "while" as const, condition, body: this.#loop() });
      }
      case "for":
        return this.#for();
      case "unroll": {
        tokens.take();
        const count = this.expressions.inBrackets();
        return done({ kind: "unroll" as const, count, body: this.#loop() });
      }
      case "break":
      case "continue": {
        const { text } = tokens.take();
        const statement = done({ kind: text as "break" | "continue" });
        this.#endOfStatement();
        return statement;
      }
      case "return":
        return this.#return();
      case "let":
        return this.#let();
    }
    if (tokens.isAt("{")) return done({ kind: "block" as const, body: this.#block() });
    return this.#simpleStatement();
  }

  /** The body of a loop; `becomesFunction` where it may become one of its own. */
  #loop(becomesFunction = false): Statement[] {
    const loops = this.#calling.at(-1)?.loops;
    loops?.push(becomesFunction);
    const body = this.#block();
    loops?.pop();
    return body;
  }

  /** Of a probe, or of the function that is being read: that goes on behind its body, wherever it stands. */
  #return(): Statement {
    const tokens = this.#tokens;
    const { span: start } = tokens.take();
    const calling = this.#calling.at(-1);
    if (calling === undefined) {
      const statement = { kind: "return" as const, span: start };
      this.#endOfStatement();
      return statement;
    }
    const { called: { name }, result, loops } = calling;
    const isEmpty = tokens.isAt(";") || tokens.isAt("}");
    const value = isEmpty ? undefined : this.expressions.expression();
    const span = tokens.spanFrom(start);
    if (isEmpty !== (result === undefined)) {
      tokens.fail(span, `${name}() ${isEmpty ? "has to return a value" : "returns nothing"}`);
    }
    if (loops.includes(true)) tokens.unsupported("return in a for loop of a function");
    this.#endOfStatement();
    const leave: Statement = { kind: "break", outer: loops.length, span };
    if (value === undefined || result === undefined) return leave;
    const set: Statement = { kind: "assign", target: result, operator: undefined, value, span };
    return { kind: "block", body: [set, leave], span };
  }

  /** Reads a function with what it is given here, as a loop of one round that `return` leaves. */
  #inline(called: UserFunction, args: readonly Expression[], span: Span): DoNode {
    const tokens = this.#tokens;
    if (this.#calling.some((each) => each.called === called)) {
      tokens.fail(span, `Recursive function: ${called.name}`);
      return { kind: "do", body: [], value: undefined, span };
    }
    const mark = tokens.mark();
    tokens.goTo(called.parameters);
    const node = this.#scopes.isolated(
      new Map(),
      () => this.expressions.outsideOfMacros(() => this.#inlined(called, args, span)),
    );
    tokens.reset(mark);
    return node;
  }

  #inlined(called: UserFunction, args: readonly Expression[], span: Span): DoNode {
    const tokens = this.#tokens;
    const parameters = this.#parameters();
    if (parameters.length !== args.length) {
      const count = `${parameters.length} argument${parameters.length === 1 ? "" : "s"}`;
      tokens.fail(span, `${called.name}() takes ${count} (${args.length} provided)`);
    }
    const declared = parameters.map(({ variable, type }, i): Statement => ({
      kind: "let",
      ...{ variable, type, span },
      value: args[i],
    }));
    const type = tokens.accept(":") ? this.#declarations.typeName() : undefined;
    const isVoid = type === undefined || type.name === "void" && type.pointers === 0;
    const result = isVoid
      ? undefined
      : this.#declare({ ...tokens.peek(), text: `$result of ${called.name}` });
    tokens.expect("{");
    this.#calling.push({ called, result, loops: [] });
    const body = this.#scopes.within(() => this.#untilBrace());
    this.#calling.pop();
    const once: Expression = { kind: "integer", value: 1n, span };
    const clear: Statement[] = result === undefined
      ? []
      : [{ kind: "let", variable: result, type, value: undefined, span }];
    return {
      kind: "do",
      body: [...declared, ...clear, { kind: "unroll", count: once, body, span }],
      value: result,
      span,
    };
  }

  #parameters(): { readonly variable: VariableNode; readonly type: TypeName }[] {
    const tokens = this.#tokens;
    const parameters: { variable: VariableNode; type: TypeName }[] = [];
    while (!tokens.isAt(")") && !tokens.failed) {
      const variable = this.#declare(tokens.expectKind("variable", "a variable"));
      tokens.expect(":");
      parameters.push({ variable, type: this.#declarations.typeName() });
      if (!tokens.accept(",")) break;
    }
    tokens.expect(")");
    return parameters;
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
      const body = this.#loop(true);
      return { kind: "each", variable, map: start, body, span: tokens.spanFrom(span) };
    }
    tokens.expect("..", "..");
    const end = this.expressions.expression();
    tokens.expect(")");
    const variable = this.#declare(declared);
    const body = this.#loop(true);
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
    // Where it stands last, and without a semicolon, it may be the value of a macro.
    const isLast = expression.kind === "do" && expression.value !== undefined && tokens.isAt("}");
    if (expression.kind === "do" && !isLast) {
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
