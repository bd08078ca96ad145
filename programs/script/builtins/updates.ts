/** How an entry of a map takes one more value: `sum`, `min`, `avg`, and intervals of a series. */

import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { AggregateType, SeriesShape } from "../types.ts";

/** How an entry of a map takes one more value. */
export interface Update {
  /** What an entry holds after its first value. */
  readonly first: (value: Operand) => readonly Operand[];
  readonly next: (lowerer: Lowerer, entry: VirtualRegister, value: Operand) => void;
}

function add(lowerer: Lowerer, entry: VirtualRegister, offset: number, value: Operand): void {
  const { ir } = lowerer;
  ir.store(entry, offset, 8, ir.alu("add", ir.load(entry, offset, 8), value));
}

/** Keeps the value where it beats the one that is there, or none is. */
function extreme(better: "slt" | "sgt" | "lt" | "gt"): Update {
  return {
    first: (value) => [value, 1n],
    next: ({ ir }, entry, value) => {
      const [keep, end] = [ir.label(), ir.label()];
      ir.branch("eq", ir.load(entry, 8, 8), 0n, keep);
      const current = ir.load(entry, 0, 8);
      const candidate = ir.define((dst) => ({ op: "move", dst, src: value }));
      ir.branch(better, candidate, current, keep);
      ir.jump(end);
      ir.place(keep);
      ir.store(entry, 0, 8, value);
      ir.store(entry, 8, 8, 1n);
      ir.place(end);
    },
  };
}

const COUNT: Update = {
  first: () => [1n],
  next: (lowerer, entry) => add(lowerer, entry, 0, 1n),
};

const AVERAGE: Update = {
  first: (value) => [value, 1n],
  next: (lowerer, entry, value) => {
    add(lowerer, entry, 0, value);
    add(lowerer, entry, 8, 1n);
  },
};

/** That of a function of maps. */
export function updateOf({ of, signed }: Pick<AggregateType, "of" | "signed">): Update {
  switch (of) {
    case "sum":
      return {
        first: (value) => [value],
        next: (lowerer, entry, value) => add(lowerer, entry, 0, value),
      };
    case "min":
      return extreme(signed ? "slt" : "lt");
    case "max":
      return extreme(signed ? "sgt" : "gt");
    case "avg":
    case "stats":
      return AVERAGE;
    default:
      return COUNT;
  }
}

/** The time, and the number of the interval that it is in. */
export interface Moment {
  readonly time: VirtualRegister;
  readonly interval: VirtualRegister;
}

/** Reads the clock. */
export function nowIn({ ir }: Lowerer, { interval }: SeriesShape): Moment {
  const time = ir.call("ktime_get_boot_ns");
  return { time, interval: ir.alu("div", time, interval) };
}

/** An entry of a series is for an interval, whose number is its third word; a later one takes its place. */
export function seriesUpdate({ series, signed }: AggregateType, now: Moment): Update {
  const { gathers } = series!;
  const inner: Update = gathers === "last"
    ? {
      first: (value) => [value, now.time],
      next: ({ ir }, entry, value) => {
        ir.store(entry, 0, 8, value);
        ir.store(entry, 8, 8, now.time);
      },
    }
    : updateOf({ of: gathers, signed });
  const first = (value: Operand): readonly Operand[] => {
    const [total = value, count = 1n] = inner.first(value);
    return [total, count, now.interval];
  };
  return {
    first,
    next: (lowerer, entry, value) => {
      const { ir } = lowerer;
      const [same, end] = [ir.label(), ir.label()];
      ir.branch("eq", ir.load(entry, 16, 8), now.interval, same);
      first(value).forEach((word, i) => ir.store(entry, i * 8, 8, word));
      ir.jump(end);
      ir.place(same);
      inner.next(lowerer, entry, value);
      ir.place(end);
    },
  };
}
