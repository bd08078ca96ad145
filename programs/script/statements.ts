/** Statements, and which variables their blocks declare. */

import type {
  BinaryOperator,
  DoNode,
  EachStatement,
  Expression,
  RangeStatement,
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
import { integerOf } from "./type_words.ts";

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
  readonly type: TypeName | undefined;
  /** The loops of its body that are being read: `true` for those whose body may become a function that the kernel calls. */
  readonly loops: boolean[];
  /** Says behind such a loop that the function has returned in it. */
  readonly returned: VariableNode;
  /** How many times it returns in such loops. */
  returns: number;
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
    const { called: { name }, result, type } = calling;
    const isEmpty = tokens.isAt(";") || tokens.isAt("}");
    const value = isEmpty ? undefined : this.expressions.expression();
    const span = tokens.spanFrom(start);
    if (isEmpty !== (result === undefined)) {
      tokens.fail(span, `${name}() ${isEmpty ? "has to return a value" : "returns nothing"}`);
    }
    this.#endOfStatement();
    const set = (target: VariableNode, value: Expression): Statement => ({
      ...{ kind: "assign", target, operator: undefined, value, span },
    });
    const body: Statement[] = [];
    if (value !== undefined && result !== undefined) body.push(set(result, converted(value, type)));
    if (calling.loops.includes(true)) {
      calling.returns++;
      body.push(set(calling.returned, numberNode(1n, span)));
    }
    return { kind: "block", body: [...body, leaving(calling, span)], span };
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
      value: args[i] && converted(args[i]!, type),
    }));
    const type = tokens.accept(":") ? this.#declarations.typeName() : undefined;
    const isVoid = type === undefined || type.name === "void" && type.pointers === 0;
    const result = isVoid
      ? undefined
      : this.#declare({ ...tokens.peek(), text: `$result of ${called.name}` });
    tokens.expect("{");
    const returned = this.#declare({ ...tokens.peek(), text: `$return from ${called.name}` });
    const calling: Calling = { called, result, type, loops: [], returned, returns: 0 };
    this.#calling.push(calling);
    const body = this.#scopes.within(() => this.#untilBrace());
    this.#calling.pop();
    const clear: Statement[] = [];
    if (result !== undefined) {
      clear.push({ kind: "let", variable: result, type, value: undefined, span });
    }
    if (calling.returns > 0) {
      const value = numberNode(0n, span);
      clear.push({ kind: "let", variable: returned, type: undefined, value, span });
    }
    return {
      kind: "do",
      body: [...declared, ...clear, { kind: "unroll", count: numberNode(1n, span), body, span }],
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
      return this.#leftByReturn(span, (body) => ({ kind: "each", variable, map: start, body }));
    }
    tokens.expect("..", "..");
    const end = this.expressions.expression();
    tokens.expect(")");
    const variable = this.#declare(declared);
    return this.#leftByReturn(span, (body) => ({ kind: "range", variable, start, end, body }));
  }

  /** Reads the body of a loop that may become a function. Where the function around it returns there, it does so behind the loop. */
  #leftByReturn(
    from: Span,
    loopOf: (body: Statement[]) => Omit<EachStatement, "span"> | Omit<RangeStatement, "span">,
  ): Statement {
    const calling = this.#calling.at(-1);
    const before = calling?.returns;
    const body = this.#loop(true);
    const span = this.#tokens.spanFrom(from);
    const loop: Statement = { ...loopOf(body), span };
    if (calling === undefined || calling.returns === before) return loop;
    const then = [leaving(calling, span)];
    const leave: Statement = { kind: "if", condition: calling.returned, then, otherwise: [], span };
    return { kind: "block", body: [loop, leave], span };
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

/** Leaves the function, or the innermost loop from which that goes on behind it. */
function leaving({ loops }: Calling, span: Span): Statement {
  const outermost = loops.lastIndexOf(true);
  const outer = outermost < 0 ? loops.length : loops.length - 1 - outermost;
  return { kind: "break", outer, span };
}

function numberNode(value: bigint, span: Span): Expression {
  return { kind: "integer", value, span };
}

/** A number as one of the type that a function says. */
function converted(value: Expression, type: TypeName | undefined): Expression {
  const isNumber = type !== undefined && type.tag === "" && type.pointers === 0 &&
    type.dimensions.length === 0 && integerOf(type.name) !== undefined;
  return isNumber ? { kind: "cast", type, operand: value, span: value.span } : value;
}

/** A macro as a statement of its own. */
function statementsOf({ body, value }: DoNode): readonly Statement[] {
  return value === undefined
    ? body
    : [...body, { kind: "expression", expression: value, span: value.span }];
}
