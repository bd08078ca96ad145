/** Reads of the memory of others. */

import type { HelperName } from "../../../ffi/asm/helpers.ts";
import type { AccessSize } from "../../../ffi/asm/instruction.ts";
import type { Argument, Operand, VirtualRegister } from "../ir.ts";
import { LOSS } from "../plan.ts";
import { INT64, type Space } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory, Place } from "./memory.ts";
import { syscallField } from "./syscalls.ts";

const READ: Readonly<Record<Space, HelperName>> = {
  kernel: "probe_read_kernel",
  user: "probe_read_user",
  unknown: "probe_read",
};

const READ_STRING: Readonly<Record<Space, HelperName>> = {
  kernel: "probe_read_kernel_str",
  user: "probe_read_user_str",
  unknown: "probe_read_str",
};

/** The address of a place in the memory of others. */
export function addressOf(l: Lowerer, place: Place): Operand {
  if (place.space === "own") {
    const { memory } = place;
    return l.ir.define((dst) => ({ op: "address", dst, ...memory }));
  }
  const base = place.space === "context" ? l.context : place.address;
  if (place.offset === 0) return base;
  if (typeof base === "bigint") return base + BigInt(place.offset);
  return l.ir.define((dst) => ({ op: "address", dst, base, offset: place.offset }));
}

/** Reads what fits into a register. Memory that cannot be read is 0. */
export function readScalar(l: Lowerer, place: Place): Operand {
  const { type } = place;
  if (type.kind === "array" || type.kind === "record" || type.kind === "string") {
    return l.addressOf(place);
  }
  const size = (type.kind === "integer" ? type.size : 8) as AccessSize;
  const signed = type.kind === "integer" && type.signed;
  const raw = readWord(l, place, size);
  const { bits } = place;
  if (bits !== undefined) {
    const left = l.ir.alu("lsh", raw, BigInt(64 - bits.offset - bits.size));
    return l.ir.alu(signed ? "arsh" : "rsh", left, BigInt(64 - bits.size));
  }
  if (!signed || size === 8) return raw;
  return l.ir.define((dst) => ({ op: "extend", dst, src: raw, bits: size * 8, signed }));
}

function readWord(l: Lowerer, place: Place, size: AccessSize): VirtualRegister {
  if (place.space === "own") {
    const { base, offset } = place.memory;
    return l.ir.load(base, offset, size);
  }
  if (place.space === "context") {
    const { offset } = place;
    const [syscall] = l.typing.syscalls;
    if (syscall !== undefined) return syscallField(l, syscall, { offset, size });
    return l.ir.load(l.context, offset, size);
  }
  const memory = l.onStack(8);
  read(l, READ[place.space], memory, BigInt(size), argument(l, place));
  return l.ir.load(memory.base, memory.offset, size);
}

function argument(l: Lowerer, place: Place): Argument {
  if (place.space === "own") return place.memory;
  if (place.space === "context") return { base: l.context, offset: place.offset };
  if (typeof place.address === "bigint") return place.address + BigInt(place.offset);
  return { base: place.address, offset: place.offset };
}

/** Copies bytes of others. */
export function readBytes(l: Lowerer, place: Place, target: Memory, size: number): void {
  const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
  read(l, READ[helper], target, BigInt(size), argument(l, place));
}

/** Reads by a helper; where that is wanted, a read that fails is counted and told of. Gives what the helper gave. */
function read(
  l: Lowerer,
  helper: HelperName,
  target: Argument,
  size: Argument,
  from: Argument,
): VirtualRegister {
  const result = l.ir.call(helper, target, size, from);
  if (!l.typing.settings.tellsFaults) return result;
  const done = l.ir.label();
  l.ir.branch("sge", result, 0n, done);
  tellFault(l, helper, result);
  l.ir.place(done);
  return result;
}

/** Counts that a helper could not read, and tells what it gave: where that is wanted. */
export function tellFault(l: Lowerer, helper: HelperName, result: Operand): void {
  if (!l.typing.settings.tellsFaults) return;
  l.countLoss(LOSS.readFault);
  l.act({ kind: "fault", helper, span: l.at }, [{ type: INT64, operand: result }]);
}

/** Copies as many bytes of others as a register says, at most `most`; none where it is more. */
export function readBounded(
  l: Lowerer,
  place: Place,
  target: Memory,
  { count, most }: { readonly count: VirtualRegister; readonly most: number },
): void {
  const { ir } = l;
  const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
  const otherwise = ir.label();
  const bytes = { bounded: count, most, otherwise };
  read(l, READ[helper], target, bytes, argument(l, place));
  ir.place(otherwise);
}

/** Copies a string of others, with its NUL; gives how many bytes were written, negative where it cannot be read. */
export function readString(
  l: Lowerer,
  place: Place,
  target: Memory,
  size: Argument,
): VirtualRegister {
  const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
  return read(l, READ_STRING[helper], target, size, argument(l, place));
}
