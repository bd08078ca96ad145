/** From a typed program to the intermediate representation: what its parts share. The rooms beside this file do the work. */

import type { Expression, MapNode, Statement, Target } from "../ast.ts";
import type { Constants } from "../constants.ts";
import {
  type Argument,
  IrBuilder,
  type IrLabel,
  type Operand,
  type VirtualRegister,
} from "../ir.ts";
import type { ProgramTyping } from "../typing/program_typing.ts";
import { type Action, type ActionPlan, type MapPlan, NAMES } from "../plan.ts";
import type { Source, Span } from "../source.ts";
import { isScalar, storageSize, type Type } from "../types.ts";
import { assignsFirst, stepsInside } from "../usage.ts";
import { branchIf, branchUnless } from "./conditions.ts";
import { gate } from "./gate.ts";
import { key, lookUp, updateMap } from "./maps.ts";
import type { Memory, Place, RecordArgument } from "./memory.ts";
import { constantAddress, copy, textInto, variable, zeroFill } from "./own_memory.ts";
import { place, pointed } from "./places.ts";
import { addressOf, readBounded, readBytes, readScalar, readString } from "./reads.ts";
import { act, countLoss, stringLimit } from "./records.ts";
import { scalar } from "./scalars.ts";
import { Scratch } from "./scratch.ts";
import { statements } from "./statements.ts";
import { into, memory } from "./values.ts";

/** What lowering gives. */
export interface Lowered {
  readonly code: IrBuilder["code"];
  readonly stackSize: number;
  readonly frameSize: number;
}

/** What all programs of a script share while they are lowered. */
export interface ScriptOutput {
  readonly source: Source;
  readonly maps: ReadonlyMap<string, MapPlan>;
  readonly constants: Constants;
  readonly actions: ActionPlan[];
}

/** A loop that is being lowered: where `continue` and `break` go. */
export interface Loop {
  readonly next: IrLabel;
  readonly end: IrLabel;
}

/** Lowers one program. Builtins use it to make their instructions. */
export class Lowerer {
  readonly ir = new IrBuilder();
  readonly typing: ProgramTyping;
  readonly script: ScriptOutput;
  /** The program's context. */
  readonly context: VirtualRegister;
  /** Where the program ends. */
  readonly exit: IrLabel;
  /** The variables that live in registers. */
  readonly scalars = new Map<string, VirtualRegister>();
  /** The others. */
  readonly memories = new Map<string, Memory>();
  readonly loops: Loop[] = [];
  readonly scratch: Scratch;
  /** `++` stands inside of expressions: what is read must stay as it was read. */
  copiesVariables = false;
  readonly #frame: VirtualRegister;

  constructor(script: ScriptOutput, typing: ProgramTyping) {
    this.script = script;
    this.typing = typing;
    this.context = this.ir.register();
    this.#frame = this.ir.register();
    this.exit = this.ir.label();
    this.scratch = new Scratch(this.#frame);
  }

  /** Lowers a program; `index` is its number among the programs, which says which frame is its own. */
  program(
    { predicate, body, span, index }: {
      readonly predicate: Expression | undefined;
      readonly body: readonly Statement[];
      readonly span: Span;
      readonly index: number;
    },
  ): Lowered {
    const { ir, scratch } = this;
    this.line(span);
    ir.add({ op: "context", dst: this.context });
    scratch.within(() => gate(this));
    const frameStart = ir.code.length;
    scratch.within(() => this.#findFrame(index));
    const frameCode = ir.code.length - frameStart;
    this.copiesVariables = stepsInside(body) || (predicate !== undefined && stepsInside([
      { kind: "assign", target: VOID_TARGET, operator: undefined, value: predicate, span },
    ]));
    this.#declareVariables(body);
    if (predicate !== undefined) {
      this.line(predicate.span);
      this.branchUnless(predicate, this.exit);
    }
    statements(this, body);
    ir.place(this.exit);
    ir.add({ op: "exit" });
    if (scratch.frameMost === 0) ir.code.splice(frameStart, frameCode);
    return { code: ir.code, stackSize: scratch.stackMost, frameSize: scratch.frameMost };
  }

  #findFrame(index: number): void {
    const { ir } = this;
    const key = this.onStack(8);
    ir.store(key.base, key.offset, 8, BigInt(index));
    const found = ir.call("map_lookup_elem", { map: NAMES.frames }, key);
    ir.add({ op: "move", dst: this.#frame, src: found });
    ir.branch("eq", this.#frame, 0n, this.exit);
  }

  #declareVariables(body: readonly Statement[]): void {
    for (const [name, type] of this.typing.variables) {
      if (isScalar(type)) {
        this.scalars.set(name, this.ir.register());
        continue;
      }
      const memory = this.temporary(storageSize(type));
      this.memories.set(name, memory);
      if (!assignsFirst(body, name)) this.zeroFill(memory, storageSize(type));
    }
  }

  /** The type of an expression. */
  type(node: Expression): Type {
    return this.typing.typeOf(node);
  }

  mapPlan(name: string): MapPlan {
    return this.script.maps.get(name)!;
  }

  /** Says which line the next instructions are from. */
  line({ start }: Span): void {
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
  act(action: Action, args: readonly RecordArgument[] = []): void {
    return act(this, action, args);
  }

  /** The room for a string whose length is computed: as many bytes and a NUL, but at most `size`. */
  stringLimit(length: Expression, size: number): Argument {
    return stringLimit(this, length, size);
  }
}

const VOID_TARGET: Target = { kind: "variable", name: "", span: { start: 0, end: 0 } };
