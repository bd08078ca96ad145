/** Pointers that the verifier follows by itself: some helpers take nothing else. */

import type { Expression } from "../ast.ts";
import type { IrLabel, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "./lowerer.ts";

/**
 * The address of what an expression names, as loads from the context on give it: `args.file->f_path`, `ctx->file`. `undefined` where
 * the expression is not made of fields alone. Where a pointer is null, the program goes on at `otherwise`.
 */
export function trustedPointer(
  l: Lowerer,
  node: Expression,
  otherwise: IrLabel,
): VirtualRegister | undefined {
  const { ir } = l;
  if (node.kind === "identifier" && (node.name === "args" || node.name === "ctx")) return l.context;
  if (node.kind === "unary" && node.operator === "&") {
    return trustedPointer(l, node.operand, otherwise);
  }
  if (node.kind !== "field") return undefined;
  const base = trustedPointer(l, node.object, otherwise);
  const object = l.type(node.object);
  const record = object.kind === "pointer" ? object.to : object;
  const field = record.kind === "record" ? record.record.field(node.name) : undefined;
  if (base === undefined || field === undefined) return undefined;
  if (field.type.kind !== "pointer") {
    return ir.define((dst) => ({ op: "address", dst, base, offset: field.offset }));
  }
  const pointer = ir.load(base, field.offset, 8);
  ir.branch("eq", pointer, 0n, otherwise);
  return pointer;
}
