/** Strings and bytes: `str()`, `buf()`, `strncmp()`. */

import type { CallNode, Expression } from "../ast.ts";
import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import {
  type BufferType,
  isNumeric,
  sizeInC,
  storageSize,
  type StringType,
  type Type,
  typeName,
  UINT64,
} from "../types.ts";
import type { ProviderName } from "../probes.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";
import { REGISTERS } from "./registers.ts";

function checkPointer(node: Expression, typing: Typing, name: string): void {
  const type = typing.typeOf(node);
  const fits = isNumeric(type) || type.kind === "array" || type.kind === "unknown" ||
    type.kind === "string";
  if (fits) return;
  typing.error(
    node.span,
    `${name}() expects an integer or a pointer type as first argument (${typeName(type)} provided)`,
  );
}

function stringType(call: CallNode, typing: Typing): StringType {
  const [pointer, length] = call.args;
  const { maxString } = typing.settings;
  const text = typing.text(call);
  if (text !== undefined) {
    return { kind: "string", size: new TextEncoder().encode(text).length + 1 };
  }
  checkPointer(pointer!, typing, call.name);
  const type = typing.typeOf(pointer!);
  const own = type.kind === "string" ? type.size : maxString;
  const limit = length === undefined ? undefined : typing.constant(length);
  if (limit === undefined) return { kind: "string", size: Math.min(own, maxString) };
  return { kind: "string", size: Math.max(1, Math.min(Number(limit) + 1, maxString)) };
}

const STR: BuiltinFunction = {
  names: ["str", "kstr"],
  least: 1,
  most: 2,
  numbers: [1],
  type: stringType,
  into: (call, lowerer, target) => {
    const [pointer, length] = call.args;
    const { size } = lowerer.type(call) as StringType;
    lowerer.zeroFill(target, storageSize({ kind: "string", size }));
    const known = length === undefined || lowerer.typing.constant(length) !== undefined;
    const limit = known ? BigInt(size) : lowerer.stringLimit(length, size);
    lowerer.readString(lowerer.pointed(pointer!), target, limit);
  },
};

const BUF: BuiltinFunction = {
  names: ["buf"],
  least: 1,
  most: 2,
  numbers: [1],
  type: (call, typing) => {
    const [pointer, length] = call.args;
    const type = typing.typeOf(pointer!);
    if (type.kind === "array") return { kind: "buffer", size: sizeInC(type) };
    if (type.kind === "string" && length === undefined) return { kind: "buffer", size: type.size };
    checkPointer(pointer!, typing, "buf");
    const known = length === undefined ? undefined : typing.constant(length);
    if (length === undefined) typing.error(call.span, "buf() expects a length argument");
    const { maxString } = typing.settings;
    const size = known === undefined ? maxString : Math.min(Number(known), maxString);
    return { kind: "buffer", size: Math.max(0, size) };
  },
  into: (call, lowerer, target) => {
    const { ir } = lowerer;
    const [pointer, length] = call.args;
    const type = lowerer.type(call) as BufferType;
    lowerer.zeroFill(target, storageSize(type));
    const place = lowerer.pointed(pointer!);
    const data: Memory = { base: target.base, offset: target.offset + 8 };
    const known = length === undefined || lowerer.typing.constant(length) !== undefined;
    if (known) {
      ir.store(target.base, target.offset, 8, BigInt(type.size));
      if (type.size > 0) lowerer.readBytes(place, data, type.size);
      return;
    }
    const count = ir.define((dst) => ({ op: "move", dst, src: lowerer.scalar(length) }));
    const fits = ir.label();
    ir.branch("le", count, BigInt(type.size), fits);
    ir.add({ op: "move", dst: count, src: BigInt(type.size) });
    ir.place(fits);
    ir.store(target.base, target.offset, 8, count);
    lowerer.readBounded(place, data, { count, most: type.size });
  },
};

/** The difference of the first characters that differ, as C's `strncmp`: only whether it is 0 is of use. */
const STRNCMP: BuiltinFunction = {
  names: ["strncmp"],
  least: 3,
  most: 3,
  type: (call, typing) => {
    const [a, b, count] = call.args;
    for (const node of [a!, b!]) {
      const type = typing.typeOf(node);
      if (type.kind !== "string" && type.kind !== "unknown") {
        typing.error(node.span, `strncmp() expects a string (${typeName(type)} provided)`);
      }
    }
    if (typing.constant(count!) === undefined) {
      typing.error(count!.span, "strncmp() needs a number of characters that is known beforehand");
    }
    return UINT64;
  },
  scalar: (call, lowerer) => {
    const [a, b, count] = call.args;
    const length = Number(lowerer.typing.constant(count!) ?? 0n);
    return differs(lowerer, [a!, b!], length);
  },
};

/** 0 where the first `count` characters of two strings are equal, else 1. */
function differs(
  lowerer: Lowerer,
  [a, b]: readonly [Expression, Expression],
  count: number,
): Operand {
  const { ir } = lowerer;
  const [left, right] = [lowerer.memory(a), lowerer.memory(b)];
  const sizes = [lowerer.type(a), lowerer.type(b)].map(sizeInC);
  // Behind the NUL of the shorter one nothing is compared.
  const length = Math.min(count, Math.min(...sizes));
  const result = ir.define((dst) => ({ op: "move", dst, src: 1n }));
  const end = ir.label();
  for (let at = 0; at < length; at += 8) {
    const bytes = Math.min(8, length - at);
    const word = ({ base, offset }: Memory): Operand => {
      const loaded = ir.load(base, offset + at, 8);
      return bytes === 8 ? loaded : ir.alu("lsh", loaded, BigInt(64 - bytes * 8));
    };
    ir.branch("ne", word(left), word(right), end);
  }
  ir.add({ op: "move", dst: result, src: 0n });
  ir.place(end);
  return result;
}

const STRFTIME: BuiltinFunction = {
  names: ["strftime"],
  least: 2,
  most: 2,
  numbers: [1],
  type: ({ args: [format, time] }, typing) => {
    if (format?.kind !== "string") {
      typing.error(format!.span, "strftime() expects a string literal");
    }
    const text = format?.kind === "string" ? format.value : "";
    const type = typing.typeOf(time!);
    const clock = type.kind === "integer" ? type.clock ?? "boot" : "boot";
    if (clock === "monotonic") {
      typing.error(
        time!.span,
        "strftime() can not take a monotonic timestamp",
        "nsecs or nsecs(tai)",
      );
    }
    return { kind: "symbolic", as: "timestamp", size: 8, format: text, clock };
  },
  scalar: ({ args: [, time] }, lowerer) => lowerer.scalar(time!),
};

const BSWAP: BuiltinFunction = {
  names: ["bswap"],
  least: 1,
  most: 1,
  type: ({ args: [value] }, typing): Type => {
    const type = typing.typeOf(value!);
    if (type.kind === "integer") return { kind: "integer", size: type.size, signed: false };
    if (type.kind !== "unknown") {
      typing.error(
        value!.span,
        `bswap() only supports integer arguments (${typeName(type)} provided)`,
      );
    }
    return UINT64;
  },
  scalar: (call, lowerer) => {
    const type = lowerer.type(call);
    const src = lowerer.scalar(call.args[0]!);
    const size = type.kind === "integer" ? type.size : 8;
    if (size === 1) return src;
    const bits = size * 8 as 16 | 32 | 64;
    return lowerer.ir.define((dst) => ({ op: "swap", dst, src, bits }));
  },
};

/** Probes whose context is a `struct pt_regs`. */
const WITH_REGISTERS: readonly ProviderName[] = ["kprobe", "kretprobe", "uprobe", "uretprobe"];

/** Numbers, times and symbols. */
const SYMBOLS: readonly BuiltinFunction[] = [
  {
    names: ["ksym"],
    least: 1,
    most: 1,
    numbers: [0],
    type: () => ({ kind: "symbolic", as: "ksym", size: 8 }),
    scalar: ({ args: [address] }, lowerer) => lowerer.scalar(address!),
  },
  {
    names: ["usym"],
    least: 1,
    most: 1,
    numbers: [0],
    type: () => ({ kind: "symbolic", as: "usym", size: 16 }),
    into: ({ args: [address] }, lowerer, target) => {
      const { ir } = lowerer;
      ir.store(target.base, target.offset, 8, lowerer.scalar(address!));
      const pid = ir.alu("rsh", lowerer.pidTgid(), 32n);
      ir.store(target.base, target.offset + 8, 8, pid);
    },
  },
  {
    names: ["reg"],
    least: 1,
    most: 1,
    type: ({ args: [name], span }, typing) => {
      const { kind } = typing.attachment;
      if (!WITH_REGISTERS.includes(kind)) {
        typing.error(span, `reg() can not be used with '${kind}' probes`);
      }
      const text = name === undefined ? undefined : typing.text(name);
      if (text === undefined) typing.error(span, "reg() expects a string literal");
      else if (REGISTERS[typing.facts.arch].names[text] === undefined) {
        typing.error(span, `'${text}' is not a valid register on this architecture`);
      }
      return UINT64;
    },
    scalar: ({ args: [name] }, { ir, context, typing }) => {
      const register = typing.text(name!) ?? "";
      return ir.load(context, REGISTERS[typing.facts.arch].names[register]!, 8);
    },
  },
  ...(["strerror", "cgroup_path"] as const).map((as): BuiltinFunction => ({
    names: [as],
    least: 1,
    most: 1,
    numbers: [0],
    type: () => ({ kind: "symbolic", as, size: 8 }),
    scalar: ({ args: [number] }, lowerer) => lowerer.scalar(number!),
  })),
  {
    names: ["kptr", "uptr"],
    least: 1,
    most: 1,
    numbers: [0],
    type: ({ name, args: [address] }, typing): Type => {
      const type = typing.typeOf(address!);
      const space = name === "kptr" ? "kernel" : "user";
      return { kind: "pointer", to: type.kind === "pointer" ? type.to : { kind: "none" }, space };
    },
    scalar: ({ args: [address] }, lowerer) => lowerer.scalar(address!),
  },
  {
    names: ["kaddr"],
    least: 1,
    most: 1,
    type: ({ args: [name], span }, typing) => {
      const symbol = name === undefined ? undefined : typing.text(name);
      if (symbol === undefined) typing.error(span, "kaddr() expects a string literal");
      else if (typing.facts.kernelSymbol(symbol) === undefined) {
        typing.error(span, `Failed to resolve kernel symbol: ${symbol}`);
      }
      return { kind: "pointer", to: UINT64, space: "kernel" };
    },
    scalar: ({ args: [name] }, { typing }) =>
      typing.facts.kernelSymbol(typing.text(name!) ?? "") ?? 0n,
  },
  {
    names: ["cgroupid"],
    least: 1,
    most: 1,
    type: ({ args: [path], span }, typing) => {
      const text = path === undefined ? undefined : typing.text(path);
      if (text === undefined) typing.error(span, "cgroupid() expects a string literal");
      else if (typing.facts.cgroupId(text) === undefined) {
        typing.error(span, `Failed to find the cgroup ${text}`);
      }
      return UINT64;
    },
    scalar: ({ args: [path] }, { typing }) => typing.facts.cgroupId(typing.text(path!) ?? "") ?? 0n,
  },
];

/** All of them. */
export const TEXT: readonly BuiltinFunction[] = [
  STR,
  BUF,
  STRNCMP,
  STRFTIME,
  BSWAP,
  ...SYMBOLS,
];
