/** Paths of the kernel's files: `path()`. */

import type { Expression } from "../ast.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import { isTrusted, trustedPointer } from "../lower/trusted.ts";
import { storageSize, type StringType, type Type, typeName, UNKNOWN } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

const ALLOWED: readonly string[] = ["fentry", "fexit", "iter"];

/** `path(args.file->f_path)`: `bpf_d_path()`, which the kernel allows in few functions. Needs Linux >= 5.10. */
const PATH: BuiltinFunction = {
  names: ["path"],
  least: 1,
  most: 2,
  type: ({ args: [path, limit], span }, typing) => {
    const { kind } = typing.attachment;
    if (!ALLOWED.includes(kind)) {
      typing.error(
        span,
        `path() can only be used with kfunc, kretfunc and iter probes, not '${kind}'`,
      );
      return UNKNOWN;
    }
    const type = typing.typeOf(path!);
    if (type.kind !== "unknown" && !(isPath(type) && isTrusted(path!, typing))) {
      const message = `path() only supports a struct path of args or ctx (${
        typeName(type)
      } provided)`;
      typing.error(path!.span, message, "path(args.file->f_path)");
    }
    return { kind: "string", size: sizeOf(limit, typing) };
  },
  into: (call, lowerer, target) => {
    const { size } = lowerer.type(call) as StringType;
    pathInto(lowerer, call.args[0]!, { target, size });
  },
};

function sizeOf(limit: Expression | undefined, typing: Typing): number {
  const { maxString } = typing.settings;
  if (limit === undefined) return maxString;
  const size = typing.constant(limit);
  if (size === undefined || size < 1n) {
    typing.error(limit.span, "path() needs a size that is known beforehand");
    return maxString;
  }
  return Math.min(Number(size), maxString);
}

function isPath(type: Type): boolean {
  const record = type.kind === "pointer" ? type.to : type;
  return record.kind === "record" && record.record.name === "struct path";
}

/** The helper leaves other bytes behind the path: a string has none there. */
function pathInto(
  lowerer: Lowerer,
  path: Expression,
  { target, size }: { readonly target: Memory; readonly size: number },
): void {
  const { ir, scratch } = lowerer;
  lowerer.zeroFill(target, storageSize({ kind: "string", size }));
  const room = scratch.inFrame(size);
  ir.store(room.base, room.offset, 1, 0n);
  const none = ir.label();
  const pointer = trustedPointer(lowerer, path, none)!;
  const result = ir.call("d_path", pointer, room, BigInt(size));
  ir.branch("slt", result, 0n, none);
  lowerer.readString(
    { type: { kind: "string", size }, space: "own", memory: room },
    target,
    BigInt(size),
  );
  ir.place(none);
}

/** All of them. */
export const FILES: readonly BuiltinFunction[] = [PATH];
