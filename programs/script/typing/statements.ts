/** Types of statements: what fits where, and what a loop may hold. */

import type { AssignStatement, EachStatement, Expression, Statement } from "../ast.ts";
import { INT64, isNumeric, type Type, typeName, UNKNOWN } from "../types.ts";
import { mapKeys, mapOf, readable, setMap } from "./maps.ts";
import { arithmetic } from "./operators.ts";
import type { ProgramTyping } from "./program_typing.ts";
import { setVariable, valueOfTarget } from "./variables.ts";

/** Types statements. */
export function statements(t: ProgramTyping, body: readonly Statement[]): void {
  for (const each of body) statement(t, each);
}

function statement(t: ProgramTyping, node: Statement): void {
  switch (node.kind) {
    case "expression":
      return expressionStatement(t, node.expression);
    case "assign":
      return assign(t, node);
    case "let":
      return letVariable(t, node);
    case "if":
      condition(t, node.condition);
      statements(t, node.then);
      return statements(t, node.otherwise);
    case "while":
      condition(t, node.condition);
      return loop(t, node.body);
    case "range":
      number(t, node.start);
      number(t, node.end);
      setVariable(t, node.variable.name, INT64, node.variable.span);
      t.types.set(node.variable, INT64);
      return loop(t, node.body);
    case "each":
      each(t, node);
      return loop(t, node.body);
    case "unroll": {
      t.type(node.count);
      const count = t.constant(node.count);
      if (count === undefined) {
        t.error(node.count.span, "unroll needs a number that is known beforehand");
      } else if (count < 1n || count > 100n) {
        const bound = count < 1n ? "minimum value is 1" : "maximum value is 100";
        t.error(node.span, `unroll ${bound}`);
      }
      return loop(t, node.body);
    }
    case "block":
      return statements(t, node.body);
    case "break":
    case "continue":
      if (t.loops === 0) {
        t.error(node.span, `${node.kind} statement is only allowed inside a loop`);
      }
      return;
    case "return":
      return;
  }
}

/** The variable of a loop over a map: a key and its value. */
function each(t: ProgramTyping, { variable, map: { name, span } }: EachStatement): void {
  if (!t.facts.hasHelper("for_each_map_elem")) {
    const message = "for loops over maps on this kernel: they need Linux >= 5.13";
    t.variables.set(variable.name, UNKNOWN);
    return t.unsupported(span, message);
  }
  const { keys, value } = mapOf(t, name, span);
  if (keys === undefined || value.kind === "unknown") return;
  if (keys.length === 0) {
    return t.error(span, `${name} has no keys (scalar map), and cannot be used for iteration`);
  }
  const read = readable(t, value, span);
  if (read.kind === "aggregate") {
    return t.error(span, `Loop expression does not support type: ${read.of}`);
  }
  const key: Type = keys.length === 1 ? keys[0]! : { kind: "tuple", items: keys };
  setVariable(t, variable.name, { kind: "tuple", items: [key, read] }, span);
}

function loop(t: ProgramTyping, body: readonly Statement[]): void {
  t.loops++;
  statements(t, body);
  t.loops--;
}

function letVariable(
  t: ProgramTyping,
  { variable, type, value }: Extract<Statement, { kind: "let" }>,
): void {
  const declared = type === undefined ? undefined : t.named(type);
  if (value !== undefined) {
    const given = t.type(value);
    t.noteGiven(variable.name, value);
    setVariable(t, variable.name, declared ?? given, value.span);
  } else if (declared !== undefined) setVariable(t, variable.name, declared, variable.span);
  t.types.set(variable, t.variables.get(variable.name) ?? UNKNOWN);
}

function expressionStatement(t: ProgramTyping, node: Expression): void {
  const type = t.type(node);
  if (type.kind === "aggregate" && node.kind === "call") {
    t.error(node.span, `${node.name}() should be assigned to a map`, `@x = ${node.name}(…)`);
  }
}

/** Types what decides: a number. */
export function condition(t: ProgramTyping, node: Expression): void {
  const type = t.type(node);
  if (!isNumeric(type) && type.kind !== "unknown") {
    t.error(node.span, `Invalid condition: a number is needed, not ${typeName(type)}`);
  }
}

/** Types what has to be a number. */
export function number(t: ProgramTyping, node: Expression): void {
  const type = t.type(node);
  if (!isNumeric(type) && type.kind !== "unknown") {
    t.error(node.span, `a number is needed, not ${typeName(type)}`);
  }
}

function assign(t: ProgramTyping, { target, operator, value, span }: AssignStatement): void {
  const given = t.type(value);
  if (target.kind === "map") mapKeys(t, target);
  else t.noteGiven(target.name, value);
  if (operator !== undefined) {
    const current = valueOfTarget(t, target);
    t.types.set(target, current);
    if (current.kind === "unknown" && target.kind === "map") {
      if (!isNumeric(given) && given.kind !== "unknown") {
        t.error(span, `The ${operator}= operator can not be used with type ${typeName(given)}`);
      }
      setMap(t, target, given.kind === "unknown" ? UNKNOWN : INT64, span);
    } else arithmetic(t, { left: target, right: value, operator, span });
    t.types.set(target, valueOfTarget(t, target));
    return;
  }
  if (given.kind === "aggregate" && value.kind !== "call") {
    t.error(value.span, `what ${given.of}() gathers cannot be assigned from one map to another`);
    return;
  }
  if (given.kind === "none") {
    t.error(value.span, "t has no value that could be assigned");
    return;
  }
  if (target.kind === "variable") {
    if (given.kind === "aggregate") {
      const name = value.kind === "call" ? `${value.name}()` : given.of;
      t.error(value.span, `${name} should be assigned to a map, not to a variable`);
      return;
    }
    setVariable(t, target.name, given, span);
    t.types.set(target, t.variables.get(target.name) ?? UNKNOWN);
  } else {
    setMap(t, target, given, span);
    t.types.set(target, t.mapType(target.name));
  }
}
