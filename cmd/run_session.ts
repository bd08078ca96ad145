/** Runs what a command line asks for, a tool or a script: until its end, with its expectations, to its exit status. */

import { messageOf } from "../ffi/errors.ts";
import { isInheritedForWriting, writeOnce } from "../ffi/host/inherited_fd.ts";
import { isForeground } from "../ffi/host/process.ts";
import type { CommandOptions } from "../programs/lib/command.ts";
import type { Expectation } from "../programs/lib/expect/evaluate.ts";
import { watched } from "../programs/lib/expectations.ts";
import type { Outcome, RunOptions, Sink, StopRequest } from "../programs/lib/session.ts";
import { showsSomething, type Value } from "../programs/lib/value.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { ExpectReport } from "./expect_report.ts";
import type { SessionOptions } from "./options.ts";
import { printAll } from "./print.ts";
import { errorLines, errorRecord } from "./report.ts";
import { UsageError } from "./usage.ts";
import { noteLine, type SyncTarget, tell, Writer } from "./writer.ts";

const STDOUT = 1;

/** Takes what a run gives, beside the printer. */
export interface Listener {
  value(value: Value): void;
  error(error: unknown, options: { readonly verbose: boolean }): void;
  flush(): void;
}

/** What a session is run with, beside what its own options say. */
export type SessionRun = Pick<RunOptions, "stop" | "outputFd" | "onArmed" | "command">;

/** How a run went. */
export interface RunOutcome extends Outcome {
  /** What the program itself wants to end with; 0 where it does not care. */
  readonly exitStatus?: number;
}

/** What can be run: a tool, or a script. */
export interface Runnable {
  /** Behind `gimlet`, for reports. */
  readonly name: string;
  readonly expectations: readonly Expectation[];
  /** Where its output goes, if not to stdout. */
  readonly file?: { readonly path: string; readonly target: SyncTarget } | undefined;
  /** Its command, where that is there already. */
  readonly command?: RunOptions["command"] | undefined;
  printer(out: Writer, report: ExpectReport): Sink;
  run(session: SessionRun, sink: Sink): Promise<RunOutcome>;
}

/** What has to be known of the options of a run. */
export type RunningOptions = SessionOptions & { readonly verbose: boolean };

/** Runs something to its end; gives the exit status. */
export async function runSessionCommand(
  subject: Runnable,
  options: RunningOptions,
  listener?: Listener,
): Promise<number> {
  checkReadyFd(subject.name, options);
  const controller = new AbortController();
  const stop = (request: StopRequest) => controller.abort(request);
  const { file } = subject;
  const out = file === undefined
    ? new Writer(Deno.stdout, { onClosed: () => stop({ reason: "stdout-closed" }) })
    : new Writer(file.target, { name: file.path });
  const report = new ExpectReport(`gimlet ${subject.name}`, { ...options, ...subject });
  using _signals = listenToSignals(stop);
  try {
    if (options.stopOnEof) stopOnEof(stop);
    const printer = subject.printer(out, report);
    const watch = new Watch(watched(both(printer, listener), subject.expectations));
    const { readyFd } = options;
    const command = commandOf(subject, options);
    const outcome = await subject.run({
      stop: controller.signal,
      ...(file === undefined ? { outputFd: STDOUT } : {}),
      ...(readyFd === undefined ? {} : { onArmed: () => tellReady(readyFd) }),
      ...(command === undefined ? {} : { command }),
    }, watch);
    report.finish();
    out.flush();
    return outcomeStatus(outcome, { ok: report.ok, empty: !watch.sawSomething }, options);
  } catch (error) {
    if (options.results !== "text") out.line(`Bail out! ${firstLine(error)}`);
    report.finish(firstLine(error));
    listener?.error(error, options);
    return printError(error, options, out);
  }
}

/** Checks what can be before anything is traced. */
function checkReadyFd(name: string, { readyFd }: SessionOptions): void {
  if (readyFd === undefined || isInheritedForWriting(readyFd)) return;
  throw new UsageError(
    `Cannot write to file descriptor ${readyFd}: it is not open`,
    `In a shell: gimlet ${name} --ready-fd ${readyFd} ${readyFd}>FILE; sudo closes those above 2`,
  );
}

function firstLine(error: unknown): string {
  const [line = ""] = messageOf(error).split("\n");
  return line;
}

function both(sink: Sink, listener: Listener | undefined): Sink {
  if (listener === undefined) return sink;
  return {
    emit(value) {
      sink.emit(value);
      listener.value(value);
    },
    flush() {
      sink.flush();
      listener.flush();
    },
  };
}

function commandOf({ command }: Runnable, options: SessionOptions): RunOptions["command"] {
  if (command !== undefined || options.command.length === 0) return command;
  return { words: options.command, ...commandStreams(options) };
}

/** Where a command reads and writes. */
export function commandStreams(
  { json, results, stopOnEof }: Pick<SessionOptions, "json" | "results" | "stopOnEof">,
): Omit<CommandOptions, "words"> {
  return {
    // Nothing may reach stdout but what programs read there.
    output: json || results !== "text" ? Deno.stderr.writable : undefined,
    input: stopOnEof ? "null" : "inherit",
  };
}

/** Says on a file descriptor that all is armed. */
function tellReady(fd: number): void {
  try {
    writeOnce(fd, "ready\n");
  } catch (error) {
    // Nobody waits any more.
    if (!(error instanceof Error)) throw error;
    noteLine(`cannot tell file descriptor ${fd} that all is ready: ${error.message}`);
  }
}

/** Ends tracing when nothing more can come from stdin: its other end is closed, or gone with the process that had it. */
function stopOnEof(stop: (request: StopRequest) => void): void {
  const stopped = () => stop({ reason: "stdin-closed" });
  readToEnd().then(stopped, stopped);
}

async function readToEnd(): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await Deno.stdin.read(buffer) !== null);
}

/** Sees whether anything happened. */
class Watch implements Sink {
  readonly #sink: Sink;
  sawSomething = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  emit(value: Value): void {
    this.sawSomething ||= showsSomething(value);
    this.#sink.emit(value);
  }

  flush(): void {
    this.#sink.flush();
  }
}

function outcomeStatus(
  { summary, commandStatus, exitStatus = STATUS.done }: RunOutcome,
  { ok, empty }: { ok: boolean; empty: boolean },
  { failOnLoss, requireEvents }: SessionOptions,
): number {
  if (failOnLoss && summary.lost > 0n) return STATUS.lost;
  if (!ok) return STATUS.expectation;
  if (exitStatus !== STATUS.done) return exitStatus;
  if (requireEvents && summary.ended_by === "duration" && empty) return STATUS.noEvents;
  return commandStatus ?? STATUS.done;
}

/** Ctrl-C and SIGTERM end the tool in good order; the second one ends it at once. */
function listenToSignals(stop: (request: StopRequest) => void): Disposable {
  let asked = false;
  const listeners = (["SIGINT", "SIGTERM"] as const).map((signal) => {
    const listener = () => {
      if (asked) Deno.exit(STATUS.done);
      asked = true;
      // Ctrl-C reaches the command by itself, from the terminal.
      const passOn = signal === "SIGTERM" || !isForeground();
      stop({ reason: "interrupted", ...(passOn ? { signal } : {}) });
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return { [Symbol.dispose]: () => listeners.forEach((remove) => remove()) };
}

/** Tells of an error where the options want it; gives its status. */
export function printError(
  error: unknown,
  options: { readonly json: boolean; readonly verbose: boolean },
  out: Writer,
): number {
  if (options.json) out.line(errorRecord(error));
  out.flush();
  tell(errorLines(error, options));
  return statusOf(error);
}

/** Does something that throws where the command line is wrong: who reads JSON reads of that there, too. */
export async function reportingJson(
  args: readonly string[],
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (wantsJson(args)) printAll(new Writer(Deno.stdout), [errorRecord(error)]);
    throw error;
  }
}

/** Whether JSON is asked for, also where the other options cannot be understood. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const words = end < 0 ? args : args.slice(0, end);
  return words.some((word, i) =>
    word === "--json" || word === "--format=json" || word === "json" && words[i - 1] === "--format"
  );
}
