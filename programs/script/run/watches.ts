/** Watchpoints whose addresses are only known when a function is called. */

import type { LoadedObject } from "../../../ffi/bpf/object.ts";
import type { Skeleton } from "../../../ffi/bpf/skeleton.ts";
import { ERRNO } from "../../../ffi/errno.ts";
import { BpfError } from "../../../ffi/errors.ts";
import type { Plan } from "../plan.ts";
import type { Watch } from "./actions.ts";

/** Where memory is that is to be watched. */
export interface WatchedMemory {
  readonly address: bigint;
  readonly pid: number;
}

/** Sets them. They end with the object. */
export class Watches {
  readonly #plan: Plan;
  readonly #object: LoadedObject<Skeleton>;
  /** Whoever is given the same memory again has it watched once. */
  readonly #known = new Set<string>();

  /** Of a script that is loaded. */
  constructor(plan: Plan, object: LoadedObject<Skeleton>) {
    this.#plan = plan;
    this.#object = object;
  }

  /** Watches memory for all threads that the process has, and lets it go on. Gives what is wrong where that cannot be. */
  add({ span, stops }: Watch, memory: WatchedMemory): string | undefined {
    const key = `${span.start} ${memory.pid} ${memory.address}`;
    if (this.#known.has(key)) return stops ? goOn(memory.pid) : undefined;
    this.#known.add(key);
    try {
      this.#attach(span.start, memory);
      return undefined;
    } catch (error) {
      if (hasEnded(error)) return undefined;
      if (!(error instanceof BpfError)) throw error;
      return `Cannot watch 0x${memory.address.toString(16)}: ${error.message}`;
    } finally {
      if (stops) goOn(memory.pid);
    }
  }

  #attach(at: number, { address, pid }: WatchedMemory): void {
    for (const { name, span, attachments: [first] } of this.#plan.programs) {
      if (first?.kind !== "watchpoint" || span.start !== at) continue;
      const { length, access } = first;
      const program = this.#object.program(name);
      for (const thread of Deno.readDirSync(`/proc/${pid}/task`)) {
        const event = { breakpoint: address, length, access };
        program.attachPerfEvent({ event, period: 1n, pid: Number(thread.name) });
      }
    }
  }
}

/** Whose process has ended meanwhile needs no watch. */
function hasEnded(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof BpfError && error.errno === ERRNO.ESRCH;
}

/** A process that waits goes on; one that has ended does not. */
function goOn(pid: number): undefined {
  try {
    Deno.kill(pid, "SIGCONT");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
