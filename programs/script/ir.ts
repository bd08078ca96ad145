/** The intermediate representation: instructions on any number of virtual registers, before real ones are chosen. */

import type { KernelField } from "../../ffi/asm/assembler.ts";
import type { AccessSize, AluOperation, Condition } from "../../ffi/asm/instruction.ts";
import type { HelperName } from "../../ffi/asm/helpers.ts";

/** A virtual register: 64 bits. It may be written more than once. */
export type VirtualRegister = number;

/** A virtual register, or (as a bigint) a constant. */
export type Operand = VirtualRegister | bigint;

/** Where an address counts from: a virtual register, or the end of the stack. */
export type Base = VirtualRegister | "stack";

/** A place to jump to. */
export type IrLabel = { readonly label: number };

/** What a helper is given. */
export type Argument =
  | Operand
  /** The address `base + offset` */
  | { readonly base: Base; readonly offset: number }
  /** A map */
  | { readonly map: string }
  /** A function that the helper is to call */
  | { readonly callback: string }
  /** A value of at most `most`: where it is more, the call does not happen and the program goes on at `otherwise`. */
  | { readonly bounded: VirtualRegister; readonly most: number; readonly otherwise: IrLabel };

/** An instruction. */
export type Instruction =
  /** What the program, or a function, was given: the first has index 1. They come before all else. */
  | { readonly op: "parameter"; readonly dst: VirtualRegister; readonly index: 1 | 2 | 3 | 4 }
  | { readonly op: "move"; readonly dst: VirtualRegister; readonly src: Operand }
  | {
    readonly op: "alu";
    readonly operation: AluOperation;
    readonly dst: VirtualRegister;
    readonly left: Operand;
    readonly right: Operand;
  }
  | { readonly op: "negate"; readonly dst: VirtualRegister; readonly src: Operand }
  | {
    readonly op: "swap";
    readonly dst: VirtualRegister;
    readonly src: Operand;
    readonly bits: 16 | 32 | 64;
  }
  /** The lowest bits, with zeros or the sign above. */
  | {
    readonly op: "extend";
    readonly dst: VirtualRegister;
    readonly src: Operand;
    readonly bits: number;
    readonly signed: boolean;
  }
  | {
    readonly op: "load";
    readonly dst: VirtualRegister;
    readonly base: Base;
    readonly offset: number;
    readonly size: AccessSize;
  }
  | {
    readonly op: "store";
    readonly base: Base;
    readonly offset: number;
    readonly size: AccessSize;
    readonly src: Operand;
  }
  | {
    readonly op: "atomicAdd";
    readonly base: VirtualRegister;
    readonly offset: number;
    readonly src: Operand;
  }
  | {
    readonly op: "address";
    readonly dst: VirtualRegister;
    readonly base: Base;
    readonly offset: number;
    /** Of this field of what begins there. */
    readonly field?: KernelField;
  }
  /** `dst = base + index`, where the index is at most `most`; else the program goes on at `otherwise`. */
  | {
    readonly op: "index";
    readonly dst: VirtualRegister;
    readonly base: VirtualRegister;
    readonly index: VirtualRegister;
    readonly most: number;
    readonly otherwise: IrLabel;
  }
  | {
    readonly op: "symbol";
    readonly dst: VirtualRegister;
    readonly symbol: string;
    readonly addend: number;
  }
  | {
    readonly op: "call";
    readonly dst: VirtualRegister | undefined;
    readonly helper: HelperName;
    readonly args: readonly Argument[];
  }
  | { readonly op: "jump"; readonly target: IrLabel }
  | {
    readonly op: "branch";
    readonly condition: Condition;
    readonly left: Operand;
    readonly right: Operand;
    readonly target: IrLabel;
  }
  | { readonly op: "label"; readonly label: IrLabel }
  | { readonly op: "line"; readonly line: number; readonly column: number }
  | { readonly op: "exit"; readonly result: bigint };

/** The virtual registers that an instruction reads. */
export function usesOf(instruction: Instruction): readonly VirtualRegister[] {
  switch (instruction.op) {
    case "move":
    case "negate":
    case "swap":
    case "extend":
      return registers(instruction.src);
    case "alu":
    case "branch":
      return registers(instruction.left, instruction.right);
    case "load":
    case "address":
      return registers(instruction.base);
    case "store":
    case "atomicAdd":
      return registers(instruction.base, instruction.src);
    case "index":
      return registers(instruction.base, instruction.index);
    case "call":
      return instruction.args.flatMap((arg) => registers(registerIn(arg)));
    default:
      return NONE;
  }
}

/** The virtual register that an instruction writes. */
export function definitionOf(instruction: Instruction): VirtualRegister | undefined {
  return "dst" in instruction ? instruction.dst : undefined;
}

/** Whether an instruction does nothing but write its register. */
export function isPure({ op }: Instruction): boolean {
  return op === "move" || op === "alu" || op === "negate" || op === "swap" || op === "extend" ||
    op === "address" || op === "symbol" || op === "load" || op === "parameter";
}

/** The labels that an instruction may jump to. */
export function targetsOf(instruction: Instruction): readonly IrLabel[] {
  switch (instruction.op) {
    case "jump":
    case "branch":
      return [instruction.target];
    case "index":
      return [instruction.otherwise];
    case "call":
      return instruction.args.flatMap((arg) =>
        typeof arg === "object" && "bounded" in arg ? [arg.otherwise] : []
      );
    default:
      return NONE;
  }
}

/** Whether the program never goes on behind an instruction. */
export function isEnd({ op }: Instruction): boolean {
  return op === "jump" || op === "exit";
}

// Most instructions jump nowhere, and many read nothing.
const NONE: readonly never[] = [];

function registers(
  first: Operand | "stack" | undefined,
  second?: Operand | "stack",
): readonly VirtualRegister[] {
  if (typeof first !== "number") return typeof second === "number" ? [second] : NONE;
  return typeof second === "number" ? [first, second] : [first];
}

function registerIn(arg: Argument): Operand | "stack" | undefined {
  if (typeof arg !== "object") return arg;
  if ("bounded" in arg) return arg.bounded;
  return "base" in arg ? arg.base : undefined;
}

/** The code of one program, as it is written. */
export class IrBuilder {
  readonly code: Instruction[] = [];
  #registers = 0;
  #labels = 0;

  /** A virtual register that was not used yet. */
  register(): VirtualRegister {
    return this.#registers++;
  }

  get registerCount(): number {
    return this.#registers;
  }

  label(): IrLabel {
    return { label: this.#labels++ };
  }

  add(instruction: Instruction): void {
    this.code.push(instruction);
  }

  /** Adds an instruction that writes a new register, which it gives. */
  define(make: (dst: VirtualRegister) => Instruction): VirtualRegister {
    const dst = this.register();
    this.add(make(dst));
    return dst;
  }

  place(label: IrLabel): void {
    this.add({ op: "label", label });
  }

  jump(target: IrLabel): void {
    this.add({ op: "jump", target });
  }

  branch(condition: Condition, left: Operand, right: Operand, target: IrLabel): void {
    this.add({ op: "branch", condition, left, right, target });
  }

  /** 1 where a condition holds, else 0. */
  holds(condition: Condition, left: Operand, right: Operand): VirtualRegister {
    const result = this.define((dst) => ({ op: "move", dst, src: 1n }));
    const end = this.label();
    this.branch(condition, left, right, end);
    this.add({ op: "move", dst: result, src: 0n });
    this.place(end);
    return result;
  }

  alu(operation: AluOperation, left: Operand, right: Operand): VirtualRegister {
    return this.define((dst) => ({ op: "alu", operation, dst, left, right }));
  }

  load(base: Base, offset: number, size: AccessSize): VirtualRegister {
    return this.define((dst) => ({ op: "load", dst, base, offset, size }));
  }

  store(base: Base, offset: number, size: AccessSize, src: Operand): void {
    this.add({ op: "store", base, offset, size, src });
  }

  call(helper: HelperName, ...args: readonly Argument[]): VirtualRegister {
    return this.define((dst) => ({ op: "call", dst, helper, args }));
  }
}
