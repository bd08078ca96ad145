/** Chooses real registers for virtual ones: linear scan; what finds no register lives on the stack. */

import type { Register } from "../../ffi/asm/instruction.ts";
import type { Interval } from "./flow.ts";
import type { Instruction, VirtualRegister } from "./ir.ts";

/** Where a virtual register lives: in a real one, or on the stack at this (negative) offset from its end. */
export type Home = { readonly register: Register } | { readonly stack: number };

/** Where all virtual registers live. */
export interface Allocation {
  readonly homes: ReadonlyMap<VirtualRegister, Home>;
  /** Bytes of stack in use, with those that were in use before. */
  readonly stackSize: number;
}

// Registers 0 and 1 are kept free: values on the stack pass through them.
const SCRATCH: readonly Register[] = [2, 3, 4, 5];
const PRESERVED: readonly Register[] = [6, 7, 8, 9];
const ALL: readonly Register[] = [...SCRATCH, ...PRESERVED];
const SLOT = 8;

interface Active extends Interval {
  readonly home: Register;
}

/** Allocates; `stackSize` bytes of the stack are taken already. Intervals are sorted by their start. */
export function allocate(
  code: readonly Instruction[],
  intervals: readonly Interval[],
  stackSize: number,
): Allocation {
  const calls = callsIn(code);
  const homes = new Map<VirtualRegister, Home>();
  const spills = new Spills(stackSize);
  let active: Active[] = [];
  let nextCall = 0;
  for (const interval of intervals) {
    active = active.filter(({ end }) => end > interval.start);
    // Whether a call happens while the register holds something that is needed after it.
    while (nextCall < calls.length && calls[nextCall]! <= interval.start) nextCall++;
    const allowed = nextCall < calls.length && calls[nextCall]! < interval.end ? PRESERVED : ALL;
    const free = freeOf(allowed, active);
    if (free !== undefined) {
      homes.set(interval.register, { register: free });
      active.push({ ...interval, home: free });
      continue;
    }
    // Whoever needs its register longest goes to the stack.
    const candidates = active.filter(({ home }) => allowed.includes(home));
    const victim = candidates.reduce<Active | undefined>(
      (longest, each) => longest === undefined || each.end > longest.end ? each : longest,
      undefined,
    );
    if (victim !== undefined && victim.end > interval.end) {
      homes.set(victim.register, { stack: spills.take(victim) });
      homes.set(interval.register, { register: victim.home });
      active = active.filter((each) => each !== victim);
      active.push({ ...interval, home: victim.home });
    } else homes.set(interval.register, { stack: spills.take(interval) });
  }
  return { homes, stackSize: spills.size };
}

/**
 * Where calls are. Parameters stand in registers that calls destroy, until each is read: they count as calls, so that nothing takes
 * their place before.
 */
function callsIn(code: readonly Instruction[]): number[] {
  const calls: number[] = [];
  code.forEach(({ op }, at) => {
    if (op === "call" || op === "parameter") calls.push(at);
  });
  return calls;
}

function freeOf(allowed: readonly Register[], active: readonly Active[]): Register | undefined {
  let taken = 0;
  for (const { home } of active) taken |= 1 << home;
  return allowed.find((register) => (taken & 1 << register) === 0);
}

/** Slots of the stack, shared by intervals that do not overlap; an interval has its slot from its start, whenever it lost its register. */
class Spills {
  size: number;
  readonly #slots: { readonly offset: number; readonly intervals: Interval[] }[] = [];

  constructor(size: number) {
    this.size = Math.ceil(size / SLOT) * SLOT;
  }

  take(interval: Interval): number {
    const fits = this.#slots.find(({ intervals }) =>
      intervals.every(({ start, end }) => end < interval.start || interval.end < start)
    );
    if (fits !== undefined) {
      fits.intervals.push(interval);
      return fits.offset;
    }
    this.size += SLOT;
    this.#slots.push({ offset: -this.size, intervals: [interval] });
    return -this.size;
  }
}
