/** Calls of functions: how many arguments, and of what type. */

import type { CallNode } from "../ast.ts";
import { builtinFunction, functionNames, MISSING } from "../builtins/table.ts";
import { isNumeric, type Type, typeName, UNKNOWN } from "../types.ts";
import { mapOf } from "./maps.ts";
import type { ProgramTyping } from "./program_typing.ts";

/** The type of a call. */
export function call(t: ProgramTyping, node: CallNode): Type {
  const builtin = builtinFunction(node.name);
  if (builtin === undefined) {
    if (MISSING.includes(node.name)) {
      t.unsupported(node.nameSpan, `${node.name}()`);
      return UNKNOWN;
    }
    const hint = t.script.suggest(node.name, functionNames());
    t.error(node.nameSpan, `Unknown function: ${node.name}`, hint);
    for (const arg of node.args) t.type(arg);
    return UNKNOWN;
  }
  const { least, most, untyped = [], words = [] } = builtin;
  const [first] = node.args;
  if (node.name === "str" && first?.kind === "positional") t.texts.add(first);
  node.args.forEach((arg, i) => {
    if (arg.kind === "identifier" && words.includes(arg.name)) return;
    const isWhole = untyped.includes(i) && arg.kind === "map" && arg.keys.length === 0;
    if (isWhole) mapOf(t, arg.name, arg.span);
    else t.type(arg);
  });
  const count = node.args.length;
  if (count < least || count > most) {
    const wanted = least === most
      ? `${least}`
      : most === Infinity
      ? `${least}+`
      : `${least}-${most}`;
    const plural = wanted === "1" ? "argument" : "arguments";
    t.error(node.span, `${node.name}() requires ${wanted} ${plural} (${count} provided)`);
    return UNKNOWN;
  }
  for (const i of builtin.numbers ?? []) {
    const arg = node.args[i];
    const type = arg === undefined ? UNKNOWN : t.typeOf(arg);
    if (arg === undefined || isNumeric(type) || type.kind === "unknown") continue;
    t.error(
      arg.span,
      `${node.name}() only supports integer arguments (${typeName(type)} provided)`,
    );
  }
  if (builtin.unsafe && !t.settings.unsafe) {
    const message = `${node.name}() is an unsafe function being used in safe mode`;
    t.error(node.span, message, "Allow it with --unsafe");
  }
  return builtin.type(node, t);
}
