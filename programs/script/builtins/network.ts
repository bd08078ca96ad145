/** Addresses of networks: `ntop()`, `macaddr()`. */

import type { Expression } from "../ast.ts";
import { parseAddress } from "../internet.ts";
import type { Memory } from "../lower/memory.ts";
import { isNumeric, sizeInC, type SymbolicType, type Type, typeName } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

const AF_INET = 2n;
const AF_INET6 = 10n;
const BYTE: Type = { kind: "integer", size: 1, signed: false };
const INET: SymbolicType = { kind: "symbolic", as: "inet", size: 24 };

/** `ntop([family,] address)`: the address is a number, or an array of 4 or 16 bytes. */
const NTOP: BuiltinFunction = {
  names: ["ntop"],
  least: 1,
  most: 2,
  type: ({ args }, typing) => {
    const address = args.at(-1)!;
    const type = typing.typeOf(address);
    const size = sizeInC(type);
    const fits = isNumeric(type) || type.kind === "unknown" ||
      (type.kind === "array" && (size === 4 || size === 16));
    if (!fits) {
      typing.error(
        address.span,
        `ntop() expects an integer or array argument, got ${typeName(type)}`,
      );
    }
    return INET;
  },
  into: ({ args }, lowerer, target) => {
    const { ir } = lowerer;
    const address = args.at(-1)!;
    const bytes = inMemory(lowerer.type(address));
    const usual = bytes === 16 ? AF_INET6 : AF_INET;
    const family = args.length === 2 ? lowerer.scalar(args[0]!) : usual;
    ir.store(target.base, target.offset, 8, family);
    const data: Memory = { base: target.base, offset: target.offset + 8 };
    lowerer.zeroFill(data, 16);
    if (bytes === 0) ir.store(data.base, data.offset, 8, lowerer.scalar(address));
    else lowerer.readBytes(lowerer.place(address), data, bytes);
  },
};

/** Bytes of an address that is an array; 0 for a number. */
function inMemory(type: Type): number {
  return type.kind === "array" ? sizeInC(type) : 0;
}

const MAC_BYTES = 6;

const MACADDR: BuiltinFunction = {
  names: ["macaddr"],
  least: 1,
  most: 1,
  type: ({ args: [address] }, typing) => {
    checkMac(address!, typing);
    return { kind: "symbolic", as: "mac", size: 16 };
  },
  into: ({ args: [address] }, lowerer, target) => {
    lowerer.zeroFill(target, 16);
    lowerer.readBytes(lowerer.place(address!), target, MAC_BYTES);
  },
};

function checkMac(address: Expression, typing: Typing): void {
  const type = typing.typeOf(address);
  const isArray = type.kind === "array" || type.kind === "string";
  if (type.kind === "unknown" || (isArray && sizeInC(type) === MAC_BYTES)) return;
  typing.error(
    address.span,
    `macaddr() expects an array of ${MAC_BYTES} bytes, got ${typeName(type)}`,
  );
}

const PTON: BuiltinFunction = {
  names: ["pton"],
  least: 1,
  most: 1,
  type: ({ args: [text] }, typing) => {
    const address = typing.text(text!);
    const bytes = address === undefined ? undefined : parseAddress(address);
    if (address === undefined) typing.error(text!.span, "pton() expects a string literal");
    else if (bytes === undefined) {
      typing.error(text!.span, `pton() expects an IPv4 or IPv6 address, got ${address}`);
    }
    return { kind: "array", element: BYTE, length: bytes?.length ?? 4, space: "own" };
  },
  into: ({ args: [text] }, lowerer, { base, offset }) => {
    const bytes = parseAddress(lowerer.typing.text(text!) ?? "") ?? [];
    const view = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8));
    bytes.forEach((byte, i) => view.setUint8(i, byte));
    for (let at = 0; at < view.byteLength; at += 8) {
      lowerer.ir.store(base, offset + at, 8, view.getBigUint64(at, true));
    }
  },
};

/** All of them. */
export const NETWORK: readonly BuiltinFunction[] = [NTOP, MACADDR, PTON];
