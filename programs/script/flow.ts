/** The flow of control through a program: basic blocks, what can be reached, what lives where. */

import {
  definitionOf,
  type Instruction,
  isEnd,
  isPure,
  targetsOf,
  usesOf,
  type VirtualRegister,
} from "./ir.ts";

/** Instructions that are run one after another: `start` up to, and without, `end`. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly successors: readonly number[];
}

/** From where to where a virtual register holds something: the indices of the first and last instruction. */
export interface Interval {
  readonly register: VirtualRegister;
  readonly start: number;
  readonly end: number;
}

/** Leaves out what can never be reached, which the verifier would refuse, and what nobody reads. */
export function withoutDeadCode(code: readonly Instruction[]): Instruction[] {
  const alive = reachable(code);
  for (;;) {
    const used = new Set(alive.flatMap(usesOf));
    const kept = alive.filter((instruction) => {
      const dst = definitionOf(instruction);
      return dst === undefined || !isPure(instruction) || used.has(dst);
    });
    if (kept.length === alive.length) return withoutIdleJumps(kept);
    alive.splice(0, alive.length, ...kept);
  }
}

function reachable(code: readonly Instruction[]): Instruction[] {
  const blocks = blocksOf(code);
  const seen = new Set<number>();
  const todo = blocks.length > 0 ? [0] : [];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    todo.push(...blocks[next]!.successors);
  }
  return blocks.flatMap(({ start, end }, i) => seen.has(i) ? code.slice(start, end) : []);
}

/** A jump to the very next instruction does nothing. */
function withoutIdleJumps(code: readonly Instruction[]): Instruction[] {
  return code.filter((instruction, i) => {
    if (instruction.op !== "jump") return true;
    for (let next = i + 1; next < code.length; next++) {
      const following = code[next]!;
      if (following.op === "label") {
        if (following.label.label === instruction.target.label) return false;
      } else if (following.op !== "line") return true;
    }
    return true;
  });
}

function blocksOf(code: readonly Instruction[]): Block[] {
  const starts = [0];
  code.forEach((instruction, i) => {
    const before = code[i - 1];
    const splits = instruction.op === "label" ||
      (before !== undefined && (isEnd(before) || targetsOf(before).length > 0));
    if (splits && i > 0) starts.push(i);
  });
  const blockOfLabel = new Map<number, number>();
  starts.forEach((start, block) => {
    const first = code[start];
    if (first?.op === "label") blockOfLabel.set(first.label.label, block);
  });
  return starts.map((start, block) => {
    const end = starts[block + 1] ?? code.length;
    const last = code[end - 1];
    const successors = (last === undefined ? [] : targetsOf(last))
      .map(({ label }) => blockOfLabel.get(label)!);
    if (last !== undefined && !isEnd(last) && end < code.length) successors.push(block + 1);
    return { start, end, successors };
  });
}

/** The intervals of all virtual registers, and those that may be read before anything was written to them. */
export function liveness(
  code: readonly Instruction[],
): { readonly intervals: Interval[]; readonly unwritten: Set<VirtualRegister> } {
  const blocks = blocksOf(code);
  const liveIn = blocks.map(() => new Set<VirtualRegister>());
  const liveOut = blocks.map(() => new Set<VirtualRegister>());
  for (let changed = true; changed;) {
    changed = false;
    for (let i = blocks.length - 1; i >= 0; i--) {
      const { start, end, successors } = blocks[i]!;
      for (const next of successors) for (const each of liveIn[next]!) liveOut[i]!.add(each);
      const live = new Set(liveOut[i]);
      for (let at = end - 1; at >= start; at--) {
        const dst = definitionOf(code[at]!);
        if (dst !== undefined) live.delete(dst);
        for (const use of usesOf(code[at]!)) live.add(use);
      }
      if (live.size !== liveIn[i]!.size) changed = true;
      liveIn[i] = live;
    }
  }
  return { intervals: intervalsOf(code, blocks, liveIn, liveOut), unwritten: liveIn[0]! };
}

function intervalsOf(
  code: readonly Instruction[],
  blocks: readonly Block[],
  liveIn: readonly ReadonlySet<VirtualRegister>[],
  liveOut: readonly ReadonlySet<VirtualRegister>[],
): Interval[] {
  const spans = new Map<VirtualRegister, { start: number; end: number }>();
  const extend = (register: VirtualRegister, at: number) => {
    const span = spans.get(register);
    if (span === undefined) spans.set(register, { start: at, end: at });
    else {
      span.start = Math.min(span.start, at);
      span.end = Math.max(span.end, at);
    }
  };
  blocks.forEach(({ start, end }, i) => {
    for (const each of liveIn[i]!) extend(each, start);
    // Behind the last instruction of the block, so that what it writes does not take the register.
    for (const each of liveOut[i]!) extend(each, end);
  });
  code.forEach((instruction, at) => {
    for (const use of usesOf(instruction)) extend(use, at);
    const dst = definitionOf(instruction);
    if (dst !== undefined) extend(dst, at);
  });
  return [...spans].map(([register, span]) => ({ register, ...span }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
}
