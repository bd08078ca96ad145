/**
 * Which functions are behind an IFUNC symbol.
 *
 * At `strlen` in libc is no strlen but a resolver: the loader calls it once, and it returns the address of the variant
 * for this processor. A uprobe must be at the variants. Stripped libraries do not name them, so this module reads the
 * resolver's machine code: a resolver mentions the address of each function that it can return.
 */

import { Reader } from "../wire/reader.ts";
import type { Elf, ElfSegment } from "./elf.ts";
import { MACHINE, SECTION_FLAG, SEGMENT_FLAG } from "./elf.ts";
import type { ElfSymbol } from "./symbols.ts";
import { fileOffset, SYMBOL_TYPE } from "./symbols.ts";

const PT_GNU_EH_FRAME = 0x6474e550;

/** glibc's longest has 300 bytes; this bounds the work on a broken file. */
const LONGEST_RESOLVER = 4096;

/**
 * The addresses of the functions that an IFUNC's resolver can return, in ascending order; empty where `symbol` is no
 * IFUNC, where the machine is neither x86-64 nor AArch64, or where nothing is found.
 *
 * The heuristic: each address that the resolver's code computes relative to the program counter (`lea r64, [rip+disp32]`
 * on x86-64, `adrp` with `add`, or `adr`, on AArch64) counts if it is in an executable section, outside of the resolver,
 * and the start of a function. On x86-64 the code is not disassembled but searched byte by byte, so the middle of
 * another instruction could look like a `lea`, and a uprobe in the middle of an instruction would break the traced
 * program. The last condition rules this out: `.eh_frame_hdr`, which stripped files keep, lists where functions start.
 * In a file without it, the address must be a multiple of 16. What could remain is a function that the resolver
 * mentions but never returns: a probe there is harmless, and none is known.
 *
 * Calls and jumps to other functions are not followed: no resolver in glibc 2.36 has any that matters. `time` and
 * `gettimeofday` ask the vDSO, whose function is in no file; only their fallbacks are found. `memcpy` and `memmove`
 * share variants on x86-64, so that a probe on one sees the calls of both.
 *
 * @throws {FormatError} where the resolver or the list of functions is broken
 */
export function ifuncTargets(elf: Elf, symbol: ElfSymbol): number[] {
  if (symbol.type !== SYMBOL_TYPE.IFUNC) return [];
  const offset = fileOffset(elf, symbol.value);
  if (offset === undefined) return [];
  const { value: start, size } = symbol;
  const file = new Reader(elf.bytes, "ELF");
  const code = file.slice(offset, Math.min(size, LONGEST_RESOLVER), "an IFUNC resolver");
  const isStart = functionStarts(elf);
  const isTarget = (address: number) =>
    (address < start || address >= start + size) && isExecutable(elf, address) && isStart(address);
  const targets = new Set(mentionedAddresses(elf.machine, code, start).filter(isTarget));
  return [...targets].sort((a, b) => a - b);
}

function mentionedAddresses(machine: number, code: Uint8Array, start: number): number[] {
  if (machine === MACHINE.X86_64) return leaTargets(code, start);
  if (machine === MACHINE.AARCH64) return adrTargets(code, start);
  return [];
}

const LEA = 0x8d;
const LEA_SIZE = 7;

/** `lea r64, [rip + disp32]`: REX with W, 8d, ModRM with mod 0 and rm 5, then the displacement from the next instruction. */
function leaTargets(code: Uint8Array, start: number): number[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const targets: number[] = [];
  for (let at = 0; at + LEA_SIZE <= code.length; at++) {
    const isRexW = (view.getUint8(at) & 0xf8) === 0x48;
    const isRipRelative = (view.getUint8(at + 2) & 0xc7) === 0x05;
    if (!isRexW || view.getUint8(at + 1) !== LEA || !isRipRelative) continue;
    targets.push(start + at + LEA_SIZE + view.getInt32(at + 3, true));
  }
  return targets;
}

/** `adr`, and `adrp` with each `add` that uses its register later on. */
function adrTargets(code: Uint8Array, start: number): number[] {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const pages = new Map<number, number>();
  const targets: number[] = [];
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const instruction = view.getUint32(at, true);
    const pc = start + at;
    if (isAdrp(instruction)) {
      pages.set(instruction & 31, pc - pc % 4096 + adrOffset(instruction) * 4096);
    } else if (isAdr(instruction)) {
      targets.push(pc + adrOffset(instruction));
    } else if (isAddImmediate(instruction)) {
      const page = pages.get((instruction >>> 5) & 31);
      if (page !== undefined) targets.push(page + addImmediate(instruction));
    }
  }
  return targets;
}

function isAdrp(instruction: number): boolean {
  return (instruction & 0x9f000000) >>> 0 === 0x90000000;
}

function isAdr(instruction: number): boolean {
  return (instruction & 0x9f000000) >>> 0 === 0x10000000;
}

/** The signed 21 bits of `adr` (bytes) and `adrp` (pages): immhi in bits 5 to 23, immlo in bits 29 and 30. */
function adrOffset(instruction: number): number {
  const high = (instruction << 8) >> 13;
  const low = (instruction >>> 29) & 3;
  return high * 4 + low;
}

/** `add x, x, #imm`, 64 bits */
function isAddImmediate(instruction: number): boolean {
  return (instruction & 0xff800000) >>> 0 === 0x91000000;
}

function addImmediate(instruction: number): number {
  const immediate = (instruction >>> 10) & 0xfff;
  const isShifted = (instruction & (1 << 22)) !== 0;
  return isShifted ? immediate * 4096 : immediate;
}

function isExecutable(elf: Elf, address: number): boolean {
  const isIn = (start: number, size: number) => address >= start && address < start + size;
  if (elf.sections.length === 0) {
    return elf.segments.some((segment) =>
      (segment.flags & SEGMENT_FLAG.X) !== 0 && isIn(segment.vaddr, segment.filesz)
    );
  }
  return elf.sections.some((section) =>
    (section.flags & SECTION_FLAG.EXECINSTR) !== 0 && isIn(section.addr, section.size)
  );
}

/** True for addresses where a function starts. */
type IsFunctionStart = (address: number) => boolean;

const aligned: IsFunctionStart = (address) => address % 16 === 0;

function functionStarts(elf: Elf): IsFunctionStart {
  const isEhFrame = (segment: ElfSegment) => segment.type === PT_GNU_EH_FRAME;
  const segment = elf.segments.find(isEhFrame);
  return segment === undefined ? aligned : listedStarts(segment) ?? aligned;
}

/** `DW_EH_PE_udata4`, and `DW_EH_PE_datarel | DW_EH_PE_sdata4`: what linkers write. */
const COUNT_ENCODING = 0x03;
const TABLE_ENCODING = 0x3b;
const TABLE_AT = 12;
const TABLE_ENTRY_SIZE = 8;

/** Searches the sorted table of `.eh_frame_hdr`, whose addresses are relative to itself. */
function listedStarts(segment: ElfSegment): IsFunctionStart | undefined {
  const header = new Reader(segment.data(), "ELF", ".eh_frame_hdr");
  const isKnown = header.u8(0, "its version") === 1 &&
    header.u8(2, "its count's encoding") === COUNT_ENCODING &&
    header.u8(3, "its table's encoding") === TABLE_ENCODING;
  if (!isKnown) return undefined;
  const count = header.u32(8, "its count");
  header.check(TABLE_AT, count * TABLE_ENTRY_SIZE, "the table of functions");
  const startOf = (i: number) =>
    segment.vaddr + header.s32(TABLE_AT + i * TABLE_ENTRY_SIZE, "a function");
  return (address) => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (startOf(middle) < address) low = middle + 1;
      else high = middle;
    }
    return low < count && startOf(low) === address;
  };
}
