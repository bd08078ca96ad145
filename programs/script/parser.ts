/** From a script's text to its tree. */

import type {
  AttachPoint,
  ConfigEntry,
  Declaration,
  Expression,
  ProbeNode,
  Script,
} from "./ast.ts";
import { DeclarationParser } from "./declarations.ts";
import { Lexer } from "./lexer.ts";
import { type Definitions, findDefinitions } from "./macros.ts";
import { preprocess } from "./preprocess.ts";
import type { Diagnostics, Source } from "./source.ts";
import { StatementParser } from "./statements.ts";
import { TokenStream } from "./tokens.ts";

const FUNCTION_EXAMPLE = "fn name($a : int64) : int64 { return $a + 1; }";
const MACRO_EXAMPLE = "macro name($variable, @map, expression) { … }";

/** Parses a script; what is wrong with it stands in `diagnostics`, and what could be read is given all the same. */
export function parse(source: Source, diagnostics: Diagnostics): Script {
  const { text, macros } = preprocess(source.text, diagnostics);
  const tokens = new TokenStream(new Lexer(text, diagnostics), macros, diagnostics);
  return new Parser(tokens, findDefinitions(text)).script();
}

class Parser {
  readonly #tokens: TokenStream;
  readonly #declarations: DeclarationParser;
  readonly #statements: StatementParser;
  readonly #definitions: Definitions;

  constructor(tokens: TokenStream, definitions: Definitions) {
    this.#tokens = tokens;
    this.#definitions = definitions;
    this.#declarations = new DeclarationParser(tokens);
    this.#statements = new StatementParser(tokens, this.#declarations, definitions);
  }

  script(): Script {
    const declarations: Declaration[] = [];
    const config: ConfigEntry[] = [];
    const probes: ProbeNode[] = [];
    const tokens = this.#tokens;
    while (tokens.peek().kind !== "end" && !tokens.failed) {
      const { text } = tokens.peek();
      if (this.#declarations.startsHere()) declarations.push(...this.#declarations.declaration());
      else if (text === "config" && /^\s*=/.test(tokens.following())) {
        config.push(...this.#config());
      } else if (text === "fn" && /^\s+\w+\s*\(/.test(tokens.following())) {
        this.#functionDefinition();
      } else if (text === "macro" && /^\s+\w+\s*\(/.test(tokens.following())) {
        this.#macroDefinition();
      } else probes.push(this.#probe());
    }
    return { declarations, config, probes };
  }

  /** A definition is read where the macro is used: here it is only passed over. */
  #macroDefinition(): void {
    const tokens = this.#tokens;
    tokens.take();
    const { text, span } = tokens.take();
    const macro = this.#definitions.macros.get(text);
    if (macro === undefined) {
      return tokens.fail(span, `syntax error in the definition of macro ${text}`, MACRO_EXAMPLE);
    }
    tokens.goTo(macro.body);
    this.#skipBody();
  }

  /** So is that of a function. */
  #functionDefinition(): void {
    const tokens = this.#tokens;
    tokens.take();
    const { text, span } = tokens.take();
    if (!this.#definitions.functions.has(text)) {
      return tokens.fail(span, `syntax error in the definition of fn ${text}`, FUNCTION_EXAMPLE);
    }
    while (!tokens.isAt("{") && tokens.peek().kind !== "end" && !tokens.failed) tokens.take();
    if (tokens.expect("{")) this.#skipBody();
  }

  #skipBody(): void {
    const tokens = this.#tokens;
    for (let depth = 1; depth > 0 && tokens.peek().kind !== "end" && !tokens.failed;) {
      const token = tokens.take();
      if (token.kind !== "punctuation") continue;
      if (token.text === "{") depth++;
      else if (token.text === "}") depth--;
    }
  }

  #config(): ConfigEntry[] {
    const tokens = this.#tokens;
    tokens.take();
    tokens.expect("=");
    tokens.expect("{");
    const entries: ConfigEntry[] = [];
    while (!tokens.isAt("}") && !tokens.failed) {
      const name = tokens.expectKind("identifier", "a name");
      tokens.expect("=");
      const value = tokens.take();
      entries.push({ name: name.text, value: value.text, span: tokens.spanFrom(name.span) });
      if (!tokens.accept(";") && !tokens.accept(",")) break;
    }
    tokens.expect("}");
    tokens.accept(";");
    return entries;
  }

  #probe(): ProbeNode {
    return this.#statements.inProbe(() => this.#probeInScope());
  }

  #probeInScope(): ProbeNode {
    const tokens = this.#tokens;
    const start = tokens.peek().span;
    const attachPoints: AttachPoint[] = [];
    do {
      const { text, span } = tokens.attachPoint();
      if (text === "") {
        tokens.unexpected("a probe, such as BEGIN or tracepoint:sched:sched_switch");
        break;
      }
      attachPoints.push({ text, span });
    } while (tokens.accept(","));
    let predicate: Expression | undefined;
    if (tokens.accept("/")) {
      predicate = tokens.untilSlash(() => this.#statements.expressions.expression());
      tokens.expect("/");
    }
    const body = this.#statements.statements("{ … } or a predicate");
    return { attachPoints, predicate, body, span: tokens.spanFrom(start) };
  }
}
