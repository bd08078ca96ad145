/** `macro name($variable, @map, expression) { … }`: where macros are defined, and what they are given. */

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

const KINDS: Readonly<Record<string, MacroParameter["kind"]>> = {
  variable: "variable",
  map: "map",
  identifier: "expression",
};

/** All macros of a script, wherever they stand between its probes. What is wrong with one is found when it is read. */
export function findMacros(text: string): ReadonlyMap<string, Macro> {
  const macros = new Map<string, Macro>();
  if (!/\bmacro\s+\w+\s*\(/.test(text)) return macros;
  const lexer = new Lexer(text, new Diagnostics());
  let depth = 0;
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
    if (isSign(token, "{")) depth++;
    else if (isSign(token, "}")) depth--;
    else if (depth === 0 && token.kind === "identifier" && token.text === "macro") {
      const macro = readMacro(lexer);
      if (macro === undefined) continue;
      macros.set(macro.name, macro);
      depth = 1;
    }
  }
  return macros;
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
