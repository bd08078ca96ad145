/** Memory of the script's own, and what never changes: constants are written, ranges are copied and filled. */

import { Constants } from "../constants.ts";
import type { VirtualRegister } from "../ir.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory } from "./memory.ts";
import { utf8, wordsOf } from "./words.ts";

const LARGEST_INLINE_COPY = 64;

/** Writes a string that is known, filled up with NULs, or its beginning where it is longer. */
export function textInto(l: Lowerer, text: string, target: Memory, size: number): void {
  const length = utf8(text).length + 1;
  if (size <= LARGEST_INLINE_COPY || length <= LARGEST_INLINE_COPY) {
    const inline = Math.min(size, Math.ceil(length / 8) * 8);
    storeWords(l, wordsOf(text, inline), target);
    const rest = { base: target.base, offset: target.offset + inline };
    return l.zeroFill(rest, size - inline);
  }
  l.zeroFill(target, size);
  const source = l.constantAddress(utf8(`${text}\0`));
  l.ir.call("probe_read_kernel", target, BigInt(Math.min(length, size)), source);
  if (length > size) l.ir.store(target.base, target.offset + size - 1, 1, 0n);
}

function storeWords(l: Lowerer, words: readonly bigint[], { base, offset }: Memory): void {
  words.forEach((word, i) => l.ir.store(base, offset + i * 8, 8, word));
}

/** Writes zeros; sizes are multiples of 8. */
export function zeroFill(l: Lowerer, target: Memory, size: number): void {
  if (size <= LARGEST_INLINE_COPY) {
    return storeWords(l, Array<bigint>(size / 8).fill(0n), target);
  }
  for (let done = 0; done < size; done += Constants.zeros) {
    const count = Math.min(size - done, Constants.zeros);
    const place = { base: target.base, offset: target.offset + done };
    l.ir.call("probe_read_kernel", place, BigInt(count), symbol(l, Constants.zeroOffset));
  }
}

/** Copies memory of the script's own; sizes are multiples of 8. */
export function copy(l: Lowerer, from: Memory, target: Memory, size: number): void {
  if (size > LARGEST_INLINE_COPY) {
    l.ir.call("probe_read_kernel", target, BigInt(size), from);
    return;
  }
  for (let at = 0; at < size; at += 8) {
    const word = l.ir.load(from.base, from.offset + at, 8);
    l.ir.store(target.base, target.offset + at, 8, word);
  }
}

/** The address of bytes that never change. */
export function constantAddress(l: Lowerer, bytes: Uint8Array): VirtualRegister {
  return symbol(l, l.script.constants.add(bytes));
}

function symbol(l: Lowerer, addend: number): VirtualRegister {
  return l.ir.define((dst) => ({ op: "symbol", dst, symbol: ".rodata", addend }));
}

/** The address of one of the variables that user space shares. */
export function variable(l: Lowerer, offset: number): VirtualRegister {
  return l.ir.define((dst) => ({ op: "symbol", dst, symbol: ".data", addend: offset }));
}
