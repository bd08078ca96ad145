/** Assembles the instructions of one program: labels in both directions, relocations, and where each came from. */

import {
  type AccessSize,
  ALU,
  type AluOperation,
  BYTE_SWAP,
  CALL,
  CLASS,
  type Condition,
  EXIT,
  fitsImmediate,
  type Instruction,
  INSTRUCTION_SIZE,
  JUMP,
  JUMP_ALWAYS,
  MODE_ATOMIC,
  MODE_MEM,
  PSEUDO,
  type Register,
  SIZE_BITS,
  SOURCE_REGISTER,
} from "./instruction.ts";

/** A place in a program, defined once by {@linkcode Assembler.place}. */
export type Label = number;

/** What the second operand of an operation is: a register, or a number of at most 32 bits. */
export type Source = { readonly register: Register } | { readonly immediate: number };

/** An instruction whose immediate the loader fills in: the map's file descriptor, or the address of a section. */
export interface Relocation {
  /** In bytes, from the start of the program. */
  readonly offset: number;
  readonly symbol: string;
}

/** A field of one of the kernel's structs: where it is, is found when a program is loaded (CO-RE). */
export interface KernelField {
  /** The struct's name, without `struct`. */
  readonly struct: string;
  /** From the outside in: each but the last is a struct. */
  readonly members: readonly string[];
  /** In bytes. */
  readonly size: 1 | 2 | 4 | 8;
}

/** An instruction whose immediate the loader sets to the place of a field in its struct. */
export interface FieldRelocation {
  /** In bytes, from the start of the program. */
  readonly offset: number;
  readonly field: KernelField;
}

/** Says which line of the source the instructions from `offset` (in bytes) on come from. */
export interface LineMark {
  readonly offset: number;
  /** From 1 */
  readonly line: number;
  /** From 1 */
  readonly column: number;
}

/** A program, assembled. */
export interface Assembled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly relocations: readonly Relocation[];
  readonly fields: readonly FieldRelocation[];
  /** Sorted by offset; the first is at 0. */
  readonly lines: readonly LineMark[];
}

interface Jump {
  /** The number of its instruction. */
  readonly at: number;
  readonly label: Label;
}

/** An instruction; what is left out is 0. */
type Parts = Partial<Instruction> & Pick<Instruction, "opcode">;

const WORDS = INSTRUCTION_SIZE / 4;
const OFFSET_SHIFT = 16;

/** Collects instructions, then {@linkcode assemble}s them. */
export class Assembler {
  /** The instructions as they are in memory, two words each. */
  readonly #words: number[] = [];
  readonly #places: (number | undefined)[] = [];
  readonly #jumps: Jump[] = [];
  readonly #relocations: Relocation[] = [];
  readonly #fields: FieldRelocation[] = [];
  readonly #lines: LineMark[] = [];

  /** The number of instructions so far; a 64-bit immediate counts twice. */
  get length(): number {
    return this.#words.length / WORDS;
  }

  /** Makes a label, to be placed later or at once. */
  label(): Label {
    return this.#places.push(undefined) - 1;
  }

  /** Places a label before the next instruction. */
  place(label: Label): void {
    if (this.#places[label] !== undefined) throw new RangeError(`Label ${label} is placed twice`);
    this.#places[label] = this.length;
  }

  /** Says where the next instructions come from. */
  line(line: number, column: number): void {
    const offset = this.length * INSTRUCTION_SIZE;
    const last = this.#lines.at(-1);
    if (last?.line === line && last.column === column) return;
    if (last?.offset === offset) this.#lines.pop();
    this.#lines.push({ offset, line, column });
  }

  /** `dst op= source`, on 64 bits. */
  alu(operation: AluOperation | "mov", dst: Register, source: Source): void {
    this.#withSource(CLASS.alu64 | ALU[operation], dst, source);
  }

  /** `dst = -dst` */
  negate(dst: Register): void {
    this.#add({ opcode: CLASS.alu64 | ALU.neg, dst });
  }

  /** Turns the lowest `bits` of `dst` around, from little to big endian; the rest becomes 0. */
  byteSwap(dst: Register, bits: 16 | 32 | 64): void {
    this.#add({ opcode: CLASS.alu | BYTE_SWAP | SOURCE_REGISTER, dst, immediate: bits });
  }

  /** `dst = value`, any 64-bit value. */
  constant(dst: Register, value: bigint): void {
    if (fitsImmediate(value)) {
      this.alu("mov", dst, { immediate: Number(BigInt.asIntN(32, value)) });
    } else this.#wide(dst, 0, value);
  }

  /** `dst =` the map, or the address `addend` bytes into the section, of a symbol: filled in when it is loaded. */
  symbol(dst: Register, symbol: string, addend = 0): void {
    this.#relocations.push({ offset: this.length * INSTRUCTION_SIZE, symbol });
    this.#wide(dst, 0, BigInt(addend));
  }

  /** `dst =` the address of a function of the object, as callbacks are given: filled in when it is loaded. */
  functionAddress(dst: Register, symbol: string): void {
    this.#relocations.push({ offset: this.length * INSTRUCTION_SIZE, symbol });
    this.#wide(dst, PSEUDO.function, 0n);
  }

  /** `dst +=` the place of a field in its struct: filled in when it is loaded. */
  addField(dst: Register, field: KernelField): void {
    this.#fields.push({ offset: this.length * INSTRUCTION_SIZE, field });
    this.alu("add", dst, { immediate: 0 });
  }

  /** `dst = *(size *)(base + offset)`, zeros above. */
  load(dst: Register, base: Register, offset: number, size: AccessSize): void {
    this.#add({ opcode: CLASS.ldx | MODE_MEM | SIZE_BITS[size], dst, src: base, offset });
  }

  /** `*(size *)(base + offset) = source` */
  store(base: Register, offset: number, size: AccessSize, source: Source): void {
    const access = MODE_MEM | SIZE_BITS[size];
    if ("register" in source) {
      this.#add({ opcode: CLASS.stx | access, dst: base, src: source.register, offset });
    } else {
      const { immediate } = source;
      this.#add({ opcode: CLASS.st | access, dst: base, offset, immediate });
    }
  }

  /** `*(u64 *)(base + offset) += source`, atomically. */
  atomicAdd(base: Register, offset: number, source: Register): void {
    this.#add({ opcode: CLASS.stx | MODE_ATOMIC | SIZE_BITS[8], dst: base, src: source, offset });
  }

  jump(label: Label): void {
    this.#jump(label, { opcode: CLASS.jmp | JUMP_ALWAYS });
  }

  /** Jumps where `left condition right` holds. */
  branch(condition: Condition, left: Register, right: Source, label: Label): void {
    const opcode = CLASS.jmp | JUMP[condition];
    if ("register" in right) {
      this.#jump(label, { opcode: opcode | SOURCE_REGISTER, dst: left, src: right.register });
    } else this.#jump(label, { opcode, dst: left, immediate: right.immediate });
  }

  /** Calls a helper by its number. */
  call(helper: number): void {
    this.#add({ opcode: CLASS.jmp | CALL, immediate: helper });
  }

  exit(): void {
    this.#add({ opcode: CLASS.jmp | EXIT });
  }

  /**
   * Fills in the jumps.
   *
   * @throws {RangeError} where a label was never placed, or is further away than a jump reaches
   */
  assemble(): Assembled {
    for (const { at, label } of this.#jumps) {
      this.#words[at * WORDS]! |= this.#distance(at, label) << OFFSET_SHIFT;
    }
    // Little-endian, as the machines are that gimlet runs on.
    const bytes = new Uint8Array(Int32Array.from(this.#words).buffer);
    return { bytes, relocations: this.#relocations, fields: this.#fields, lines: this.#lines };
  }

  #distance(at: number, label: Label): number {
    const place = this.#places[label];
    if (place === undefined) throw new RangeError(`Label ${label} is not placed`);
    const distance = place - at - 1;
    if (distance < -0x8000 || distance > 0x7fff) {
      throw new RangeError(`Cannot jump over ${distance} instructions: at most 32767 are possible`);
    }
    return distance;
  }

  #withSource(opcode: number, dst: Register, source: Source): void {
    if ("register" in source) {
      this.#add({ opcode: opcode | SOURCE_REGISTER, dst, src: source.register });
    } else this.#add({ opcode, dst, immediate: source.immediate });
  }

  #wide(dst: Register, src: number, value: bigint): void {
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    this.#add({ opcode: CLASS.ld | SIZE_BITS[8], dst, src, immediate: low });
    this.#add({ opcode: 0, immediate: high });
  }

  #jump(label: Label, instruction: Parts): void {
    this.#jumps.push({ at: this.length, label });
    this.#add(instruction);
  }

  #add({ opcode, dst = 0, src = 0, offset = 0, immediate = 0 }: Parts): void {
    this.#words.push(opcode | dst << 8 | src << 12 | offset << OFFSET_SHIFT, immediate);
  }
}
