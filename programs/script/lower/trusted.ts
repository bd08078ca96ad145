/** Pointers that the verifier follows by itself: some helpers take nothing else. */

import type { Expression } from "../ast.ts";
import type { Typing } from "../builtins/builtin.ts";
import type { IrLabel, VirtualRegister } from "../ir.ts";
import type { Type } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";

/**
 * Whether {@linkcode trustedPointer} finds what an expression names: fields of `args` and `ctx`, also through a variable that is given
 * one only once, and the arguments of raw tracepoints.
 */
export function isTrusted(node: Expression, typing: Typing): boolean {
  return startsTrusted(node, typing, new Set());
}

/** Who names a variable in what it is given comes back to it. */
function startsTrusted(node: Expression, typing: Typing, seen: Set<string>): boolean {
  switch (node.kind) {
    case "identifier":
      return node.name === "args" || node.name === "ctx";
    case "unary":
      return node.operator === "&" && startsTrusted(node.operand, typing, seen);
    case "cast": {
      // The kernel has its own mind about what is there.
      const { operand } = node;
      const given = argumentType(operand, typing);
      if (pointedTo(given ?? typing.typeOf(operand)) !== pointedTo(typing.typeOf(node))) {
        return false;
      }
      return given !== undefined || startsTrusted(operand, typing, seen);
    }
    case "field":
      return startsTrusted(node.object, typing, seen);
    case "variable": {
      const given = seen.has(node.name) ? undefined : typing.onlyPointer(node.name);
      seen.add(node.name);
      return given !== undefined && startsTrusted(given, typing, seen);
    }
    default:
      return false;
  }
}

/** What an argument of a raw tracepoint is, by the kernel's BTF. */
function argumentType(node: Expression, { attachment, facts }: Typing): Type | undefined {
  const index = node.kind === "identifier" ? argumentIndex(node.name) : undefined;
  if (index === undefined || attachment.kind !== "rawtracepoint") return undefined;
  return facts.rawTracepoint(attachment.event)?.parameters[index]?.type;
}

/** The name of the struct that a pointer points to. */
function pointedTo(type: Type): string | undefined {
  return type.kind === "pointer" && type.to.kind === "record" ? type.to.record.name : undefined;
}

/** The number of `arg0` and its like. */
function argumentIndex(name: string): number | undefined {
  const [, index] = /^arg(\d)$/.exec(name) ?? [];
  return index === undefined ? undefined : Number(index);
}

/**
 * The address of what an expression names, as loads from the context on give it: `args.file->f_path`, `ctx->file`. `undefined` where
 * it is not {@linkcode isTrusted}. Where a pointer is null, the program goes on at `otherwise`.
 */
export function trustedPointer(
  l: Lowerer,
  node: Expression,
  otherwise: IrLabel,
): VirtualRegister | undefined {
  switch (node.kind) {
    case "identifier": {
      const index = argumentIndex(node.name);
      return index === undefined
        ? l.context
        : pointerAt(l, { base: l.context, offset: 8 * index }, otherwise);
    }
    case "unary":
    case "cast":
      return trustedPointer(l, node.operand, otherwise);
    case "variable": {
      const given = l.typing.onlyPointer(node.name);
      return given && trustedPointer(l, given, otherwise);
    }
    case "field":
      break;
    default:
      return undefined;
  }
  const base = trustedPointer(l, node.object, otherwise);
  const object = l.type(node.object);
  const record = object.kind === "pointer" ? object.to : object;
  const field = record.kind === "record" ? record.record.field(node.name) : undefined;
  if (base === undefined || field === undefined) return undefined;
  const { type, offset } = field;
  if (type.kind === "pointer") return pointerAt(l, { base, offset }, otherwise);
  return l.ir.define((dst) => ({ op: "address", dst, base, offset }));
}

function pointerAt(
  { ir }: Lowerer,
  { base, offset }: { readonly base: VirtualRegister; readonly offset: number },
  otherwise: IrLabel,
): VirtualRegister {
  const pointer = ir.load(base, offset, 8);
  ir.branch("eq", pointer, 0n, otherwise);
  return pointer;
}
