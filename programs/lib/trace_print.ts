/** The kernel's trace_pipe for programs of the library's users: BCC's `trace_print` and `trace_fields`. */

import { Epoll } from "../../ffi/bpf/epoll.ts";
import { type TraceEvent, TraceStream } from "./trace_stream.ts";

/** Which lines are read, and how long. */
export interface TraceOptions {
  /** Reads lines only whose message matches. Default: every one of the machine, whoever's program printed it. */
  readonly message?: RegExp;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Is told how many lines were overwritten before they were read, each time that some were. */
  readonly onLost?: (count: bigint) => void;
}

/** How {@linkcode tracePrint} writes a line. */
export interface TracePrintOptions extends TraceOptions {
  /** Default: the line as the kernel wrote it. */
  readonly format?: (event: TraceEvent) => string;
}

const DRAIN_LIMIT = 1024;
const WAIT_MS = 100;
const EVERYTHING = /^/;

/**
 * Reads trace_pipe, where `bpf_printk()` prints, from now on: BCC's `trace_fields()`. Each line goes to one reader of the machine only.
 *
 * @example
 * ```ts
 * // As root:
 * for await (const { ts, comm, pid, message } of traceFields()) console.log(ts, comm, pid, message);
 * ```
 * @throws {BpfError} E_NO_TRACEFS, E_TRACE_PIPE_BUSY, E_TRACING_OFF, E_PERMISSION
 */
export async function* traceFields(options: TraceOptions = {}): AsyncGenerator<TraceEvent> {
  const { message = EVERYTHING, signal, onLost } = options;
  using stream = new TraceStream(message);
  const epoll = new Epoll();
  const stop = () => epoll.wake();
  signal?.addEventListener("abort", stop);
  try {
    for (const fd of stream.fds) epoll.add(fd);
    let told = 0n;
    while (signal?.aborted !== true) {
      const events: TraceEvent[] = [];
      stream.drain(DRAIN_LIMIT, (event) => events.push(event) > 0);
      if (stream.overwritten > told) {
        onLost?.(stream.overwritten - told);
        told = stream.overwritten;
      }
      yield* events;
      // Also where more is there: timers and signals must get their turn.
      await epoll.wait(events.length === 0 ? WAIT_MS : 0);
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    await epoll.close();
  }
}

/**
 * The lines of trace_pipe as text: BCC's `trace_print()`, but for the printing.
 *
 * @example
 * ```ts
 * // As root:
 * for await (const line of tracePrint()) console.log(line);
 * ```
 * @throws {BpfError} as {@linkcode traceFields}
 */
export async function* tracePrint(options: TracePrintOptions = {}): AsyncGenerator<string> {
  const { format = ({ raw }) => raw } = options;
  for await (const event of traceFields(options)) yield format(event);
}
