/** `len()`: how many entries a map has, how many frames a stack. */

import type { CallNode, Expression } from "../ast.ts";
import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import { isBucketed, typeName, UINT64 } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";
import { BPF_F_USER_STACK, MOST_FRAMES } from "./stacks.ts";

const WORD = 8;

const LEN: BuiltinFunction = {
  names: ["len"],
  least: 1,
  most: 1,
  untyped: [0],
  type: ({ args: [what] }, typing) => {
    if (isWholeMap(what!)) checkMap(what, typing);
    else {
      const type = typing.typeOf(what!);
      if (type.kind !== "stack" && type.kind !== "array" && type.kind !== "unknown") {
        const message = `len() expects a map or stack to be provided (${typeName(type)} provided)`;
        typing.error(what!.span, message);
      }
    }
    return UINT64;
  },
  scalar: (call, lowerer) => length(call, lowerer),
};

function isWholeMap(node: Expression): node is Extract<Expression, { kind: "map" }> {
  return node.kind === "map" && node.keys.length === 0;
}

function checkMap({ name, span }: Extract<Expression, { kind: "map" }>, typing: Typing): void {
  const type = typing.mapType(name);
  if (type.kind === "unknown") return;
  if (isBucketed(type)) typing.unsupported(span, "len() of histograms");
  else if (!typing.isKeyed(name)) {
    typing.error(span, `len() expects a map with explicit keys (non-scalar map): ${name} has none`);
  } else if (!typing.facts.hasHelper("for_each_map_elem")) {
    typing.unsupported(span, "len() of maps on this kernel: it needs Linux >= 5.13");
  }
}

function length({ args: [what], span }: CallNode, lowerer: Lowerer): Operand {
  if (isWholeMap(what!)) return entries(lowerer, lowerer.mapPlan(what.name).symbol, span);
  const type = lowerer.type(what!);
  if (type.kind === "array") return BigInt(type.length);
  return frames(lowerer, type.kind === "stack" && type.of === "user");
}

/** Counts the entries of a map: `bpf_for_each_map_elem()`. */
function entries(lowerer: Lowerer, map: string, span: CallNode["span"]): Operand {
  const { ir, scratch } = lowerer;
  const { base, offset } = scratch.inFrame(WORD);
  ir.store(base, offset, WORD, 0n);
  const callback = lowerer.callback(span, (inner) => {
    inner.enter(4);
    const before = inner.ir.load(inner.frame, offset, WORD);
    inner.ir.store(inner.frame, offset, WORD, inner.ir.alu("add", before, 1n));
  });
  lowerer.callFunction("for_each_map_elem", { map }, callback);
  return ir.load(base, offset, WORD);
}

/** Counts the frames of the current stack: `bpf_get_stack()`. */
function frames({ ir, scratch, context }: Lowerer, ofUser: boolean): Operand {
  const size = MOST_FRAMES * WORD;
  const memory = scratch.inFrame(size);
  const flags = ofUser ? BPF_F_USER_STACK : 0n;
  const bytes = ir.call("get_stack", context, memory, BigInt(size), flags);
  const count = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const none = ir.label();
  ir.branch("slt", bytes, 0n, none);
  ir.add({ op: "alu", operation: "div", dst: count, left: bytes, right: BigInt(WORD) });
  ir.place(none);
  return count;
}

/** All of them. */
export const LENGTHS: readonly BuiltinFunction[] = [LEN];
