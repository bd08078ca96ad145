/** Programs that run with the samples of perf events: of the processor, the kernel's counters, or a tracepoint. */

import { ERRNO } from "../../errno.ts";
import type { Fd } from "../../raw/fd.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { LibcError } from "../../raw/libc.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct } from "../../raw/memory.ts";
import {
  type Breakpoint,
  HW_BREAKPOINT,
  openPerfEvent,
  PERF_TYPE_BREAKPOINT,
  type PerfEventPlace,
} from "../../raw/perf_event.ts";
import { attachFailure, type AttachTarget } from "../failure.ts";
import { type Attachment, Link } from "../link.ts";
import { type Attachable, type CookieOptions, libbpfAttachment } from "./attachable.ts";
import { PERF_COOKIE } from "./kernel_function.ts";

const TYPE_TRACEPOINT = 2;
const WORD = 8;

/** The events of the processor (type 0) and of the kernel (type 1) by perf's names, as `struct perf_event_attr` has them. */
export const PERF_EVENTS = {
  "cpu-cycles": { type: 0, config: 0n },
  "instructions": { type: 0, config: 1n },
  "cache-references": { type: 0, config: 2n },
  "cache-misses": { type: 0, config: 3n },
  "branch-instructions": { type: 0, config: 4n },
  "branch-misses": { type: 0, config: 5n },
  "bus-cycles": { type: 0, config: 6n },
  "stalled-cycles-frontend": { type: 0, config: 7n },
  "stalled-cycles-backend": { type: 0, config: 8n },
  "ref-cycles": { type: 0, config: 9n },
  "cpu-clock": { type: 1, config: 0n },
  "task-clock": { type: 1, config: 1n },
  "page-faults": { type: 1, config: 2n },
  "context-switches": { type: 1, config: 3n },
  "cpu-migrations": { type: 1, config: 4n },
  "minor-faults": { type: 1, config: 5n },
  "major-faults": { type: 1, config: 6n },
  "alignment-faults": { type: 1, config: 7n },
  "emulation-faults": { type: 1, config: 8n },
  "dummy": { type: 1, config: 9n },
} as const;

/** An event by perf's name for it. */
export type PerfEventName = keyof typeof PERF_EVENTS;

/**
 * What to sample, how often, and whose. Every `period` events, or as many times a second as `frequency` says: one of the two;
 * each event where neither is given. Of one process (`pid`), one CPU, both, or else of all CPUs that are online.
 */
export interface PerfEventTarget extends CookieOptions {
  /** A name; the number of a tracepoint; or `type` and `config` of `struct perf_event_attr`. */
  readonly event:
    | PerfEventName
    | { readonly tracepoint: number }
    /** Accesses to memory, which the processor watches: 1, 2, 4 or 8 bytes at a multiple of that. */
    | {
      readonly breakpoint: bigint;
      readonly length: number;
      readonly access: "r" | "w" | "rw" | "x";
    }
    | { readonly type: number; readonly config: bigint };
  /** A sample every so many events. */
  readonly period?: bigint;
  /** So many samples a second, in Hz. */
  readonly frequency?: number;
  /** One process. */
  readonly pid?: number;
  /** One CPU. */
  readonly cpu?: number;
}

/** {@linkcode Program.attachPerfEvent} */
export function attachPerfEvent(program: Attachable, target: PerfEventTarget): Link {
  const { cookie = 0n } = target;
  if (target.period !== undefined && target.frequency !== undefined) {
    throw new TypeError("Cannot sample: both a period and a frequency are given");
  }
  const named: AttachTarget = {
    name: `perf_event:${nameOf(target)}`,
    missing: "this machine, often a virtual one, has no such counter",
    cookie: { given: cookie !== 0n, needs: PERF_COOKIE },
  };
  const attachments: Attachment[] = [];
  try {
    for (const place of places(target)) {
      const fd = opened(program, { target, place, named });
      if (fd !== undefined) attachments.push(attachTo(program, fd, { cookie, named }));
    }
    return new Link(named.name, attachments, program.links);
  } catch (error) {
    for (const each of attachments) each.detach();
    throw error;
  }
}

/** The event of one place; `undefined` where that is one of all CPUs, and is not online. */
function opened(
  program: Attachable,
  { target, place, named }: {
    readonly target: PerfEventTarget;
    readonly place: PerfEventPlace;
    readonly named: AttachTarget;
  },
): Fd | undefined {
  try {
    return openPerfEvent({ ...typeAndConfig(target.event), sample: sampleOf(target) }, place);
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    const isOneOfAll = target.pid === undefined && target.cpu === undefined;
    if (error.errno === ERRNO.ENODEV && isOneOfAll) return undefined;
    throw attachFailure(program.name, named, error.errno);
  }
}

function attachTo(
  program: Attachable,
  fd: Fd,
  { cookie, named }: { readonly cookie: bigint; readonly named: AttachTarget },
): Attachment {
  const options = new OptionStruct([{ type: "u64", value: cookie }]);
  takeLog(); // what was said before does not explain this
  try {
    // From here on the link closes the event.
    const link = libbpf().bpf_program__attach_perf_event_opts(
      program.pointer,
      fd.number,
      options.bytes,
    );
    return libbpfAttachment(program, link, named);
  } catch (error) {
    fd[Symbol.dispose]();
    throw error;
  }
}

function places({ pid, cpu }: PerfEventTarget): PerfEventPlace[] {
  if (pid !== undefined || cpu !== undefined) return [{ pid: pid ?? -1, cpu: cpu ?? -1 }];
  const count = libbpf().libbpf_num_possible_cpus();
  return Array.from({ length: count }, (_, cpu) => ({ pid: -1, cpu }));
}

/** An event as `struct perf_event_attr` has it. */
export function typeAndConfig(
  event: PerfEventTarget["event"],
): { type: number; config: bigint; breakpoint?: Breakpoint } {
  if (typeof event !== "string") {
    if ("breakpoint" in event) return breakpointOf(event);
    if (!("tracepoint" in event)) return event;
    return { type: TYPE_TRACEPOINT, config: BigInt(event.tracepoint) };
  }
  if (Object.hasOwn(PERF_EVENTS, event)) return PERF_EVENTS[event];
  throw new RangeError(
    `Cannot sample ${event}: it is none of ${Object.keys(PERF_EVENTS).join(", ")}`,
  );
}

function breakpointOf(
  { breakpoint: address, length, access }: Extract<
    PerfEventTarget["event"],
    { breakpoint: bigint }
  >,
): { type: number; config: bigint; breakpoint: Breakpoint } {
  // A processor that cannot tell reads alone watches both.
  const watched = HW_BREAKPOINT[access === "r" ? "rw" : access];
  // The kernel wants code to be watched by words.
  const size = BigInt(access === "x" ? WORD : length);
  return {
    type: PERF_TYPE_BREAKPOINT,
    config: 0n,
    breakpoint: { address, length: size, access: watched },
  };
}

function sampleOf({ period = 1n, frequency }: PerfEventTarget) {
  return frequency === undefined ? { period } : { frequency: BigInt(frequency) };
}

function nameOf({ event }: PerfEventTarget): string {
  if (typeof event === "string") return event;
  if ("breakpoint" in event) return `breakpoint 0x${event.breakpoint.toString(16)}`;
  return "tracepoint" in event ? `tracepoint ${event.tracepoint}` : `${event.type}/${event.config}`;
}
