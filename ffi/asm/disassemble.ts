/** Writes instructions as the kernel's verifier does: `r1 = *(u64 *)(r10 -8)`. */

import { helperName } from "./helpers.ts";
import {
  ALU,
  BYTE_SWAP,
  CALL,
  CLASS,
  decodeInstruction,
  EXIT,
  type Instruction,
  INSTRUCTION_SIZE,
  JUMP,
  JUMP_ALWAYS,
  MODE_ATOMIC,
  SIZE_BITS,
  SOURCE_REGISTER,
} from "./instruction.ts";

const SIGNS: Readonly<Record<string, string>> = {
  add: "+=",
  sub: "-=",
  mul: "*=",
  div: "/=",
  or: "|=",
  and: "&=",
  lsh: "<<=",
  rsh: ">>=",
  mod: "%=",
  xor: "^=",
  mov: "=",
  arsh: "s>>=",
};

const CONDITIONS: Readonly<Record<string, string>> = {
  eq: "==",
  gt: ">",
  ge: ">=",
  set: "&",
  ne: "!=",
  sgt: "s>",
  sge: "s>=",
  lt: "<",
  le: "<=",
  slt: "s<",
  sle: "s<=",
};

/** The lines of a program: its number, then the instruction. `symbols` are names for immediates, by their offset in bytes. */
export function disassemble(
  bytes: Uint8Array,
  symbols: ReadonlyMap<number, string> = new Map(),
): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += INSTRUCTION_SIZE) {
    const instruction = decodeInstruction(view, at);
    const number = at / INSTRUCTION_SIZE;
    if (instruction.opcode === (CLASS.ld | SIZE_BITS[8])) {
      const high = BigInt(view.getInt32(at + 12, true));
      const value = high << 32n | BigInt(instruction.immediate >>> 0);
      const symbol = symbols.get(at);
      const shown = symbol === undefined
        ? value.toString()
        : value === 0n
        ? symbol
        : `${symbol}+${value}`;
      lines.push(`${number}: r${instruction.dst} = ${shown} ll`);
      at += INSTRUCTION_SIZE;
    } else lines.push(`${number}: ${instructionText(instruction, number, symbols.get(at))}`);
  }
  return lines;
}

function instructionText(instruction: Instruction, number: number, symbol?: string): string {
  const { opcode, dst, src, offset, immediate } = instruction;
  const source = opcode & SOURCE_REGISTER ? `r${src}` : symbol ?? String(immediate);
  const size = `u${sizeOf(opcode) * 8}`;
  switch (opcode & 7) {
    case CLASS.ldx:
      return `r${dst} = *(${size} *)(r${src} ${signed(offset)})`;
    case CLASS.st:
      return `*(${size} *)(r${dst} ${signed(offset)}) = ${immediate}`;
    case CLASS.stx: {
      const place = `*(${size} *)(r${dst} ${signed(offset)})`;
      return (opcode & 0xe0) === MODE_ATOMIC ? `lock ${place} += r${src}` : `${place} = r${src}`;
    }
    case CLASS.jmp:
      return jumpText(instruction, source, number);
    case CLASS.alu:
      if ((opcode & 0xf0) === BYTE_SWAP) return `r${dst} = be${immediate} r${dst}`;
      break;
    case CLASS.alu64: {
      const name = nameOf(ALU, opcode & 0xf0);
      if (name === "neg") return `r${dst} = -r${dst}`;
      return `r${dst} ${SIGNS[name]} ${source}`;
    }
  }
  return `opcode 0x${opcode.toString(16)}`;
}

function jumpText(
  { opcode, dst, offset, immediate }: Instruction,
  source: string,
  number: number,
): string {
  const target = number + offset + 1;
  switch (opcode & 0xf0) {
    case CALL:
      return `call ${helperName(immediate)}`;
    case EXIT:
      return "exit";
    case JUMP_ALWAYS:
      return `goto ${target}`;
    default: {
      const condition = CONDITIONS[nameOf(JUMP, opcode & 0xf0)];
      return `if r${dst} ${condition} ${source} goto ${target}`;
    }
  }
}

function nameOf(table: Readonly<Record<string, number>>, code: number): string {
  return Object.entries(table).find(([, value]) => value === code)?.[0] ?? "";
}

function sizeOf(opcode: number): number {
  const found = Object.entries(SIZE_BITS).find(([, bits]) => bits === (opcode & 0x18));
  return Number(found?.[0] ?? 8);
}

function signed(offset: number): string {
  return offset < 0 ? String(offset) : `+${offset}`;
}
