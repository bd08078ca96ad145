/** Addresses of what programs and libraries have: `uaddr()`. */

import type { UserSymbol } from "../facts.ts";
import { type Type, UINT64 } from "../types.ts";
import type { AccessSize } from "../../../ffi/asm/instruction.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";
import { REGISTERS } from "./registers.ts";

/** Where a symbol is, and how the address is found that the file was loaded at. */
interface Found {
  readonly symbol: UserSymbol;
  /** The function that is probed, as the file has it: what the probe's own address is more than this. */
  readonly probed: bigint | undefined;
}

/**
 * `uaddr("name")`, in the file that is probed. What moves is found by where the probe itself is: that is known at the entry of a
 * function.
 */
const UADDR: BuiltinFunction = {
  names: ["uaddr"],
  least: 1,
  most: 1,
  type: ({ args: [name], span }, typing) => {
    const text = typing.text(name!);
    const { kind } = typing.attachment;
    if (kind !== "uprobe" && kind !== "uretprobe" && kind !== "usdt") {
      typing.error(span, `uaddr() can not be used with '${kind}' probes`);
    } else if (text === undefined) typing.error(name!.span, "uaddr() expects a string literal");
    else {
      const found = find(typing, text);
      if (found === undefined) {
        typing.error(name!.span, `Could not resolve symbol: ${typing.attachment.path}:${text}`);
      } else if (found.symbol.moves && found.probed === undefined) {
        typing.unsupported(span, `uaddr() of a file that moves in '${kind}' probes`);
      }
      return { kind: "pointer", to: pointee(found?.symbol.size), space: "user" };
    }
    return UINT64;
  },
  scalar: ({ args: [name] }, { typing, ir, context }) => {
    const { symbol, probed } = find(typing, typing.text(name!)!)!;
    if (!symbol.moves) return symbol.address;
    const { names } = REGISTERS[typing.facts.arch];
    const here = ir.load(context, (names["ip"] ?? names["pc"])!, 8);
    return ir.alu("add", here, symbol.address - probed!);
  },
};

function find({ attachment, facts }: Typing, name: string): Found | undefined {
  if (!("path" in attachment)) return undefined;
  const symbol = facts.userSymbol(attachment.path, name);
  if (symbol === undefined) return undefined;
  if (attachment.kind !== "uprobe") return { symbol, probed: undefined };
  const start = attachment.symbol === ""
    ? undefined
    : facts.userSymbol(attachment.path, attachment.symbol);
  return { symbol, probed: start && start.address + BigInt(attachment.offset) };
}

/** An unsigned integer of the symbol's size, where there is one. */
function pointee(size: number | undefined): Type {
  const fits = size === 1 || size === 2 || size === 4 || size === 8;
  return { kind: "integer", size: fits ? size as AccessSize : 8, signed: false };
}

/** All of them. */
export const USER_SYMBOLS: readonly BuiltinFunction[] = [UADDR];
