/** Records for the reader: an action's number, and its arguments. */

import type { Expression } from "../ast.ts";
import type { Argument, IrLabel, Operand, VirtualRegister } from "../ir.ts";
import { type Action, type ArgumentPlan, LOSS, NAMES } from "../plan.ts";
import { sizeInC, type Space, storageSize, type Type } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory, Place, RecordArgument } from "./memory.ts";

// Strings up to this size stand in a record at a fixed place, with all their NULs.
const LARGEST_FIXED_STRING = 64;

// As in ring.bpf.h: the parts of a ring that are unread when the reader is woken, and after how many more it is woken again.
const RING_FULL_ENOUGH = 8;

const RING_CALL_AGAIN = 64;

const RING_OVERHEAD = 15;
const BPF_RB_NO_WAKEUP = 1n;
const BPF_RB_FORCE_WAKEUP = 2n;

/** Actions that somebody waits for. */
const URGENT: readonly Action["kind"][] = ["exit", "watch"];

/** Counts something that could not be delivered. */
export function countLoss(l: Lowerer, kind: number): void {
  const { ir } = l;
  const key = l.onStack(8);
  ir.store(key.base, key.offset, 8, BigInt(kind));
  const count = ir.call("map_lookup_elem", { map: NAMES.losses }, key);
  const none = ir.label();
  ir.branch("eq", count, 0n, none);
  ir.add({ op: "atomicAdd", base: count, offset: 0, src: 1n });
  ir.place(none);
}

/** Sends a record: the number of an action, and its arguments. `onSent` makes what is to be done unless it was lost. */
export function act(
  l: Lowerer,
  action: Action,
  args: readonly RecordArgument[] = [],
  onSent?: () => void,
): void {
  const { ir } = l;
  const plans: ArgumentPlan[] = [];
  let fixed = 8;
  let room = 0;
  for (const { type } of args) {
    const indirect = isIndirect(type);
    plans.push({ type, offset: fixed, indirect });
    fixed += indirect ? 8 : storageSize(type);
    if (indirect) room += sizeInC(type);
  }
  const id = l.script.actions.push({ ...action, args: plans }) - 1;
  const record = room > 0 ? l.scratch.inFrame(fixed + room) : l.temporary(fixed);
  ir.store(record.base, record.offset, 8, BigInt(id));
  let tail: VirtualRegister | undefined;
  const lost = ir.label();
  args.forEach((arg, i) => {
    const { type, offset, indirect } = plans[i]!;
    const target = { base: record.base, offset: record.offset + offset };
    if ("operand" in arg) ir.store(target.base, target.offset, 8, arg.operand);
    else if ("node" in arg && !indirect) l.into(arg.node, target, type);
    else {
      tail ??= ir.define((dst) => ({ op: "move", dst, src: BigInt(fixed) }));
      const size = sizeInC(type);
      const string = "node" in arg
        ? { place: stringPlace(l, arg.node), limit: lengthLimit(l, arg.node, size) }
        : { place: behindPointer(l, arg.pointer), limit: BigInt(size) };
      appendString(l, string, { record, target, tail, most: fixed + room - size, lost });
    }
  });
  const flags = wakeUp(l, URGENT.includes(action.kind), fixed + room);
  const size: Argument = tail === undefined
    ? BigInt(fixed)
    : { bounded: tail, most: fixed + room, otherwise: lost };
  const result = ir.call("ringbuf_output", { map: NAMES.ring }, record, size, flags);
  const done = ir.label();
  if (onSent === undefined) ir.branch("eq", result, 0n, done);
  else {
    const unsent = ir.label();
    ir.branch("ne", result, 0n, unsent);
    onSent();
    ir.jump(done);
    ir.place(unsent);
  }
  if (tail !== undefined) ir.place(lost);
  l.countLoss(LOSS.bufferFull);
  ir.place(done);
}

function behindPointer(
  l: Lowerer,
  pointer: { space: Space; address: VirtualRegister; offset: number },
): Place {
  const type: Type = { kind: "pointer", to: { kind: "none" }, space: pointer.space };
  const address = l.readScalar({ type, ...pointer });
  return { type, space: pointer.space, address, offset: 0 };
}

/** Puts a string behind what the record has so far, and says at its own place where. */
function appendString(
  l: Lowerer,
  { place, limit }: { readonly place: Place; readonly limit: Argument },
  { record, target, tail, most, lost }: {
    readonly record: Memory;
    readonly target: Memory;
    readonly tail: VirtualRegister;
    readonly most: number;
    readonly lost: IrLabel;
  },
): void {
  const { ir } = l;
  ir.store(target.base, target.offset, 8, tail);
  const start = ir.define((dst) => ({ op: "address", dst, ...record }));
  const end = ir.register();
  ir.add({ op: "index", dst: end, base: start, index: tail, most, otherwise: lost });
  const length = l.readString(place, { base: end, offset: 0 }, limit);
  const written = ir.label();
  ir.branch("sge", length, 1n, written);
  // What cannot be read is an empty string: the helper has written its NUL.
  ir.store(end, 0, 1, 0n);
  ir.add({ op: "move", dst: length, src: 1n });
  ir.place(written);
  ir.add({ op: "alu", operation: "add", dst: tail, left: tail, right: length });
}

/** Where a string is: that of `str()` is read from its place directly. */
function stringPlace(l: Lowerer, node: Expression): Place {
  const pointer = node.kind === "call" && (node.name === "str" || node.name === "kstr")
    ? node.args[0]
    : undefined;
  if (pointer !== undefined && l.typing.text(node) === undefined) return l.pointed(pointer);
  return { type: l.type(node), space: "own", memory: l.memory(node) };
}

function lengthLimit(l: Lowerer, node: Expression, size: number): Argument {
  const length = node.kind === "call" ? node.args[1] : undefined;
  if (length === undefined || l.typing.constant(length) !== undefined) return BigInt(size);
  return l.stringLimit(length, size);
}

/** The room for a string whose length is computed: as many bytes and a NUL, but at most `size`. */
export function stringLimit(l: Lowerer, length: Expression, size: number): Argument {
  const { ir } = l;
  const limit = ir.alu("add", l.scalar(length), 1n);
  const fits = ir.label();
  ir.branch("le", limit, BigInt(size), fits);
  ir.add({ op: "move", dst: limit, src: BigInt(size) });
  ir.place(fits);
  return { bounded: limit, most: size, otherwise: l.exit };
}

/**
 * The reader looks by itself: it is woken where the ring fills up faster than that, and not by every record; and where something
 * must not wait.
 */
function wakeUp(l: Lowerer, urgent: boolean, size: number): Operand {
  const { ir } = l;
  if (urgent) return BPF_RB_FORCE_WAKEUP;
  const { ringBytes } = l.typing.settings;
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

/** Whether a value stands at a place of the record that is said in it, and takes no more room than it needs. */
function isIndirect(type: Type): boolean {
  return type.kind === "string" && type.size > LARGEST_FIXED_STRING;
}
