/** The lines of one program in the machine's shared trace_pipe. */

import type { EventSource } from "../../ffi/bpf/event_source.ts";
import { TracePipe } from "../../ffi/bpf/trace_pipe.ts";
import { BpfError } from "../../ffi/errors.ts";
import { readersOf } from "../../ffi/host/process.ts";
import {
  parseLostLine,
  parseTraceClock,
  parseTraceLine,
  type TraceLine,
} from "../../ffi/host/trace_pipe.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import type { LostValue } from "./value.ts";

/** A line, taken apart and as it was. */
export interface TraceEvent extends TraceLine {
  /** The line as the kernel wrote it, without its newline. */
  readonly raw: string;
}

/**
 * Reads trace_pipe and passes on the lines whose message matches and that are younger than this object. It counts them, since every
 * other reader of the machine takes lines away.
 */
export class TraceStream implements EventSource<TraceEvent> {
  readonly fds: readonly number[];
  readonly #message: RegExp;
  readonly #pipe: TracePipe;
  readonly #since: bigint;
  #overwritten = 0n;
  #received = 0n;

  /** @throws {BpfError} E_NO_TRACEFS, E_TRACE_PIPE_BUSY, E_TRACING_OFF, E_PERMISSION */
  constructor(message: RegExp) {
    const tracefs = requireTracePipe();
    const path = `${tracefs}/trace_pipe`;
    this.#message = message;
    this.#since = parseTraceClock(Deno.readTextFileSync(`${tracefs}/per_cpu/cpu0/stats`)) ?? 0n;
    this.#pipe = new TracePipe(path);
    this.fds = this.#pipe.fds;
  }

  drain(limit: number, take: (event: TraceEvent) => boolean): number {
    return this.#pipe.drain(limit, (raw) => {
      const line = parseTraceLine(raw);
      if (line === undefined) {
        this.#overwritten += BigInt(parseLostLine(raw)?.lost ?? 0);
        return true;
      }
      if (!this.#message.test(line.message) || line.ts < this.#since) return true;
      this.#received++;
      return take({ ...line, raw });
    });
  }

  /** How many lines, whoever printed them, were overwritten before they were read. */
  get overwritten(): bigint {
    return this.#overwritten;
  }

  /**
   * What did not arrive, once nothing more can: `printed` is how many lines the program has given to the kernel. Before, nobody
   * knows which of the lines that were overwritten were ours.
   */
  losses(printed: bigint): LostValue[] {
    const missing = printed - this.#received;
    if (missing <= 0n) return [];
    return [{
      type: "lost",
      reason: this.#overwritten > 0n ? "trace_pipe_overwritten" : "trace_pipe_taken",
      count: missing,
    }];
  }

  [Symbol.dispose](): void {
    this.#pipe[Symbol.dispose]();
  }
}

/**
 * Looks whether lines can reach trace_pipe, and nobody else reads them. Gives the folder of tracefs.
 *
 * @throws {BpfError} E_NO_TRACEFS, E_TRACE_PIPE_BUSY, E_TRACING_OFF
 */
export function requireTracePipe(): string {
  const tracefs = tracefsPath();
  refuseWhenOff(tracefs);
  refuseWhenBusy(`${tracefs}/trace_pipe`);
  return tracefs;
}

function refuseWhenOff(tracefs: string): void {
  if (Deno.readTextFileSync(`${tracefs}/tracing_on`).trim() !== "0") return;
  throw new BpfError("read trace_pipe", {
    step: "setup",
    code: "E_TRACING_OFF",
    cause: "tracing is switched off, so nothing reaches it",
    hint: `As root: echo 1 > ${tracefs}/tracing_on`,
  });
}

/** Kernels ≥ 6.6 refuse a second reader; on older ones it would take lines away without a word. */
function refuseWhenBusy(path: string): void {
  const [reader] = readersOf(path);
  if (reader === undefined) return;
  throw new BpfError(`open ${path}`, {
    step: "setup",
    code: "E_TRACE_PIPE_BUSY",
    cause: `process ${reader} reads it, and each line goes to one reader only`,
    hint: `End that process first: ps -p ${reader}`,
  });
}
