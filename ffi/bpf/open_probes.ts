/** How many probes of a kind an object has open. */

import type { Link } from "./link.ts";

/** An object, or anything else that knows its links. */
export interface HasLinks {
  /** What is attached now. */
  readonly links: readonly Link[];
}

/** How many kprobes and kretprobes of an object are attached: BCC's `num_open_kprobes`. Those of one kprobe.multi count as one. */
export function openKprobeCount(object: HasLinks): number {
  return count(object, /^k(ret)?(probe|syscall)/);
}

/** How many uprobes, uretprobes and USDT probes of an object are attached: BCC's `num_open_uprobes`. */
export function openUprobeCount(object: HasLinks): number {
  return count(object, /^(u(ret)?probe|usdt)/);
}

/** How many tracepoints of an object are attached: BCC's `num_open_tracepoints`. */
export function openTracepointCount(object: HasLinks): number {
  return count(object, /^(tp|tracepoint)[:/]/);
}

function count({ links }: HasLinks, kind: RegExp): number {
  return links.filter(({ target }) => kind.test(target)).length;
}
