/**
 * BPF instructions: their numbers and their bytes.
 *
 * @see https://docs.kernel.org/bpf/standardization/instruction-set.html
 */

/** A register: 0 has results, 1 to 5 arguments, 6 to 9 survive calls, 10 is the frame pointer. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** The frame pointer: the end of the 512 bytes of stack. */
export const FRAME_POINTER: Register = 10;

/** Arithmetic on 64 bits, by the names of `BPF_ADD` and its like. */
export const ALU = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
} as const;

/** An operation of two 64-bit values; `div`, `mod`, `rsh` are unsigned. */
export type AluOperation = Exclude<keyof typeof ALU, "neg" | "mov">;

/** Conditions, by the names of `BPF_JEQ` and its like; those with an `s` are signed. */
export const JUMP = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
} as const;

/** A comparison of two 64-bit values. */
export type Condition = keyof typeof JUMP;

/** Bytes that a load or store moves. */
export type AccessSize = 1 | 2 | 4 | 8;

/** The size bits of a load or store: `BPF_B`, `BPF_H`, `BPF_W`, `BPF_DW`. */
export const SIZE_BITS: Readonly<Record<AccessSize, number>> = {
  1: 0x10,
  2: 0x08,
  4: 0x00,
  8: 0x18,
};

export const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, jmp: 5, alu64: 7, alu: 4 } as const;
export const MODE_MEM = 0x60;
export const MODE_ATOMIC = 0xc0;
export const SOURCE_REGISTER = 0x08;
export const JUMP_ALWAYS = 0x00;
export const CALL = 0x80;
export const EXIT = 0x90;
export const BYTE_SWAP = 0xd0;
/** `src` of a 64-bit immediate that stands for a map, for an address inside of a map's value, and for a function. */
export const PSEUDO = { map: 1, mapValue: 2, function: 4 } as const;

/** Bytes of one instruction; a 64-bit immediate takes two. */
export const INSTRUCTION_SIZE = 8;

/** The fields of one instruction. */
export interface Instruction {
  readonly opcode: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly immediate: number;
}

/** Reads an instruction. */
export function decodeInstruction(view: DataView, at: number): Instruction {
  const registers = view.getUint8(at + 1);
  return {
    opcode: view.getUint8(at),
    dst: registers & 15,
    src: registers >> 4,
    offset: view.getInt16(at + 2, true),
    immediate: view.getInt32(at + 4, true),
  };
}

/** Whether an integer fits into the 32 signed bits of an immediate. */
export function fitsImmediate(value: bigint): boolean {
  return BigInt.asIntN(32, value) === BigInt.asIntN(64, value);
}
