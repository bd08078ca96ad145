/** From the intermediate representation to BPF: real registers, real instructions. */

import { type Assembled, Assembler, type Label, type Source } from "../../ffi/asm/assembler.ts";
import { HELPER } from "../../ffi/asm/helpers.ts";
import { fitsImmediate, FRAME_POINTER, type Register } from "../../ffi/asm/instruction.ts";
import { liveness, withoutDeadCode } from "./flow.ts";
import type { Argument, Base, Instruction, IrLabel, Operand, VirtualRegister } from "./ir.ts";
import { allocate, type Home } from "./regalloc.ts";

/** What the kernel gives a program of stack. */
export const MOST_STACK = 512;

// Values on the stack pass through these; nothing lives in them.
const FIRST: Register = 0;
const SECOND: Register = 1;

/** The program needs more stack than there is. */
export class StackOverflow extends Error {}

/**
 * Emits a program or function that uses `stackSize` bytes of stack for data.
 *
 * @throws {StackOverflow}
 */
export function emit(
  code: readonly Instruction[],
  stackSize: number,
): { readonly assembled: Assembled; readonly stackUsed: number } {
  let whole = withoutDeadCode(code);
  let { intervals, unwritten } = liveness(whole);
  if (unwritten.length > 0) {
    whole = withZeros(whole, unwritten);
    ({ intervals } = liveness(whole));
  }
  const { homes, stackSize: used } = allocate(whole, intervals, stackSize);
  if (used > MOST_STACK) throw new StackOverflow(`${used} bytes of stack`);
  return { assembled: new Emitter(homes).emit(whole), stackUsed: used };
}

/** The verifier lets nobody read what nobody wrote. */
function withZeros(
  code: readonly Instruction[],
  unwritten: readonly VirtualRegister[],
): Instruction[] {
  const zeros = unwritten.map((dst): Instruction => ({ op: "move", dst, src: 0n }));
  const head = code.findIndex(({ op }) => op !== "parameter" && op !== "line");
  return code.toSpliced(head, 0, ...zeros);
}

class Emitter {
  readonly #assembler = new Assembler();
  readonly #homes: ReadonlyMap<VirtualRegister, Home>;
  readonly #labels = new Map<number, Label>();

  constructor(homes: ReadonlyMap<VirtualRegister, Home>) {
    this.#homes = homes;
  }

  emit(code: readonly Instruction[]): Assembled {
    for (const instruction of code) this.#instruction(instruction);
    return this.#assembler.assemble();
  }

  #instruction(instruction: Instruction): void {
    const out = this.#assembler;
    switch (instruction.op) {
      case "parameter":
        return this.#write(instruction.dst, instruction.index);
      case "move":
        return this.#move(instruction.dst, instruction.src);
      case "alu":
        return this.#alu(instruction);
      case "negate": {
        const dst = this.#target(instruction.dst);
        this.#into(dst, instruction.src);
        out.negate(dst);
        return this.#write(instruction.dst, dst);
      }
      case "swap": {
        const dst = this.#target(instruction.dst);
        this.#into(dst, instruction.src);
        out.byteSwap(dst, instruction.bits);
        return this.#write(instruction.dst, dst);
      }
      case "extend": {
        const dst = this.#target(instruction.dst);
        this.#into(dst, instruction.src);
        const shift = { immediate: 64 - instruction.bits };
        out.alu("lsh", dst, shift);
        out.alu(instruction.signed ? "arsh" : "rsh", dst, shift);
        return this.#write(instruction.dst, dst);
      }
      case "load": {
        const dst = this.#target(instruction.dst);
        out.load(dst, this.#base(instruction.base, SECOND), instruction.offset, instruction.size);
        return this.#write(instruction.dst, dst);
      }
      case "store": {
        const base = this.#base(instruction.base, SECOND);
        const source = this.#source(instruction.src, FIRST);
        return out.store(base, instruction.offset, instruction.size, source);
      }
      case "atomicAdd": {
        const source = this.#read(instruction.src, FIRST);
        return out.atomicAdd(this.#base(instruction.base, SECOND), instruction.offset, source);
      }
      case "address": {
        const dst = this.#target(instruction.dst);
        this.#address(dst, instruction.base, instruction.offset);
        if (instruction.field !== undefined) out.addField(dst, instruction.field);
        return this.#write(instruction.dst, dst);
      }
      case "index": {
        this.#into(FIRST, instruction.index);
        const label = this.#label(instruction.otherwise);
        out.branch("gt", FIRST, { immediate: instruction.most }, label);
        this.#into(SECOND, instruction.base);
        out.alu("add", SECOND, { register: FIRST });
        return this.#write(instruction.dst, SECOND);
      }
      case "symbol": {
        const dst = this.#target(instruction.dst);
        out.symbol(dst, instruction.symbol, instruction.addend);
        return this.#write(instruction.dst, dst);
      }
      case "call": {
        this.#arguments(instruction.args);
        out.call(HELPER[instruction.helper]);
        if (instruction.dst !== undefined) this.#write(instruction.dst, FIRST);
        return;
      }
      case "jump":
        return out.jump(this.#label(instruction.target));
      case "branch": {
        const right = this.#source(instruction.right, SECOND);
        const left = this.#read(instruction.left, FIRST);
        return out.branch(instruction.condition, left, right, this.#label(instruction.target));
      }
      case "label":
        return out.place(this.#label(instruction.label));
      case "line":
        return out.line(instruction.line, instruction.column);
      case "exit":
        out.constant(0, instruction.result);
        return out.exit();
    }
  }

  #alu({ dst, left, right, operation }: Extract<Instruction, { op: "alu" }>): void {
    const out = this.#assembler;
    const target = this.#target(dst);
    let source = this.#source(right, SECOND);
    if ("register" in source && source.register === target && left !== dst) {
      out.alu("mov", SECOND, source);
      source = { register: SECOND };
    }
    this.#into(target, left);
    out.alu(operation, target, source);
    this.#write(dst, target);
  }

  /** The registers 1 to 5: moves between registers first, all at once; then what comes from elsewhere; then the bounds. */
  #arguments(args: readonly Argument[]): void {
    const out = this.#assembler;
    const standing = args.map((arg) => this.#standsIn(arg));
    this.#moveAll(standing);
    args.forEach((arg, i) => {
      const to = i + 1 as Register;
      if (standing[i] === undefined) this.#argument(to, arg);
      else if (typeof arg === "object" && "base" in arg && arg.offset !== 0) {
        out.alu("add", to, { immediate: arg.offset });
      }
    });
    args.forEach((arg, i) => {
      if (typeof arg !== "object" || !("bounded" in arg)) return;
      const label = this.#label(arg.otherwise);
      out.branch("gt", i + 1 as Register, { immediate: arg.most }, label);
    });
  }

  /** The real register that has an argument, or what its address counts from. */
  #standsIn(arg: Argument): Register | undefined {
    const source = sourceOf(arg);
    const home = source === undefined ? undefined : this.#homes.get(source);
    return home !== undefined && "register" in home ? home.register : undefined;
  }

  #argument(to: Register, arg: Argument): void {
    if (typeof arg !== "object") this.#into(to, arg);
    else if ("map" in arg) this.#assembler.symbol(to, arg.map);
    else if ("callback" in arg) this.#assembler.functionAddress(to, arg.callback);
    else if ("bounded" in arg) this.#into(to, arg.bounded);
    else this.#address(to, arg.base, arg.offset);
  }

  /** Fills the registers 1 to 5, each from the one that is given for it, as if all happened at once. */
  #moveAll(sources: readonly (Register | undefined)[]): void {
    let waiting: Move[] = [];
    sources.forEach((from, i) => {
      const to = i + 1 as Register;
      if (from !== undefined && from !== to) waiting.push({ to, from });
    });
    while (waiting.length > 0) {
      const ready = waiting.find(({ to }) => waiting.every(({ from }) => from !== to));
      if (ready !== undefined) {
        this.#assembler.alu("mov", ready.to, { register: ready.from });
        waiting = waiting.filter((move) => move !== ready);
        continue;
      }
      // Only circles are left: the free register opens one.
      const { from } = waiting[0]!;
      this.#assembler.alu("mov", FIRST, { register: from });
      waiting = waiting.map((move) => move.from === from ? { ...move, from: FIRST } : move);
    }
  }

  #move(dst: VirtualRegister, src: Operand): void {
    const home = this.#homes.get(dst);
    if (home === undefined) return; // never read
    if ("register" in home) return this.#into(home.register, src);
    this.#assembler.store(FRAME_POINTER, home.stack, 8, { register: this.#read(src, FIRST) });
  }

  /** The register that an instruction may write its result to, before it goes home. */
  #target(dst: VirtualRegister): Register {
    const home = this.#homes.get(dst);
    return home !== undefined && "register" in home ? home.register : FIRST;
  }

  #write(dst: VirtualRegister, from: Register): void {
    const home = this.#homes.get(dst);
    if (home === undefined) return;
    if ("stack" in home) this.#assembler.store(FRAME_POINTER, home.stack, 8, { register: from });
    else if (home.register !== from) {
      this.#assembler.alu("mov", home.register, { register: from });
    }
  }

  /** Puts a value into a certain register. */
  #into(register: Register, operand: Operand): void {
    if (typeof operand === "bigint") return this.#assembler.constant(register, operand);
    const home = this.#home(operand);
    if ("stack" in home) this.#assembler.load(register, FRAME_POINTER, home.stack, 8);
    else if (home.register !== register) {
      this.#assembler.alu("mov", register, { register: home.register });
    }
  }

  /** A register that has the value: its own, or `spare`. */
  #read(operand: Operand, spare: Register): Register {
    if (typeof operand === "number") {
      const home = this.#home(operand);
      if ("register" in home) return home.register;
    }
    this.#into(spare, operand);
    return spare;
  }

  #source(operand: Operand, spare: Register): Source {
    if (typeof operand === "bigint" && fitsImmediate(operand)) {
      return { immediate: Number(BigInt.asIntN(32, operand)) };
    }
    return { register: this.#read(operand, spare) };
  }

  #base(base: Base, spare: Register): Register {
    return base === "stack" ? FRAME_POINTER : this.#read(base, spare);
  }

  #address(dst: Register, base: Base, offset: number): void {
    const out = this.#assembler;
    if (base === "stack") out.alu("mov", dst, { register: FRAME_POINTER });
    else this.#into(dst, base);
    if (offset !== 0) out.alu("add", dst, { immediate: offset });
  }

  #home(register: VirtualRegister): Home {
    const home = this.#homes.get(register);
    if (home === undefined) throw new RangeError(`Virtual register ${register} lives nowhere`);
    return home;
  }

  #label({ label }: IrLabel): Label {
    const known = this.#labels.get(label) ?? this.#assembler.label();
    this.#labels.set(label, known);
    return known;
  }
}

interface Move {
  readonly to: Register;
  readonly from: Register;
}

function sourceOf(arg: Argument): VirtualRegister | undefined {
  if (typeof arg === "number") return arg;
  if (typeof arg === "bigint" || "map" in arg || "callback" in arg) return undefined;
  if ("bounded" in arg) return arg.bounded;
  return arg.base === "stack" ? undefined : arg.base;
}
