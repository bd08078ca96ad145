/** From a typed program to the intermediate representation. */

import type { HelperName } from "../../ffi/asm/helpers.ts";
import type { AccessSize, Condition } from "../../ffi/asm/instruction.ts";
import type {
  AssignStatement,
  BinaryNode,
  CallNode,
  Expression,
  FieldNode,
  IndexNode,
  MapNode,
  Statement,
  StepNode,
  Target,
} from "./ast.ts";
import { readAggregate, updateAggregate } from "./builtins/aggregates.ts";
import { builtinFunction, builtinValue } from "./builtins/table.ts";
import { Constants } from "./constants.ts";
import {
  type Argument,
  type Base,
  IrBuilder,
  type IrLabel,
  type Operand,
  type VirtualRegister,
} from "./ir.ts";
import type { ProgramTyping } from "./passes/typing.ts";
import {
  type Action,
  type ActionPlan,
  type ArgumentPlan,
  LOSS,
  type MapPlan,
  NAMES,
} from "./plan.ts";
import type { Source, Span } from "./source.ts";
import {
  isScalar,
  type RecordField,
  sizeInC,
  type Space,
  storageSize,
  tupleOffsets,
  type Type,
} from "./types.ts";
import { assignsFirst, mentions, stepsInside } from "./usage.ts";

/** A place in memory of the script's own: on the stack, in the program's frame, in the value of a map. */
export interface Memory {
  readonly base: Base;
  readonly offset: number;
}

/** Where something is that an expression names. */
export type Place =
  & { readonly type: Type; readonly bits?: RecordField["bits"] | undefined }
  & (
    | { readonly space: Space; readonly address: Operand; readonly offset: number }
    | { readonly space: "context"; readonly offset: number }
    | { readonly space: "own"; readonly memory: Memory }
  );

/** What is put into a record: an expression, or a number that is there already. */
export type RecordArgument =
  | { readonly node: Expression; readonly type: Type }
  | { readonly operand: Operand; readonly type: Type }
  /** The string that a pointer in the memory of others points to. */
  | {
    readonly pointer: {
      readonly space: Space;
      readonly address: VirtualRegister;
      readonly offset: number;
    };
    readonly type: Type;
  };

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

/** Variables of every object, in `.data`. */
export const VARIABLES = { armed: 0, started: 8 } as const;

/** Their names, in the order of their places. */
export const VARIABLE_NAMES: readonly string[] = [NAMES.armed, NAMES.started];

const STACK_FOR_DATA = 240;
const LARGEST_ON_STACK = 64;
const LARGEST_INLINE_COPY = 64;
// Strings up to this size stand in a record at a fixed place, with all their NULs.
const LARGEST_FIXED_STRING = 64;
// As in ring.bpf.h: the parts of a ring that are unread when the reader is woken, and after how many more it is woken again.
const RING_FULL_ENOUGH = 8;
const RING_CALL_AGAIN = 64;
const RING_OVERHEAD = 15;
const BPF_RB_NO_WAKEUP = 1n;
const BPF_RB_FORCE_WAKEUP = 2n;

const CONDITIONS: Readonly<Record<string, { signed: Condition; unsigned: Condition }>> = {
  "==": { signed: "eq", unsigned: "eq" },
  "!=": { signed: "ne", unsigned: "ne" },
  "<": { signed: "slt", unsigned: "lt" },
  "<=": { signed: "sle", unsigned: "le" },
  ">": { signed: "sgt", unsigned: "gt" },
  ">=": { signed: "sge", unsigned: "ge" },
};

const OPERATIONS = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "mod",
  "&": "and",
  "|": "or",
  "^": "xor",
  "<<": "lsh",
  ">>": "rsh",
} as const;

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

/** Lowers one program. Builtins use it to make their instructions. */
export class Lowerer {
  readonly ir = new IrBuilder();
  readonly typing: ProgramTyping;
  readonly #script: ScriptOutput;
  readonly #context: VirtualRegister;
  readonly #frame: VirtualRegister;
  readonly #exit: IrLabel;
  readonly #scalars = new Map<string, VirtualRegister>();
  readonly #memories = new Map<string, Memory>();
  readonly #loops: { readonly next: IrLabel; readonly end: IrLabel }[] = [];
  #copiesVariables = false;
  #stack = 0;
  #stackMost = 0;
  #frameEnd = 0;
  #frameMost = 0;

  constructor(script: ScriptOutput, typing: ProgramTyping) {
    this.#script = script;
    this.typing = typing;
    this.#context = this.ir.register();
    this.#frame = this.ir.register();
    this.#exit = this.ir.label();
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
    const { ir } = this;
    this.line(span);
    ir.add({ op: "context", dst: this.#context });
    this.#gate();
    const frameStart = ir.code.length;
    this.#findFrame(index);
    const frameCode = ir.code.length - frameStart;
    this.#copiesVariables = stepsInside(body) || (predicate !== undefined && stepsInside([
      { kind: "assign", target: VOID_TARGET, operator: undefined, value: predicate, span },
    ]));
    this.#declareVariables(body);
    if (predicate !== undefined) {
      this.line(predicate.span);
      this.branchUnless(predicate, this.#exit);
    }
    this.#statements(body);
    ir.place(this.#exit);
    ir.add({ op: "exit" });
    if (this.#frameMost === 0) ir.code.splice(frameStart, frameCode);
    return { code: ir.code, stackSize: this.#stackMost, frameSize: this.#frameMost };
  }

  /** Nothing happens before all probes are attached; BEGIN and END are run by hand. */
  #gate(): void {
    const { kind } = this.typing.attachment;
    if (kind === "begin" || kind === "end") return;
    const armed = this.ir.load(this.variable(VARIABLES.armed), 0, 1);
    this.ir.branch("eq", armed, 0n, this.#exit);
    const { pid, tgid, uid, cgroup } = this.typing.settings.filters;
    const only = (value: Operand, wanted: number | bigint) =>
      this.ir.branch("ne", value, BigInt(wanted), this.#exit);
    if (tgid !== undefined) only(this.ir.alu("rsh", this.pidTgid(), 32n), tgid);
    if (pid !== undefined) only(this.low32(this.pidTgid()), pid);
    if (uid !== undefined) only(this.low32(this.ir.call("get_current_uid_gid")), uid);
    if (cgroup !== undefined) only(this.ir.call("get_current_cgroup_id"), cgroup);
    this.#gateComm();
  }

  #gateComm(): void {
    const { comm } = this.typing.settings.filters;
    if (comm === undefined) return;
    const memory = this.temporary(16);
    this.ir.call("get_current_comm", memory, 16n);
    const words = wordsOf(comm, 16);
    words.forEach((word, i) => {
      const value = this.ir.load(memory.base, memory.offset + i * 8, 8);
      this.ir.branch("ne", value, word, this.#exit);
    });
    this.#stack = 0;
  }

  #findFrame(index: number): void {
    const { ir } = this;
    const key = { base: "stack", offset: -8 } as const;
    this.#stack = this.#stackMost = Math.max(this.#stackMost, 8);
    ir.store(key.base, key.offset, 8, BigInt(index));
    const found = ir.call("map_lookup_elem", { map: NAMES.frames }, key);
    ir.add({ op: "move", dst: this.#frame, src: found });
    ir.branch("eq", this.#frame, 0n, this.#exit);
    this.#stack = 0;
  }

  #declareVariables(body: readonly Statement[]): void {
    for (const [name, type] of this.typing.variables) {
      if (isScalar(type)) {
        this.#scalars.set(name, this.ir.register());
        continue;
      }
      const memory = this.#take(storageSize(type));
      this.#memories.set(name, memory);
      if (!assignsFirst(body, name)) this.zeroFill(memory, storageSize(type));
    }
  }

  // Statements

  #statements(statements: readonly Statement[]): void {
    for (const statement of statements) {
      const stack = this.#stack;
      const frame = this.#frameEnd;
      this.line(statement.span);
      this.#statement(statement);
      this.#stack = stack;
      this.#frameEnd = frame;
    }
  }

  #statement(statement: Statement): void {
    const { ir } = this;
    switch (statement.kind) {
      case "expression":
        return this.#run(statement.expression);
      case "assign":
        return this.#assign(statement);
      case "let":
        if (statement.value !== undefined) {
          this.#setVariable(statement.variable.name, statement.value);
        } else this.#clearVariable(statement.variable.name);
        return;
      case "block":
        return this.#statements(statement.body);
      case "if": {
        const otherwise = ir.label();
        const end = ir.label();
        this.branchUnless(statement.condition, otherwise);
        this.#statements(statement.then);
        ir.jump(end);
        ir.place(otherwise);
        this.#statements(statement.otherwise);
        return ir.place(end);
      }
      case "while": {
        const [next, end] = [ir.label(), ir.label()];
        ir.place(next);
        this.branchUnless(statement.condition, end);
        this.#loop(statement.body, { next, end });
        ir.jump(next);
        return ir.place(end);
      }
      case "range":
        return this.#range(statement);
      case "unroll": {
        const end = ir.label();
        for (let i = Number(this.typing.constant(statement.count) ?? 0n); i > 0; i--) {
          const next = ir.label();
          this.#loop(statement.body, { next, end });
          ir.place(next);
        }
        return ir.place(end);
      }
      case "break":
        return ir.jump(this.#loops.at(-1)?.end ?? this.#exit);
      case "continue":
        return ir.jump(this.#loops.at(-1)?.next ?? this.#exit);
      case "return":
        return ir.jump(this.#exit);
    }
  }

  #loop(body: readonly Statement[], labels: { next: IrLabel; end: IrLabel }): void {
    this.#loops.push(labels);
    this.#statements(body);
    this.#loops.pop();
  }

  #range({ variable, start, end: last, body }: Extract<Statement, { kind: "range" }>): void {
    const { ir } = this;
    const [test, next, end] = [ir.label(), ir.label(), ir.label()];
    const register = this.#scalars.get(variable.name)!;
    const limit = ir.define((dst) => ({ op: "move", dst, src: this.scalar(last) }));
    ir.add({ op: "move", dst: register, src: this.scalar(start) });
    ir.place(test);
    ir.branch("sge", register, limit, end);
    this.#loop(body, { next, end });
    ir.place(next);
    ir.add({ op: "alu", operation: "add", dst: register, left: register, right: 1n });
    ir.jump(test);
    ir.place(end);
  }

  #run(node: Expression): void {
    if (node.kind === "call") {
      const builtin = builtinFunction(node.name)!;
      if (builtin.run !== undefined) return builtin.run(node, this);
    }
    if (node.kind === "step") {
      this.#step(node);
      return;
    }
    if (isScalar(this.type(node))) this.scalar(node);
    else this.memory(node);
  }

  #assign({ target, operator, value, span }: AssignStatement): void {
    if (operator !== undefined) return this.#assignOperation(target, { operator, value, span });
    if (target.kind === "variable") return this.#setVariable(target.name, value);
    const type = this.typing.mapType(target.name);
    if (type.kind === "aggregate") return updateAggregate(this, target, value as CallNode);
    const memory = this.temporary(storageSize(type));
    this.into(value, memory, type);
    this.updateMap(target.name, this.key(target), memory);
  }

  #assignOperation(
    target: Target,
    { operator, value, span }: { operator: BinaryNode["operator"]; value: Expression; span: Span },
  ): void {
    const node: BinaryNode = { kind: "binary", operator, left: target, right: value, span };
    if (target.kind === "variable") {
      const dst = this.#scalars.get(target.name)!;
      return this.ir.add({ op: "move", dst, src: this.#arithmetic(node) });
    }
    const memory = this.temporary(8);
    const key = this.key(target);
    const found = this.#lookUp(target.name, key);
    const result = this.#operation(node, this.#loadIfFound(found), this.scalar(value));
    this.ir.store(memory.base, memory.offset, 8, result);
    this.updateMap(target.name, key, memory);
  }

  #setVariable(name: string, value: Expression): void {
    const type = this.typing.variables.get(name)!;
    const dst = this.#scalars.get(name);
    if (dst !== undefined) return this.ir.add({ op: "move", dst, src: this.scalar(value) });
    const memory = this.#memories.get(name)!;
    if (!mentions(value, name)) return this.into(value, memory, type);
    const copy = this.temporary(storageSize(type));
    this.into(value, copy, type);
    this.copy(copy, memory, storageSize(type));
  }

  #clearVariable(name: string): void {
    const type = this.typing.variables.get(name);
    const dst = this.#scalars.get(name);
    if (dst !== undefined) this.ir.add({ op: "move", dst, src: 0n });
    else if (type !== undefined) this.zeroFill(this.#memories.get(name)!, storageSize(type));
  }

  // Values in registers

  /** The type of an expression. */
  type(node: Expression): Type {
    return this.typing.typeOf(node);
  }

  /** Computes a number, an address, or something else that fits into a register. */
  scalar(node: Expression): Operand {
    switch (node.kind) {
      case "integer":
      case "positional":
      case "sizeof":
      case "offsetof":
        return this.typing.constant(node) ?? 0n;
      case "identifier": {
        const builtin = builtinValue(node.name);
        if (builtin === undefined) return this.typing.constant(node) ?? 0n;
        return builtin.scalar!(node, this);
      }
      case "variable": {
        const register = this.#scalars.get(node.name)!;
        if (!this.#copiesVariables) return register;
        return this.ir.define((dst) => ({ op: "move", dst, src: register }));
      }
      case "map":
        return this.mapPlan(node.name).perCpu
          ? readAggregate(this, node)
          : this.#loadIfFound(this.lookUp(node));
      case "call":
        return builtinFunction(node.name)!.scalar!(node, this);
      case "unary":
        return this.#unary(node);
      case "step":
        return this.#step(node);
      case "binary":
        return this.#binary(node);
      case "ternary":
        return this.#ternary(node);
      case "cast":
        return this.#cast(node);
      case "field":
        if (this.type(node.object).kind === "tuple") {
          const { base, offset } = this.#tupleItem(node);
          return this.ir.load(base, offset, 8);
        }
        return this.readScalar(this.place(node));
      case "index":
        return this.readScalar(this.place(node));
      case "string":
      case "tuple":
        throw new RangeError(`A ${node.kind} does not fit into a register`);
    }
  }

  #unary(node: Extract<Expression, { kind: "unary" }>): Operand {
    const { operator, operand } = node;
    const known = this.typing.constant(node);
    if (known !== undefined) return known;
    switch (operator) {
      case "-": {
        const src = this.scalar(operand);
        return this.ir.define((dst) => ({ op: "negate", dst, src }));
      }
      case "~":
        return this.ir.alu("xor", this.scalar(operand), -1n);
      case "!":
        return this.#truth(node);
      default:
        return this.readScalar(this.place(node));
    }
  }

  #step({ target, by, postfix }: StepNode): Operand {
    const { ir } = this;
    const step = BigInt(by) * this.#stride(this.type(target));
    if (target.kind === "variable") {
      const register = this.#scalars.get(target.name)!;
      const before = ir.define((dst) => ({ op: "move", dst, src: register }));
      ir.add({ op: "alu", operation: "add", dst: register, left: register, right: step });
      if (postfix) return before;
      return ir.define((dst) => ({ op: "move", dst, src: register }));
    }
    const key = this.key(target);
    const found = this.#lookUp(target.name, key);
    const before = ir.define((dst) => ({ op: "move", dst, src: 0n }));
    const [fresh, end] = [ir.label(), ir.label()];
    ir.branch("eq", found, 0n, fresh);
    ir.add({ op: "load", dst: before, base: found, offset: 0, size: 8 });
    ir.add({ op: "atomicAdd", base: found, offset: 0, src: step });
    ir.jump(end);
    ir.place(fresh);
    const memory = this.temporary(8);
    ir.store(memory.base, memory.offset, 8, step);
    this.updateMap(target.name, key, memory);
    ir.place(end);
    return postfix ? before : ir.alu("add", before, step);
  }

  /** Pointers move by what they point to. */
  #stride(type: Type): bigint {
    if (type.kind !== "pointer") return 1n;
    return BigInt(type.to.kind === "none" ? 1 : sizeInC(type.to));
  }

  #binary(node: BinaryNode): Operand {
    const { operator } = node;
    if (operator === "&&" || operator === "||" || CONDITIONS[operator] !== undefined) {
      return this.#truth(node);
    }
    return this.typing.constant(node) ?? this.#arithmetic(node);
  }

  #arithmetic(node: BinaryNode): Operand {
    const left = this.scalar(node.left);
    return this.#operation(node, left, this.scalar(node.right));
  }

  #operation({ operator, left, right }: BinaryNode, a: Operand, b: Operand): Operand {
    const operation = OPERATIONS[operator as keyof typeof OPERATIONS];
    const [first, second] = [this.type(left), this.type(right)];
    const additive = operator === "+" || operator === "-";
    const x = additive && second.kind === "pointer" && first.kind !== "pointer"
      ? this.#scaled(a, this.#stride(second))
      : a;
    const y = additive && first.kind === "pointer" && second.kind !== "pointer"
      ? this.#scaled(b, this.#stride(first))
      : b;
    if (typeof y === "bigint" && (operator === "/" || operator === "%") && y === 0n) {
      // The verifier refuses a division by the constant 0; BPF says that its result is 0 (of %: the left side).
      return operator === "/" ? 0n : x;
    }
    if (typeof y === "bigint" && (operator === "<<" || operator === ">>")) {
      return this.ir.alu(operation, x, y & 63n);
    }
    return this.ir.alu(operation, x, y);
  }

  #scaled(value: Operand, by: bigint): Operand {
    if (by === 1n) return value;
    return typeof value === "bigint" ? value * by : this.ir.alu("mul", value, by);
  }

  /** 1 where a condition holds, else 0. */
  #truth(node: Expression): Operand {
    const { ir } = this;
    const result = ir.define((dst) => ({ op: "move", dst, src: 0n }));
    const end = ir.label();
    this.branchUnless(node, end);
    ir.add({ op: "move", dst: result, src: 1n });
    ir.place(end);
    return result;
  }

  #ternary({ condition, yes, no }: Extract<Expression, { kind: "ternary" }>): Operand {
    const { ir } = this;
    const result = ir.register();
    const [otherwise, end] = [ir.label(), ir.label()];
    this.branchUnless(condition, otherwise);
    const give = (node: Expression) => {
      // `c ? exit() : 0`: what has no value only happens.
      if (this.type(node).kind === "none") this.#run(node);
      else ir.add({ op: "move", dst: result, src: this.scalar(node) });
    };
    give(yes);
    ir.jump(end);
    ir.place(otherwise);
    give(no);
    ir.place(end);
    return result;
  }

  #cast(node: Extract<Expression, { kind: "cast" }>): Operand {
    const type = this.type(node);
    const from = this.type(node.operand);
    if (from.kind === "array") return this.addressOf(this.place(node.operand));
    const src = this.scalar(node.operand);
    if (type.kind !== "integer" || type.size === 8) return src;
    const { signed } = type;
    const bits = type.size * 8;
    if (typeof src === "bigint") {
      return signed ? BigInt.asIntN(bits, src) : BigInt.asUintN(bits, src);
    }
    return this.ir.define((dst) => ({ op: "extend", dst, src, bits, signed }));
  }

  /** Jumps to `label` where a condition does not hold. */
  branchUnless(node: Expression, label: IrLabel): void {
    const { ir } = this;
    if (node.kind === "unary" && node.operator === "!") return this.branchIf(node.operand, label);
    if (node.kind === "binary" && node.operator === "&&") {
      this.branchUnless(node.left, label);
      return this.branchUnless(node.right, label);
    }
    if (node.kind === "binary" && node.operator === "||") {
      const holds = ir.label();
      this.branchIf(node.left, holds);
      this.branchUnless(node.right, label);
      return ir.place(holds);
    }
    if (node.kind === "binary" && CONDITIONS[node.operator] !== undefined) {
      return this.#compare(node, OPPOSITE[node.operator]!, label);
    }
    ir.branch("eq", this.scalar(node), 0n, label);
  }

  /** Jumps to `label` where a condition holds. */
  branchIf(node: Expression, label: IrLabel): void {
    const { ir } = this;
    if (node.kind === "unary" && node.operator === "!") {
      return this.branchUnless(node.operand, label);
    }
    if (node.kind === "binary" && node.operator === "||") {
      this.branchIf(node.left, label);
      return this.branchIf(node.right, label);
    }
    if (node.kind === "binary" && node.operator === "&&") {
      const fails = ir.label();
      this.branchUnless(node.left, fails);
      this.branchIf(node.right, label);
      return ir.place(fails);
    }
    if (node.kind === "binary" && CONDITIONS[node.operator] !== undefined) {
      return this.#compare(node, node.operator, label);
    }
    ir.branch("ne", this.scalar(node), 0n, label);
  }

  #compare(node: BinaryNode, operator: string, label: IrLabel): void {
    const type = this.type(node.left);
    if (type.kind === "string" || type.kind === "buffer") {
      return this.#compareStrings(node, operator === "==", label);
    }
    const conditions = CONDITIONS[operator]!;
    const condition = this.typing.comparesSigned(node) ? conditions.signed : conditions.unsigned;
    const left = this.scalar(node.left);
    this.ir.branch(condition, left, this.scalar(node.right), label);
  }

  /** Strings are filled up with NULs, so that they are equal where their words are. */
  #compareStrings({ left, right }: BinaryNode, equal: boolean, label: IrLabel): void {
    const { ir } = this;
    const [a, b] = [this.#compared(left), this.#compared(right)];
    const words = Math.min(a.words.length, b.words.length);
    const differ = equal ? ir.label() : label;
    for (let i = 0; i < words; i++) {
      ir.branch("ne", a.words[i]!(), b.words[i]!(), differ);
    }
    // What is left of the longer one must be NULs, of which the first says all.
    const rest = (a.words.length > words ? a : b).words[words];
    if (rest !== undefined) ir.branch("ne", ir.alu("and", rest(), 0xffn), 0n, differ);
    if (!equal) return;
    ir.jump(label);
    ir.place(differ);
  }

  #compared(node: Expression): { readonly words: readonly (() => Operand)[] } {
    const text = this.typing.text(node);
    if (text !== undefined) {
      const size = Math.floor(utf8(text).length / 8) * 8 + 8;
      return { words: wordsOf(text, size).map((word) => () => word) };
    }
    const { base, offset } = this.memory(node);
    const count = storageSize(this.type(node)) / 8;
    const load = (i: number) => () => this.ir.load(base, offset + i * 8, 8);
    return { words: Array.from({ length: count }, (_, i) => load(i)) };
  }

  // Values in memory

  /** The memory that holds a value: its own where it has one, else a copy. */
  memory(node: Expression): Memory {
    if (node.kind === "variable") {
      const known = this.#memories.get(node.name);
      if (known !== undefined) return known;
    }
    if (node.kind === "field" && this.type(node.object).kind === "tuple") {
      const { type: _, ...memory } = this.#tupleItem(node);
      return memory;
    }
    const type = this.type(node);
    const memory = this.temporary(storageSize(type));
    this.into(node, memory, type);
    return memory;
  }

  #tupleItem(node: FieldNode): Memory & { readonly type: Type } {
    const type = this.type(node.object);
    if (type.kind !== "tuple") throw new RangeError("not a tuple");
    const { base, offset } = this.memory(node.object);
    const index = Number(node.name);
    return { base, offset: offset + tupleOffsets(type.items)[index]!, type: type.items[index]! };
  }

  /** Writes a value to memory, as a value of `type`, which may be wider than its own. */
  into(node: Expression, target: Memory, type: Type): void {
    if (isScalar(type)) {
      return this.ir.store(target.base, target.offset, 8, this.scalar(node));
    }
    const own = this.type(node);
    switch (node.kind) {
      case "string":
        return this.textInto(node.value, target, storageSize(type));
      case "ternary":
        return this.#ternaryInto(node, target, type);
      case "tuple":
        if (type.kind === "tuple") {
          const offsets = tupleOffsets(type.items);
          node.items.forEach((item, i) => {
            const place = { base: target.base, offset: target.offset + offsets[i]! };
            this.into(item, place, type.items[i]!);
          });
        }
        return;
      case "identifier":
      case "call": {
        const builtin = node.kind === "call" ? builtinFunction(node.name) : builtinValue(node.name);
        const text = this.typing.text(node);
        if (text !== undefined) return this.textInto(text, target, storageSize(type));
        (builtin?.into as ((node: Expression, l: Lowerer, t: Memory) => void) | undefined)?.(
          node,
          this,
          target,
        );
        return this.#widen(own, target, type);
      }
      case "variable":
        return this.#convert(this.memory(node), own, target, type);
      case "map":
        return this.#mapInto(node, target, type);
      case "field":
        if (this.type(node.object).kind === "tuple") {
          return this.#convert(this.#tupleItem(node), own, target, type);
        }
        break;
    }
    this.#placeInto(this.place(node), target, type);
  }

  #ternaryInto(
    { condition, yes, no }: Extract<Expression, { kind: "ternary" }>,
    target: Memory,
    type: Type,
  ): void {
    const { ir } = this;
    const [otherwise, end] = [ir.label(), ir.label()];
    this.branchUnless(condition, otherwise);
    this.into(yes, target, type);
    ir.jump(end);
    ir.place(otherwise);
    this.into(no, target, type);
    ir.place(end);
  }

  #mapInto(node: MapNode, target: Memory, type: Type): void {
    const { ir } = this;
    const [missing, end] = [ir.label(), ir.label()];
    const found = this.lookUp(node);
    ir.branch("eq", found, 0n, missing);
    this.#convert({ base: found, offset: 0 }, this.type(node), target, type);
    ir.jump(end);
    ir.place(missing);
    this.zeroFill(target, storageSize(type));
    ir.place(end);
  }

  /** What a place holds, as a value: strings end, and are filled up. */
  #placeInto(place: Place, target: Memory, type: Type): void {
    if (place.type.kind === "string") {
      this.zeroFill(target, storageSize(type));
      const size = Math.min(place.type.size, type.kind === "string" ? type.size : Infinity);
      this.readString(place, target, BigInt(size));
      return;
    }
    const size = sizeInC(place.type);
    if (size % 8 !== 0) {
      this.zeroFill({ base: target.base, offset: target.offset + size - size % 8 }, 8);
    }
    this.readBytes(place, target, size);
  }

  #convert(from: Memory, own: Type, target: Memory, type: Type): void {
    if (own.kind === "tuple" && type.kind === "tuple") {
      const [sources, targets] = [tupleOffsets(own.items), tupleOffsets(type.items)];
      own.items.forEach((item, i) =>
        this.#convert(
          { base: from.base, offset: from.offset + sources[i]! },
          item,
          { base: target.base, offset: target.offset + targets[i]! },
          type.items[i]!,
        )
      );
      return;
    }
    this.copy(from, target, Math.min(storageSize(own), storageSize(type)));
    this.#widen(own, target, type);
  }

  /** Fills up what a wider type has more. */
  #widen(own: Type, target: Memory, type: Type): void {
    const [has, needs] = [storageSize(own), storageSize(type)];
    if (has < needs) this.zeroFill({ base: target.base, offset: target.offset + has }, needs - has);
  }

  /** Writes a string that is known, filled up with NULs. */
  textInto(text: string, target: Memory, size: number): void {
    const length = utf8(text).length + 1;
    if (size <= LARGEST_INLINE_COPY || length <= LARGEST_INLINE_COPY) {
      const inline = Math.min(size, Math.ceil(length / 8) * 8);
      this.#storeWords(wordsOf(text, inline), target);
      const rest = { base: target.base, offset: target.offset + inline };
      return this.zeroFill(rest, size - inline);
    }
    this.zeroFill(target, size);
    const source = this.constantAddress(utf8(`${text}\0`));
    this.ir.call("probe_read_kernel", target, BigInt(Math.min(length, size)), source);
  }

  #storeWords(words: readonly bigint[], { base, offset }: Memory): void {
    words.forEach((word, i) => this.ir.store(base, offset + i * 8, 8, word));
  }

  /** Writes zeros; sizes are multiples of 8. */
  zeroFill(target: Memory, size: number): void {
    if (size <= LARGEST_INLINE_COPY) {
      return this.#storeWords(Array<bigint>(size / 8).fill(0n), target);
    }
    for (let done = 0; done < size; done += Constants.zeros) {
      const count = Math.min(size - done, Constants.zeros);
      const place = { base: target.base, offset: target.offset + done };
      this.ir.call("probe_read_kernel", place, BigInt(count), this.#symbol(Constants.zeroOffset));
    }
  }

  /** Copies memory of the script's own; sizes are multiples of 8. */
  copy(from: Memory, target: Memory, size: number): void {
    if (size > LARGEST_INLINE_COPY) {
      this.ir.call("probe_read_kernel", target, BigInt(size), from);
      return;
    }
    for (let at = 0; at < size; at += 8) {
      const word = this.ir.load(from.base, from.offset + at, 8);
      this.ir.store(target.base, target.offset + at, 8, word);
    }
  }

  /** The address of bytes that never change. */
  constantAddress(bytes: Uint8Array): VirtualRegister {
    return this.#symbol(this.#script.constants.add(bytes));
  }

  #symbol(addend: number): VirtualRegister {
    return this.ir.define((dst) => ({ op: "symbol", dst, symbol: ".rodata", addend }));
  }

  /** The address of one of the variables that user space shares. */
  variable(offset: number): VirtualRegister {
    return this.ir.define((dst) => ({ op: "symbol", dst, symbol: ".data", addend: offset }));
  }

  // Memory of others

  /** Where that is which an expression names. */
  place(node: Expression): Place {
    switch (node.kind) {
      case "field":
        return this.#fieldPlace(node);
      case "index":
        return this.#indexPlace(node);
      case "unary": {
        const type = this.type(node);
        const pointer = this.type(node.operand);
        const space = pointer.kind === "pointer" ? pointer.space : this.typing.defaultSpace();
        return { type, space, address: this.scalar(node.operand), offset: 0 };
      }
      case "identifier":
        return this.#argsPlace(this.type(node));
      default:
        return { type: this.type(node), space: "own", memory: this.memory(node) };
    }
  }

  /** `args`. Of fentry they are read as the kernel's memory, so that they are plain numbers to the verifier. */
  #argsPlace(type: Type): Place {
    const { kind } = this.typing.attachment;
    if (kind === "tracepoint") return { type, space: "context", offset: 0 };
    return { type, space: "kernel", address: this.#context, offset: 0 };
  }

  #fieldPlace(node: FieldNode): Place {
    const object = this.type(node.object);
    const record = object.kind === "pointer" ? object.to : object;
    if (record.kind !== "record") throw new RangeError(`no field ${node.name}`);
    const field = record.record.field(node.name)!;
    const place: Place = object.kind === "pointer"
      ? { type: record, space: object.space, address: this.scalar(node.object), offset: 0 }
      : this.place(node.object);
    const moved = moveBy(place, field.offset, field.type);
    if (field.located !== undefined) return this.#locate(moved, field);
    return { ...moved, type: this.type(node), bits: field.bits };
  }

  /** `__data_loc`: the lower half says where, counted from the start of the record. */
  #locate(place: Place, { offset, type, located }: RecordField): Place {
    const location = this.readScalar({
      ...place,
      type: { kind: "integer", size: 4, signed: false },
    });
    const distance = this.ir.alu("and", location, 0xffffn);
    const address = this.ir.alu("add", this.#context, distance);
    const relative = located === "rel_loc" ? offset + 4 : 0;
    return { type, space: "kernel", address, offset: relative };
  }

  #indexPlace({ object, index, ...node }: IndexNode): Place {
    const type = this.type(object);
    const element = this.type({ object, index, ...node } as IndexNode);
    const own = type.kind === "array" ? type.element : type.kind === "pointer" ? type.to : element;
    const result = element.kind === "unknown" ? own : element;
    const size = Math.max(1, sizeInC(own.kind === "none" ? result : own));
    if (type.kind === "pointer") {
      const address = this.scalar(object);
      const by = this.#scaled(this.scalar(index), BigInt(size));
      return {
        type: result,
        space: type.space,
        address: this.ir.alu("add", address, by),
        offset: 0,
      };
    }
    const place = this.place(object);
    const known = this.typing.constant(index);
    if (known !== undefined) return moveBy(place, Number(known) * size, result);
    const by = this.#scaled(this.scalar(index), BigInt(size));
    if (place.space === "own") return this.#indexOwn(place.memory, by, result, sizeInC(type));
    return {
      type: result,
      space: place.space === "context" ? "kernel" : place.space,
      address: this.ir.alu("add", this.addressOf(place), by),
      offset: 0,
    };
  }

  /** Beyond the end of an own array there is its first element. */
  #indexOwn(memory: Memory, by: Operand, type: Type, size: number): Place {
    const { ir } = this;
    const start = ir.define((dst) => ({ op: "address", dst, ...memory }));
    const element = ir.define((dst) => ({ op: "move", dst, src: start }));
    const otherwise = ir.label();
    const index = ir.define((dst) => ({ op: "move", dst, src: by }));
    const most = size - Math.max(1, sizeInC(type));
    ir.add({ op: "index", dst: element, base: start, index, most, otherwise });
    ir.place(otherwise);
    return { type, space: "own", memory: { base: element, offset: 0 } };
  }

  /** The address of a place in the memory of others. */
  addressOf(place: Place): Operand {
    if (place.space === "own") {
      const { memory } = place;
      return this.ir.define((dst) => ({ op: "address", dst, ...memory }));
    }
    const base = place.space === "context" ? this.#context : place.address;
    if (place.offset === 0) return base;
    if (typeof base === "bigint") return base + BigInt(place.offset);
    return this.ir.define((dst) => ({ op: "address", dst, base, offset: place.offset }));
  }

  /** Reads what fits into a register. Memory that cannot be read is 0. */
  readScalar(place: Place): Operand {
    const { type } = place;
    if (type.kind === "array" || type.kind === "record" || type.kind === "string") {
      return this.addressOf(place);
    }
    const size = (type.kind === "integer" ? type.size : 8) as AccessSize;
    const signed = type.kind === "integer" && type.signed;
    const raw = this.#readWord(place, size);
    const { bits } = place;
    if (bits !== undefined) {
      const left = this.ir.alu("lsh", raw, BigInt(64 - bits.offset - bits.size));
      return this.ir.alu(signed ? "arsh" : "rsh", left, BigInt(64 - bits.size));
    }
    if (!signed || size === 8) return raw;
    return this.ir.define((dst) => ({ op: "extend", dst, src: raw, bits: size * 8, signed }));
  }

  #readWord(place: Place, size: AccessSize): VirtualRegister {
    if (place.space === "own") {
      const { base, offset } = place.memory;
      return this.ir.load(base, offset, size);
    }
    if (place.space === "context") return this.ir.load(this.#context, place.offset, size);
    const memory = this.onStack(8);
    this.ir.call(READ[place.space], memory, BigInt(size), this.#argument(place));
    return this.ir.load(memory.base, memory.offset, size);
  }

  #argument(place: Place): Argument {
    if (place.space === "own") return place.memory;
    if (place.space === "context") return { base: this.#context, offset: place.offset };
    if (typeof place.address === "bigint") return place.address + BigInt(place.offset);
    return { base: place.address, offset: place.offset };
  }

  /** Copies bytes of others. */
  readBytes(place: Place, target: Memory, size: number): void {
    const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
    this.ir.call(READ[helper], target, BigInt(size), this.#argument(place));
  }

  /** Copies as many bytes of others as a register says, at most `most`; none where it is more. */
  readBounded(
    place: Place,
    target: Memory,
    { count, most }: { readonly count: VirtualRegister; readonly most: number },
  ): void {
    const { ir } = this;
    const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
    const otherwise = ir.label();
    ir.call(READ[helper], target, { bounded: count, most, otherwise }, this.#argument(place));
    ir.place(otherwise);
  }

  /** Copies a string of others, with its NUL; gives how many bytes were written, negative where it cannot be read. */
  readString(place: Place, target: Memory, size: Argument): VirtualRegister {
    const helper = place.space === "own" || place.space === "context" ? "kernel" : place.space;
    return this.ir.call(READ_STRING[helper], target, size, this.#argument(place));
  }

  /** The place that an argument of `str()` and its like names. */
  pointed(node: Expression): Place {
    const type = this.type(node);
    const byte: Type = { kind: "integer", size: 1, signed: false };
    if (type.kind === "array" || type.kind === "record" || type.kind === "string") {
      return { ...this.place(node), type: byte };
    }
    const space = type.kind === "pointer"
      ? type.space
      : this.typing.defaultSpace() === "user"
      ? "user"
      : "unknown";
    return { type: byte, space, address: this.scalar(node), offset: 0 };
  }

  /** The program's context. */
  get context(): VirtualRegister {
    return this.#context;
  }

  // Maps

  mapPlan(name: string): MapPlan {
    return this.#script.maps.get(name)!;
  }

  /** Writes the key of a map's entry, with room for `extra` bytes behind it. */
  key(node: MapNode, extra = 0): Memory {
    const { keys } = this.mapPlan(node.name);
    const size = keys.reduce((sum, key) => sum + storageSize(key), 0);
    const memory = this.temporary(Math.max(8, size + extra));
    if (keys.length === 0) {
      if (extra === 0) this.ir.store(memory.base, memory.offset, 8, 0n);
      return memory;
    }
    const [only] = node.keys;
    if (node.keys.length === 1 && only !== undefined && this.type(only).kind === "tuple") {
      this.into(only, memory, { kind: "tuple", items: keys });
      return memory;
    }
    const offsets = tupleOffsets(keys);
    node.keys.forEach((key, i) => {
      this.into(key, { base: memory.base, offset: memory.offset + offsets[i]! }, keys[i]!);
    });
    return memory;
  }

  /** The address of a value in a map, 0 where it has none. */
  lookUp(node: MapNode): VirtualRegister {
    return this.#lookUp(node.name, this.key(node));
  }

  #lookUp(name: string, key: Memory): VirtualRegister {
    return this.ir.call("map_lookup_elem", { map: this.mapPlan(name).symbol }, key);
  }

  #loadIfFound(found: VirtualRegister): VirtualRegister {
    const { ir } = this;
    const value = ir.define((dst) => ({ op: "move", dst, src: 0n }));
    const missing = ir.label();
    ir.branch("eq", found, 0n, missing);
    ir.add({ op: "load", dst: value, base: found, offset: 0, size: 8 });
    ir.place(missing);
    return value;
  }

  /** Sets the value of a key. A map that is full takes none: that is counted. */
  updateMap(name: string, key: Memory, value: Memory): void {
    const { ir } = this;
    const result = ir.call("map_update_elem", { map: this.mapPlan(name).symbol }, key, value, 0n);
    const done = ir.label();
    ir.branch("eq", result, 0n, done);
    this.countLoss(LOSS.mapFull);
    ir.place(done);
  }

  // Records

  /** Counts something that could not be delivered. */
  countLoss(kind: number): void {
    const { ir } = this;
    const key = this.onStack(8);
    ir.store(key.base, key.offset, 8, BigInt(kind));
    const count = ir.call("map_lookup_elem", { map: NAMES.losses }, key);
    const none = ir.label();
    ir.branch("eq", count, 0n, none);
    ir.add({ op: "atomicAdd", base: count, offset: 0, src: 1n });
    ir.place(none);
  }

  /** Sends a record: the number of an action, and its arguments. */
  act(action: Action, args: readonly RecordArgument[] = []): void {
    const { ir } = this;
    const plans: ArgumentPlan[] = [];
    let fixed = 8;
    let room = 0;
    for (const { type } of args) {
      const indirect = isIndirect(type);
      plans.push({ type, offset: fixed, indirect });
      fixed += indirect ? 8 : storageSize(type);
      if (indirect) room += sizeInC(type);
    }
    const id = this.#script.actions.push({ ...action, args: plans }) - 1;
    const record = room > 0 ? this.#inFrame(fixed + room) : this.temporary(fixed);
    ir.store(record.base, record.offset, 8, BigInt(id));
    let tail: VirtualRegister | undefined;
    const lost = ir.label();
    args.forEach((arg, i) => {
      const { type, offset, indirect } = plans[i]!;
      const target = { base: record.base, offset: record.offset + offset };
      if ("operand" in arg) ir.store(target.base, target.offset, 8, arg.operand);
      else if ("node" in arg && !indirect) this.into(arg.node, target, type);
      else {
        tail ??= ir.define((dst) => ({ op: "move", dst, src: BigInt(fixed) }));
        const size = sizeInC(type);
        const string = "node" in arg
          ? { place: this.#stringPlace(arg.node), limit: this.#lengthLimit(arg.node, size) }
          : { place: this.#behindPointer(arg.pointer), limit: BigInt(size) };
        this.#appendString(string, { record, target, tail, most: fixed + room - size, lost });
      }
    });
    const flags = this.#wakeUp(action.kind === "exit", fixed + room);
    const size: Argument = tail === undefined
      ? BigInt(fixed)
      : { bounded: tail, most: fixed + room, otherwise: lost };
    const result = ir.call("ringbuf_output", { map: NAMES.ring }, record, size, flags);
    const done = ir.label();
    ir.branch("eq", result, 0n, done);
    if (tail !== undefined) ir.place(lost);
    this.countLoss(LOSS.bufferFull);
    ir.place(done);
  }

  #behindPointer(pointer: { space: Space; address: VirtualRegister; offset: number }): Place {
    const type: Type = { kind: "pointer", to: { kind: "none" }, space: pointer.space };
    const address = this.readScalar({ type, ...pointer });
    return { type, space: pointer.space, address, offset: 0 };
  }

  /** Puts a string behind what the record has so far, and says at its own place where. */
  #appendString(
    { place, limit }: { readonly place: Place; readonly limit: Argument },
    { record, target, tail, most, lost }: {
      readonly record: Memory;
      readonly target: Memory;
      readonly tail: VirtualRegister;
      readonly most: number;
      readonly lost: IrLabel;
    },
  ): void {
    const { ir } = this;
    ir.store(target.base, target.offset, 8, tail);
    const start = ir.define((dst) => ({ op: "address", dst, ...record }));
    const end = ir.register();
    ir.add({ op: "index", dst: end, base: start, index: tail, most, otherwise: lost });
    const length = this.readString(place, { base: end, offset: 0 }, limit);
    const written = ir.label();
    ir.branch("sge", length, 1n, written);
    // What cannot be read is an empty string: the helper has written its NUL.
    ir.store(end, 0, 1, 0n);
    ir.add({ op: "move", dst: length, src: 1n });
    ir.place(written);
    ir.add({ op: "alu", operation: "add", dst: tail, left: tail, right: length });
  }

  /** Where a string is: that of `str()` is read from its place directly. */
  #stringPlace(node: Expression): Place {
    const pointer = node.kind === "call" && (node.name === "str" || node.name === "kstr")
      ? node.args[0]
      : undefined;
    if (pointer !== undefined && this.typing.text(node) === undefined) return this.pointed(pointer);
    return { type: this.type(node), space: "own", memory: this.memory(node) };
  }

  #lengthLimit(node: Expression, size: number): Argument {
    const length = node.kind === "call" ? node.args[1] : undefined;
    if (length === undefined || this.typing.constant(length) !== undefined) return BigInt(size);
    return this.stringLimit(length, size);
  }

  /** The room for a string whose length is computed: as many bytes and a NUL, but at most `size`. */
  stringLimit(length: Expression, size: number): Argument {
    const { ir } = this;
    const limit = ir.alu("add", this.scalar(length), 1n);
    const fits = ir.label();
    ir.branch("le", limit, BigInt(size), fits);
    ir.add({ op: "move", dst: limit, src: BigInt(size) });
    ir.place(fits);
    return { bounded: limit, most: size, otherwise: this.#exit };
  }

  /**
   * The reader looks by itself: it is woken where the ring fills up faster than that, and not by every record; and where something
   * must not wait.
   */
  #wakeUp(urgent: boolean, size: number): Operand {
    const { ir } = this;
    if (urgent) return BPF_RB_FORCE_WAKEUP;
    const { ringBytes } = this.typing.settings;
    const unread = ir.call("ringbuf_query", { map: NAMES.ring }, 0n);
    const flags = ir.define((dst) => ({ op: "move", dst, src: BPF_RB_NO_WAKEUP }));
    const quiet = ir.label();
    ir.branch("lt", unread, BigInt(ringBytes / RING_FULL_ENOUGH), quiet);
    const since = ir.alu("and", unread, BigInt(ringBytes / RING_CALL_AGAIN - 1));
    ir.branch("ge", since, BigInt(size + RING_OVERHEAD), quiet);
    ir.add({ op: "move", dst: flags, src: BPF_RB_FORCE_WAKEUP });
    ir.place(quiet);
    return flags;
  }

  /** Ends the program here. */
  leave(): void {
    this.ir.jump(this.#exit);
    // What stands behind is never reached.
  }

  // What builtins need

  /** Says which line the next instructions are from. */
  line({ start }: Span): void {
    this.ir.add({ op: "line", ...this.#script.source.position(start) });
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
    return this.#take(size);
  }

  #take(size: number): Memory {
    const fits = size <= LARGEST_ON_STACK && this.#stack + size <= STACK_FOR_DATA;
    return fits ? this.onStack(size) : this.#inFrame(size);
  }

  onStack(size: number): Memory {
    this.#stack += Math.ceil(size / 8) * 8;
    this.#stackMost = Math.max(this.#stackMost, this.#stack);
    return { base: "stack", offset: -this.#stack };
  }

  #inFrame(size: number): Memory {
    const offset = this.#frameEnd;
    this.#frameEnd += Math.ceil(size / 8) * 8;
    this.#frameMost = Math.max(this.#frameMost, this.#frameEnd);
    return { base: this.#frame, offset };
  }
}

const OPPOSITE: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

const VOID_TARGET: Target = { kind: "variable", name: "", span: { start: 0, end: 0 } };

/** Whether a value stands at a place of the record that is said in it, and takes no more room than it needs. */
function isIndirect(type: Type): boolean {
  return type.kind === "string" && type.size > LARGEST_FIXED_STRING;
}

function moveBy(place: Place, offset: number, type: Type): Place {
  if (place.space === "own") {
    const { base, offset: start } = place.memory;
    return { type, space: "own", memory: { base, offset: start + offset } };
  }
  return { ...place, type, bits: undefined, offset: place.offset + offset };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The first `size` bytes of a string, filled up with NULs, as little-endian words. */
export function wordsOf(text: string, size: number): bigint[] {
  const bytes = new Uint8Array(size);
  bytes.set(utf8(text).subarray(0, size));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: size / 8 }, (_, i) => view.getBigUint64(i * 8, true));
}
