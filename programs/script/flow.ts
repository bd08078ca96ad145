/** The flow of control through a program: basic blocks, what can be reached, what lives where. */

import {
  definitionOf,
  type Instruction,
  type IrLabel,
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
  return withoutIdleJumps(withoutUnread(reachable(code)));
}

/** From the end on, as what is left out reads nothing any more: only loops need more than one round. */
function withoutUnread(code: readonly Instruction[]): readonly Instruction[] {
  const readers: number[] = [];
  for (const instruction of code) {
    for (const use of usesOf(instruction)) readers[use] = (readers[use] ?? 0) + 1;
  }
  let kept = code;
  for (let before = Infinity; kept.length < before;) {
    before = kept.length;
    const backwards: Instruction[] = [];
    for (let at = kept.length - 1; at >= 0; at--) {
      const instruction = kept[at]!;
      const dst = definitionOf(instruction);
      const isUnread = dst !== undefined && !readers[dst] && isPure(instruction);
      if (!isUnread) backwards.push(instruction);
      else for (const use of usesOf(instruction)) readers[use]!--;
    }
    kept = backwards.reverse();
  }
  return kept;
}

function reachable(code: readonly Instruction[]): readonly Instruction[] {
  const blocks = blocksOf(code);
  const seen = new Set<number>();
  const todo = blocks.length > 0 ? [0] : [];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    todo.push(...blocks[next]!.successors);
  }
  if (seen.size === blocks.length) return code;
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
  const blockOfLabel: number[] = [];
  // By block: where its last instruction may jump to.
  const targets: (readonly IrLabel[])[] = [];
  let jumps: readonly IrLabel[] = [];
  code.forEach((instruction, at) => {
    const before = code[at - 1];
    const isLabel = instruction.op === "label";
    if (before !== undefined && (isLabel || jumps.length > 0 || isEnd(before))) {
      starts.push(at);
      targets.push(jumps);
    }
    if (isLabel) blockOfLabel[instruction.label.label] = starts.length - 1;
    jumps = targetsOf(instruction);
  });
  targets.push(jumps);
  return starts.map((start, block) => {
    const end = starts[block + 1] ?? code.length;
    const last = code[end - 1];
    const successors = targets[block]!.map(({ label }) => blockOfLabel[label]!);
    if (last !== undefined && !isEnd(last) && end < code.length) successors.push(block + 1);
    return { start, end, successors };
  });
}

/** The intervals of all virtual registers, and those that may be read before anything was written to them. */
export function liveness(
  code: readonly Instruction[],
): { readonly intervals: Interval[]; readonly unwritten: readonly VirtualRegister[] } {
  const blocks = blocksOf(code);
  const { spans, reads } = usage(code, blocks);
  const borders = new Borders(code, blocks, reads);
  blocks.forEach(({ start, end }, block) => {
    for (const each of borders.liveInto(block)) extend(spans[each]!, start);
    // Behind the last instruction of the block, so that what it writes does not take the register.
    for (const each of borders.liveOutOf(block)) extend(spans[each]!, end);
  });
  const intervals = spans.filter((span) => span !== undefined)
    .sort((a, b) => a.start - b.start || a.end - b.end);
  return { intervals, unwritten: borders.liveInto(0) };
}

/** An interval that grows. */
interface Span extends Interval {
  start: number;
  end: number;
}

function extend(span: Span, at: number): void {
  if (at < span.start) span.start = at;
  if (at > span.end) span.end = at;
}

/** How a program uses its registers. */
interface Usage {
  /** By register: from where to where it is written and read. */
  readonly spans: (Span | undefined)[];
  /** By block: the registers that it reads before it writes them. */
  readonly reads: readonly (readonly VirtualRegister[])[];
}

function usage(code: readonly Instruction[], blocks: readonly Block[]): Usage {
  const spans: (Span | undefined)[] = [];
  const writers: number[] = [];
  const note = (register: VirtualRegister, at: number) => {
    const span = spans[register];
    if (span === undefined) spans[register] = { register, start: at, end: at };
    else span.end = at;
  };
  const reads = blocks.map(({ start, end }, block) => {
    const foreign: VirtualRegister[] = [];
    for (let at = start; at < end; at++) {
      const instruction = code[at]!;
      for (const use of usesOf(instruction)) {
        if (writers[use] !== block) foreign.push(use);
        note(use, at);
      }
      const dst = definitionOf(instruction);
      if (dst === undefined) continue;
      writers[dst] = block;
      note(dst, at);
    }
    return foreign;
  });
  return { spans, reads };
}

const WORD_BITS = 32;

/**
 * Which registers hold something that is still needed where blocks begin and end. Most are written and read in one block alone: only
 * the others are counted, as bits of a few words for each block.
 */
class Borders {
  /** The registers that any block reads of others: by the number of their bit. */
  readonly #registers: readonly VirtualRegister[];
  readonly #words: number;
  readonly #liveIn: Int32Array;
  readonly #liveOut: Int32Array;

  constructor(code: readonly Instruction[], blocks: readonly Block[], reads: Usage["reads"]) {
    this.#registers = [...new Set(reads.flat())];
    this.#words = Math.ceil(this.#registers.length / WORD_BITS);
    const bits: number[] = [];
    this.#registers.forEach((register, bit) => bits[register] = bit);
    const empty = () => new Int32Array(blocks.length * this.#words);
    const [read, written] = [empty(), empty()];
    blocks.forEach(({ start, end }, block) => {
      for (const register of reads[block]!) this.#set(read, block, bits[register]!);
      for (let at = start; at < end; at++) {
        const bit = bits[definitionOf(code[at]!) ?? -1];
        if (bit !== undefined) this.#set(written, block, bit);
      }
    });
    this.#liveIn = empty();
    this.#liveOut = empty();
    while (this.#flow(blocks, { read, written }));
  }

  liveInto(block: number): VirtualRegister[] {
    return this.#registersIn(this.#liveIn, block);
  }

  liveOutOf(block: number): VirtualRegister[] {
    return this.#registersIn(this.#liveOut, block);
  }

  /** Tells each block what those behind it need; gives whether that was news. */
  #flow(
    blocks: readonly Block[],
    { read, written }: { readonly read: Int32Array; readonly written: Int32Array },
  ): boolean {
    const [words, liveIn, liveOut] = [this.#words, this.#liveIn, this.#liveOut];
    let changed = false;
    for (let block = blocks.length - 1; block >= 0; block--) {
      for (let word = 0; word < words; word++) {
        const at = block * words + word;
        for (const next of blocks[block]!.successors) liveOut[at]! |= liveIn[next * words + word]!;
        const live = read[at]! | liveOut[at]! & ~written[at]!;
        if (live !== liveIn[at]) changed = true;
        liveIn[at] = live;
      }
    }
    return changed;
  }

  #set(words: Int32Array, block: number, bit: number): void {
    words[block * this.#words + (bit >>> 5)]! |= 1 << (bit & 31);
  }

  /** Few of the bits are set: only those are looked at. */
  #registersIn(words: Int32Array, block: number): VirtualRegister[] {
    const found: VirtualRegister[] = [];
    for (let word = 0; word < this.#words; word++) {
      for (let left = words[block * this.#words + word]!; left !== 0; left &= left - 1) {
        const bit = WORD_BITS - 1 - Math.clz32(left & -left);
        found.push(this.#registers[word * WORD_BITS + bit]!);
      }
    }
    return found;
  }
}
