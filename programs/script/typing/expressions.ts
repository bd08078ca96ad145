/** Types of expressions. */

import type { CastNode, Expression, FieldNode } from "../ast.ts";
import { builtinNames, builtinValue, MISSING } from "../builtins/table.ts";
import type { Span } from "../source.ts";
import { INT64, isNumeric, NONE, sizeInC, type Type, typeName, UINT64, UNKNOWN } from "../types.ts";
import { call } from "./calls.ts";
import { positional } from "./known.ts";
import { mapKeys, readable, setMap } from "./maps.ts";
import { arithmetic, ternary, unary } from "./operators.ts";
import { pointee, withSpace } from "./pointers.ts";
import type { ProgramTyping } from "./program_typing.ts";
import { number, statements } from "./statements.ts";
import { undefinedVariable, valueOfTarget } from "./variables.ts";

/** The type of an expression. */
export function infer(t: ProgramTyping, node: Expression): Type {
  switch (node.kind) {
    case "integer":
      return node.value > 0x7fff_ffff_ffff_ffffn ? UINT64 : INT64;
    case "string":
      return { kind: "string", size: byteLength(node.value) + 1 };
    case "positional":
      // As the argument of str() it is a text.
      if (!t.texts.has(node)) positional(t, node.index, node.span);
      return INT64;
    case "identifier":
      return identifier(t, node.name, node.span);
    case "variable": {
      const known = t.variables.get(node.name);
      if (known === undefined) undefinedVariable(t, node.name, node.span);
      return known ?? UNKNOWN;
    }
    case "do":
      statements(t, node.body);
      return node.value === undefined ? NONE : t.type(node.value);
    case "map":
      return readable(t, mapKeys(t, node).value, node.span);
    case "call":
      return call(t, node);
    case "unary":
      return unary(t, node);
    case "step": {
      t.type(node.target);
      const { target } = node;
      if (target.kind === "map" && t.mapType(target.name).kind === "unknown") {
        setMap(t, target, INT64, node.span);
      } else if (target.kind === "variable") t.noteGiven(target.name, node);
      const type = valueOfTarget(t, target);
      t.types.set(target, type);
      if (isNumeric(type) || type.kind === "unknown") return type;
      const operator = node.by === 1 ? "++" : "--";
      t.error(node.span, `The ${operator} operator can not be used on type ${typeName(type)}`);
      return INT64;
    }
    case "binary":
      t.type(node.left);
      t.type(node.right);
      return arithmetic(t, node);
    case "ternary":
      return ternary(t, node);
    case "field":
      return field(t, node);
    case "index": {
      number(t, node.index);
      const type = t.type(node.object);
      if (type.kind === "array") return withSpace(type.element, type.space);
      if (type.kind === "pointer") return withSpace(pointee(type.to), type.space);
      if (type.kind !== "unknown") {
        t.error(
          node.span,
          `The array index operator [] can only be used on arrays and pointers, found ${
            typeName(type)
          }`,
        );
      }
      return UNKNOWN;
    }
    case "cast":
      return cast(t, node);
    case "tuple": {
      const items = node.items.map((item) => t.type(item));
      return items.some(({ kind }) => kind === "unknown") ? UNKNOWN : { kind: "tuple", items };
    }
    case "sizeof":
    case "offsetof":
      if (node.kind === "sizeof" && "kind" in node.of) t.type(node.of);
      return UINT64;
  }
}

function identifier(t: ProgramTyping, name: string, span: Span): Type {
  const builtin = builtinValue(name);
  if (builtin !== undefined) return builtin.type(t, span);
  if (t.script.declared.constant(name) !== undefined) return INT64;
  if (t.facts.constant(name) !== undefined) return INT64;
  if (MISSING.includes(name)) {
    t.unsupported(span, name);
    return UNKNOWN;
  }
  t.error(span, `Unknown identifier: '${name}'`, t.script.suggest(name, builtinNames()));
  return UNKNOWN;
}

function field(t: ProgramTyping, node: FieldNode): Type {
  const { object, name, nameSpan, span } = node;
  const type = t.type(object);
  if (type.kind === "unknown") return UNKNOWN;
  if (type.kind === "tuple") {
    const item = /^\d+$/.test(name) ? type.items[Number(name)] : undefined;
    if (item === undefined) {
      t.error(span, `Invalid tuple index: ${name}. Found ${type.items.length} elements in tuple`);
    }
    return item ?? UNKNOWN;
  }
  const pointed = type.kind === "pointer" ? pointee(type.to) : type;
  if (pointed.kind !== "record") {
    t.error(span, `Can not access field '${name}' on expression of type '${typeName(type)}'`);
    return UNKNOWN;
  }
  const field = pointed.record.field(name);
  if (field === undefined) {
    const hint = t.script.suggest(name, pointed.record.fieldNames());
    t.error(nameSpan, `${pointed.record.name} does not contain a field named '${name}'`, hint);
    return UNKNOWN;
  }
  const space = type.kind === "pointer" ? type.space : pointed.space;
  return withSpace(field.type, space);
}

function cast(t: ProgramTyping, { type: written, operand, span }: CastNode): Type {
  const from = t.type(operand);
  const to = t.named(written);
  if (to === undefined || from.kind === "unknown") return to ?? UNKNOWN;
  if (to.kind === "integer" && isNumeric(from)) return to;
  if (to.kind === "integer" && (from.kind === "aggregate" || from.kind === "symbolic")) return to;
  if (to.kind === "pointer" && (isNumeric(from) || from.kind === "array")) {
    const space = from.kind === "pointer" ? from.space : t.defaultSpace();
    return { ...to, space };
  }
  if (to.kind === "array" && from.kind === "integer") {
    const { element } = to;
    const length = to.length === 0 ? Math.floor(from.size / sizeInC(element)) : to.length;
    if (element.kind === "integer" && length * element.size === from.size) return { ...to, length };
  }
  if (to.kind === "integer" && from.kind === "array" && sizeInC(from) === to.size) return to;
  if (to.kind === "record" && isNumeric(from)) {
    t.error(
      span,
      `Cannot cast to ${typeName(to)}: cast to a pointer to it`,
      `(${typeName(to)} *)…`,
    );
    return UNKNOWN;
  }
  t.error(span, `Cannot cast from '${typeName(from)}' to '${typeName(to)}'`);
  return to;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
