/** Types of variables: the first assignment says what they hold, the widest how much. */

import type { AssignStatement } from "../ast.ts";
import type { Span } from "../source.ts";
import { isSameKind, type Type, typeName, UNKNOWN, widest } from "../types.ts";
import { writtenName } from "../scopes.ts";
import type { ProgramTyping } from "./program_typing.ts";

/** What a variable or map holds so far. */
export function valueOfTarget(t: ProgramTyping, target: AssignStatement["target"]): Type {
  if (target.kind === "map") return t.mapType(target.name);
  const known = t.variables.get(target.name);
  if (known === undefined) undefinedVariable(t, target.name, target.span);
  return known ?? UNKNOWN;
}

/** Notes that a variable was never given a value. */
export function undefinedVariable(t: ProgramTyping, name: string, span: Span): void {
  const hint = t.script.suggest(
    name,
    [...t.variables.keys()].map(writtenName).filter((each) => each !== writtenName(name)),
  );
  t.error(span, `Undefined or undeclared variable: ${writtenName(name)}`, hint);
}

/** Notes what a variable is given. */
export function setVariable(t: ProgramTyping, name: string, given: Type, span: Span): void {
  const known = t.variables.get(name);
  if (known === undefined || known.kind === "unknown") {
    const before = t.known?.get(name);
    const fits = before !== undefined && isSameKind(before, given);
    t.variables.set(name, fits ? widest(before, given) : given);
    return;
  }
  if (given.kind === "unknown") return;
  if (!isSameKind(known, given)) {
    return t.error(
      span,
      `Type mismatch for ${writtenName(name)}: trying to assign value of type '${
        typeName(given)
      }' ` +
        `when variable already contains a value of type '${typeName(known)}'`,
    );
  }
  t.variables.set(name, widest(known, given));
}
