/** From a typed program to the intermediate representation: what its parts share. The rooms beside this file do the work. */

import type { HelperName } from "../../../ffi/asm/helpers.ts";
import type { Expression, MapNode, Statement } from "../ast.ts";
import type { Constants } from "../constants.ts";
import {
  type Argument,
  IrBuilder,
  type IrLabel,
  type Operand,
  type VirtualRegister,
} from "../ir.ts";
import type { ProgramTyping } from "../typing/program_typing.ts";
import { type Action, type ActionPlan, type MapPlan, NAMES, type PacketPlan } from "../plan.ts";
import type { Source, Span } from "../source.ts";
import type { Type } from "../types.ts";
import { stepsInside } from "../usage.ts";
import { hasCallback } from "./callbacks.ts";
import { branchIf, branchUnless } from "./conditions.ts";
import { gate } from "./gate.ts";
import { key, lookUp, updateMap } from "./maps.ts";
import type { Memory, Place, RecordArgument } from "./memory.ts";
import { constantAddress, copy, textInto, variable, zeroFill } from "./own_memory.ts";
import { type Ownership, ownership } from "./ownership.ts";
import { place, pointed } from "./places.ts";
import { addressOf, readBounded, readBytes, readScalar, readString } from "./reads.ts";
import { act, countLoss, stringLimit } from "./records.ts";
import { scalar } from "./scalars.ts";
import { Scratch } from "./scratch.ts";
import { statements } from "./statements.ts";
import { gateSyscalls } from "./syscalls.ts";
import { into, memory } from "./values.ts";
import { Variables } from "./variables.ts";

/** A function that programs hand to helpers, which call it. */
export interface LoweredFunction {
  readonly name: string;
  /** How many functions call each other down to it; 0 for the program. */
  readonly depth: number;
  readonly code: IrBuilder["code"];
  readonly stackSize: number;
}

/** What lowering gives. */
export interface Lowered {
  readonly code: IrBuilder["code"];
  readonly stackSize: number;
  readonly frameSize: number;
  /** Those that the program hands on, the innermost first. */
  readonly functions: readonly LoweredFunction[];
}

/** What all programs of a script share while they are lowered. */
export interface ScriptOutput {
  readonly source: Source;
  readonly maps: ReadonlyMap<string, MapPlan>;
  readonly constants: Constants;
  readonly actions: ActionPlan[];
  readonly packets: PacketPlan[];
}

/** A loop that is being lowered: where `continue` and `break` go. */
export interface Loop {
  readonly next: IrLabel;
  readonly end: IrLabel;
}

/** What a program and its callbacks have in common. */
interface Whole {
  /** Its number among the programs, which says which frame is its own. */
  readonly index: number;
  /** `++` stands inside of expressions: what is read must stay as it was read. */
  readonly copiesVariables: boolean;
  readonly functions: LoweredFunction[];
  readonly owned: Ownership;
  /** Where the frame says that a callback wants the program to end: only if there are callbacks. */
  readonly left: number | undefined;
}

/** A program that is to be lowered. */
export interface LoweredProgram {
  readonly predicate: Expression | undefined;
  readonly body: readonly Statement[];
  readonly span: Span;
  readonly index: number;
}

// Callbacks run on what the program leaves of the 512 bytes.
const STACK_FOR_DATA = 240;
const STACK_BESIDE_CALLBACKS = 96;

/** Lowers one program. */
export function lowerProgram(
  script: ScriptOutput,
  typing: ProgramTyping,
  program: LoweredProgram,
): Lowered {
  const { body, predicate, span } = program;
  const all: readonly Statement[] = predicate === undefined
    ? body
    : [...body, { kind: "if", condition: predicate, then: [], otherwise: [], span }];
  const hasCallbacks = hasCallback(all, typing);
  const ir = new IrBuilder();
  const frame = ir.register();
  const limit = hasCallbacks ? STACK_BESIDE_CALLBACKS : STACK_FOR_DATA;
  const scratch = new Scratch(frame, limit);
  const whole: Whole = {
    index: program.index,
    copiesVariables: stepsInside(all),
    functions: [],
    owned: ownership(all, typing),
    left: hasCallbacks ? scratch.inFrame(8).offset : undefined,
  };
  const l = new Lowerer({ script, typing, whole, ir, frame, scratch });
  l.line(span);
  l.context = l.parameter(1);
  scratch.within(() => gateSyscalls(l));
  scratch.within(() => gate(l));
  const frameStart = ir.code.length;
  l.findFrame(l.exit);
  const frameCode = ir.code.length - frameStart;
  if (whole.left !== undefined) ir.store(frame, whole.left, 8, 0n);
  l.variables.share(l, whole.owned.shared, all);
  l.declareLocals(all);
  if (predicate !== undefined) {
    l.line(predicate.span);
    l.branchUnless(predicate, l.exit);
  }
  statements(l, body);
  ir.place(l.exit);
  ir.add({ op: "exit", result: 0n });
  if (scratch.frameMost === 0) ir.code.splice(frameStart, frameCode);
  const { stackMost: stackSize, frameMost: frameSize } = scratch;
  return { code: ir.code, stackSize, frameSize, functions: whole.functions };
}

/** Makes the instructions of a program, or of one of its callbacks. Builtins use it to make theirs. */
export class Lowerer {
  readonly ir: IrBuilder;
  readonly typing: ProgramTyping;
  readonly script: ScriptOutput;
  readonly program: Whole;
  /** Where the frame is. */
  readonly frame: VirtualRegister;
  readonly scratch: Scratch;
  readonly variables: Variables;
  /** Where the program ends. */
  readonly exit: IrLabel;
  /** How many callbacks it is inside of. */
  readonly depth: number;
  readonly loops: Loop[] = [];
  /** The program's context. */
  context: VirtualRegister = 0;
  /** What is lowered at the moment. */
  at: Span = { start: 0, end: 0 };

  constructor(
    { script, typing, whole, ir, frame, scratch, variables = new Variables(), depth = 0 }: {
      readonly script: ScriptOutput;
      readonly typing: ProgramTyping;
      readonly whole: Whole;
      readonly ir: IrBuilder;
      readonly frame: VirtualRegister;
      readonly scratch: Scratch;
      readonly variables?: Variables;
      readonly depth?: number;
    },
  ) {
    this.script = script;
    this.typing = typing;
    this.program = whole;
    this.ir = ir;
    this.frame = frame;
    this.scratch = scratch;
    this.variables = variables;
    this.depth = depth;
    this.exit = ir.label();
  }

  /** What a program or function is given: the first has index 1. */
  parameter(index: 1 | 2 | 3 | 4): VirtualRegister {
    return this.ir.define((dst) => ({ op: "parameter", dst, index }));
  }

  /** Looks for the frame of the program. */
  findFrame(otherwise: IrLabel): void {
    const { ir, scratch } = this;
    scratch.within(() => {
      const key = this.onStack(8);
      ir.store(key.base, key.offset, 8, BigInt(this.program.index));
      const found = ir.call("map_lookup_elem", { map: NAMES.frames }, key);
      ir.add({ op: "move", dst: this.frame, src: found });
      ir.branch("eq", this.frame, 0n, otherwise);
    });
  }

  /**
   * Makes a function; `body` begins with its parameters and {@linkcode enter}. It shares the frame, and finds the context where
   * {@linkcode callFunction} has put it.
   */
  callback(span: Span, body: (inner: Lowerer) => void): string {
    const { script, typing, program } = this;
    const ir = new IrBuilder();
    const frame = ir.register();
    const inner = new Lowerer({
      ...{ script, typing, whole: program, ir, frame },
      scratch: new Scratch(frame, STACK_BESIDE_CALLBACKS, this.scratch),
      variables: this.variables.inFrame(frame),
      depth: this.depth + 1,
    });
    const [next, end] = [ir.label(), ir.label()];
    inner.loops.push({ next, end });
    inner.line(span);
    body(inner);
    ir.place(next);
    ir.add({ op: "exit", result: 0n });
    ir.place(inner.exit);
    ir.store(frame, program.left!, 8, 1n);
    ir.place(end);
    ir.add({ op: "exit", result: 1n });
    const name = `callback_${program.index}_${program.functions.length}`;
    program.functions.push({
      ...{ name, depth: inner.depth, code: ir.code },
      stackSize: inner.scratch.stackMost,
    });
    return name;
  }

  /** Gives the variables their places that this program, or callback, has for itself. */
  declareLocals(body: readonly Statement[]): void {
    this.variables.declare(this, this.program.owned.localsOf(body), body);
  }

  /** Begins a callback: what it is handed on as the parameter `index` says where the context is. */
  enter(index: 2 | 4): void {
    const { ir } = this;
    const handed = this.parameter(index);
    this.context = ir.load(handed, 0, 8);
    this.findFrame(this.loops[0]!.end);
  }

  /** Calls a helper that calls a function again and again; ends the program where that wanted it. */
  callFunction(helper: HelperName, what: Argument, callback: string): void {
    const { ir, program } = this;
    const handed = this.onStack(8);
    ir.store(handed.base, handed.offset, 8, this.context);
    ir.call(helper, what, { callback }, handed, 0n);
    ir.branch("ne", ir.load(this.frame, program.left!, 8), 0n, this.exit);
  }

  /** The type of an expression. */
  type(node: Expression): Type {
    return this.typing.typeOf(node);
  }

  mapPlan(name: string): MapPlan {
    return this.script.maps.get(name)!;
  }

  /** Says which line the next instructions are from. */
  line(span: Span): void {
    const { start } = span;
    this.at = span;
    this.ir.add({ op: "line", ...this.script.source.position(start) });
  }

  /** Ends the program here: what stands behind is never reached. */
  leave(): void {
    this.ir.jump(this.exit);
  }

  low32(value: Operand): VirtualRegister {
    return this.ir.define((dst) => ({ op: "extend", dst, src: value, bits: 32, signed: false }));
  }

  /** The current task, `tgid << 32 | pid`. */
  pidTgid(): VirtualRegister {
    return this.ir.call("get_current_pid_tgid");
  }

  /** Room for a value, until the statement ends. */
  temporary(size: number): Memory {
    return this.scratch.take(size);
  }

  /** Room for what helpers want on the stack. */
  onStack(size: number): Memory {
    return this.scratch.onStack(size);
  }

  /** Computes a number, an address, or something else that fits into a register. */
  scalar(node: Expression): Operand {
    return scalar(this, node);
  }

  /** The memory that holds a value: its own where it has one, else a copy. */
  memory(node: Expression): Memory {
    return memory(this, node);
  }

  /** Writes a value to memory, as a value of `type`, which may be wider than its own. */
  into(node: Expression, target: Memory, type: Type): void {
    return into(this, node, target, type);
  }

  /** Jumps to `label` where a condition holds. */
  branchIf(node: Expression, label: IrLabel): void {
    return branchIf(this, node, label);
  }

  /** Jumps to `label` where a condition does not hold. */
  branchUnless(node: Expression, label: IrLabel): void {
    return branchUnless(this, node, label);
  }

  /** Where that is which an expression names. */
  place(node: Expression): Place {
    return place(this, node);
  }

  /** The place that an argument of `str()` and its like names. */
  pointed(node: Expression): Place {
    return pointed(this, node);
  }

  /** The address of a place in the memory of others. */
  addressOf(place: Place): Operand {
    return addressOf(this, place);
  }

  /** Reads what fits into a register. Memory that cannot be read is 0. */
  readScalar(place: Place): Operand {
    return readScalar(this, place);
  }

  /** Copies bytes of others. */
  readBytes(place: Place, target: Memory, size: number): void {
    return readBytes(this, place, target, size);
  }

  /** Copies as many bytes of others as a register says, at most `most`; none where it is more. */
  readBounded(
    place: Place,
    target: Memory,
    options: { readonly count: VirtualRegister; readonly most: number },
  ): void {
    return readBounded(this, place, target, options);
  }

  /** Copies a string of others, with its NUL; gives how many bytes were written, negative where it cannot be read. */
  readString(place: Place, target: Memory, size: Argument): VirtualRegister {
    return readString(this, place, target, size);
  }

  /** Writes a string that is known, filled up with NULs. */
  textInto(text: string, target: Memory, size: number): void {
    return textInto(this, text, target, size);
  }

  /** Writes zeros; sizes are multiples of 8. */
  zeroFill(target: Memory, size: number): void {
    return zeroFill(this, target, size);
  }

  /** Copies memory of the script's own; sizes are multiples of 8. */
  copy(from: Memory, target: Memory, size: number): void {
    return copy(this, from, target, size);
  }

  /** The address of bytes that never change. */
  constantAddress(bytes: Uint8Array): VirtualRegister {
    return constantAddress(this, bytes);
  }

  /** The address of one of the variables that user space shares. */
  variable(offset: number): VirtualRegister {
    return variable(this, offset);
  }

  /** Writes the key of a map's entry, with room for `extra` bytes behind it. */
  key(node: MapNode, extra = 0): Memory {
    return key(this, node, extra);
  }

  /** The address of a value in a map, 0 where it has none. */
  lookUp(node: MapNode): VirtualRegister {
    return lookUp(this, node);
  }

  /** Sets the value of a key. A map that is full takes none: that is counted. */
  updateMap(name: string, key: Memory, value: Memory): void {
    return updateMap(this, name, key, value);
  }

  /** Counts something that could not be delivered. */
  countLoss(kind: number): void {
    return countLoss(this, kind);
  }

  /** Sends a record: the number of an action, and its arguments. */
  act(action: Action, args: readonly RecordArgument[] = [], onSent?: () => void): void {
    return act(this, action, args, onSent);
  }

  /** The room for a string whose length is computed: as many bytes and a NUL, but at most `size`. */
  stringLimit(length: Expression, size: number): Argument {
    return stringLimit(this, length, size);
  }
}
