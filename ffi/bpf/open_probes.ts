/** How many probes of a kind this process has open. */

import { openLinkTargets } from "./link.ts";

/**
 * How many kprobes and kretprobes this process has attached: BCC's `num_open_kprobes`. One that attaches to many functions at once
 * (kprobe.multi) counts as one.
 */
export function openKprobeCount(): number {
  return count(/^k(ret)?probe\b|^k(ret)?syscall\b/);
}

/**
 * How many uprobes, uretprobes and USDT probes this process has attached: BCC's `num_open_uprobes`. One that attaches to many places
 * at once (uprobe.multi) counts as one.
 */
export function openUprobeCount(): number {
  return count(/^u(ret)?probe\b|^usdt\b/);
}

/** How many tracepoints this process has attached: BCC's `num_open_tracepoints`. */
export function openTracepointCount(): number {
  return count(/^(tp|tracepoint)[:/]/);
}

function count(kind: RegExp): number {
  return openLinkTargets().filter((target) => kind.test(target)).length;
}
