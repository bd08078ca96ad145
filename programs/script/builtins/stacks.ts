/** Stack traces: `kstack`, `ustack(perf, 3)`. */

import type { CallNode, Expression } from "../ast.ts";
import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import { stacksName } from "../plan.ts";
import type { Settings } from "../settings.ts";
import type { StackType, Type } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

/** How many frames there are at most. */
export const MOST_FRAMES = 127;
const MODES = ["bpftrace", "perf", "raw"] as const;
/** `BPF_F_USER_STACK` */
export const BPF_F_USER_STACK = 1n << 8n;

/** The type of a stack trace with nothing said about it. */
export function stackType(of: StackType["of"], { stackMode: mode }: Settings): StackType {
  return { kind: "stack", of, frames: MOST_FRAMES, mode };
}

/** The number of the current stack in the map of stacks; negative where there is none. */
export function stackOf({ ir, context }: Lowerer, type: Type): Operand {
  const user = type.kind === "stack" && type.of === "user";
  const map = stacksName(type.kind === "stack" ? type.frames : MOST_FRAMES);
  return ir.call("get_stackid", context, { map }, user ? BPF_F_USER_STACK : 0n);
}

function typeOfCall(call: CallNode, typing: Typing): Type {
  let type = stackType(call.name === "kstack" ? "kernel" : "user", typing.settings);
  for (const arg of call.args) {
    const mode = modeOf(arg);
    const frames = typing.constant(arg);
    if (mode !== undefined) type = { ...type, mode };
    else if (frames !== undefined && frames >= 0n && frames <= 1024n) {
      type = { ...type, frames: Math.min(Number(frames), MOST_FRAMES) };
    } else typing.error(arg.span, `Invalid argument of ${call.name}()`, "kstack(perf, 3)");
  }
  return type;
}

function modeOf(node: Expression): StackType["mode"] | undefined {
  return node.kind === "identifier" ? MODES.find((mode) => mode === node.name) : undefined;
}

/** `kstack(…)`, `ustack(…)` */
export const STACKS: readonly BuiltinFunction[] = [{
  names: ["kstack", "ustack"],
  least: 0,
  most: 2,
  words: MODES,
  type: typeOfCall,
  scalar: (call, lowerer) => stackOf(lowerer, lowerer.type(call)),
  into: (call, lowerer, target) => {
    const { ir } = lowerer;
    ir.store(target.base, target.offset, 8, stackOf(lowerer, lowerer.type(call)));
    ir.store(target.base, target.offset + 8, 8, ir.alu("rsh", lowerer.pidTgid(), 32n));
  },
}];
