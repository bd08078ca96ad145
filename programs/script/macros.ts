/** `macro name($variable, @map, expression) { … }`, `fn name($variable : type) : type { … }`: where they are defined. */

import { Lexer, type Token } from "./lexer.ts";
import { Diagnostics } from "./source.ts";

/** What a macro takes: a variable or a map, which it may change, or an expression. */
export interface MacroParameter {
  readonly kind: "variable" | "map" | "expression";
  readonly name: string;
}

/** A macro. */
export interface Macro {
  readonly name: string;
  readonly parameters: readonly MacroParameter[];
  /** Where its body begins: behind the brace. */
  readonly body: number;
}

/** A function: its parameters and result are read, with their types, where it is called. */
export interface UserFunction {
  readonly name: string;
  /** Where its parameters begin: behind the bracket. */
  readonly parameters: number;
}

/** What a script defines, wherever it stands between the probes. */
export interface Definitions {
  readonly macros: ReadonlyMap<string, Macro>;
  readonly functions: ReadonlyMap<string, UserFunction>;
}

const KINDS: Readonly<Record<string, MacroParameter["kind"]>> = {
  variable: "variable",
  map: "map",
  identifier: "expression",
};

/** All macros and functions of a script. What is wrong with one is found when it is read. */
export function findDefinitions(text: string): Definitions {
  const macros = new Map<string, Macro>();
  const functions = new Map<string, UserFunction>();
  if (!/\b(?:macro|fn)\s+\w+\s*\(/.test(text)) return { macros, functions };
  const lexer = new Lexer(text, new Diagnostics());
  let depth = 0;
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
    if (isSign(token, "{")) depth++;
    else if (isSign(token, "}")) depth--;
    else if (depth > 0 || token.kind !== "identifier") continue;
    else if (token.text === "fn") {
      const { text: name, kind } = lexer.next();
      if (kind !== "identifier" || !isSign(lexer.next(), "(")) continue;
      functions.set(name, { name, parameters: lexer.offset });
    } else if (token.text === "macro") {
      const macro = readMacro(lexer);
      if (macro === undefined) continue;
      macros.set(macro.name, macro);
      depth = 1;
    }
  }
  return { macros, functions };
}

function readMacro(lexer: Lexer): Macro | undefined {
  const { text: name, kind } = lexer.next();
  if (kind !== "identifier" || !isSign(lexer.next(), "(")) return undefined;
  const parameters: MacroParameter[] = [];
  for (let token = lexer.next(); !isSign(token, ")"); token = lexer.next()) {
    const parameter = KINDS[token.kind];
    if (parameter !== undefined) parameters.push({ kind: parameter, name: token.text });
    else if (!isSign(token, ",")) return undefined;
  }
  if (!isSign(lexer.next(), "{")) return undefined;
  return { name, parameters, body: lexer.offset };
}

function isSign({ kind, text }: Token, sign: string): boolean {
  return kind === "punctuation" && text === sign;
}
