/** `gimlet TOOL`: runs a tool, prints what it gives, ends with its status. */

import { messageOf } from "../ffi/errors.ts";
import { isInheritedForWriting, writeOnce } from "../ffi/host/inherited_fd.ts";
import { isForeground } from "../ffi/host/process.ts";
import type { CommandOptions } from "../programs/lib/command.ts";
import { watched } from "../programs/lib/expectations.ts";
import {
  type Outcome,
  runTool,
  type Sink,
  type StopRequest,
  tryPlans,
} from "../programs/lib/session.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import { showsSomething, type Value } from "../programs/lib/value.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { ExpectReport } from "./expect_report.ts";
import { toolHelp } from "./help.ts";
import { parseToolOptions, type ToolOptions } from "./options.ts";
import { printAll } from "./print.ts";
import { errorLines, errorRecord } from "./report.ts";
import { jsonSink, noteLine, textSink } from "./sinks.ts";
import { unknownName, UsageError } from "./usage.ts";
import { tell, Writer } from "./writer.ts";

const STDOUT = 1;

/** Takes what a run gives, beside the printer. */
export interface Listener {
  value(value: Value): void;
  error(error: unknown, options: { readonly verbose: boolean }): void;
  flush(): void;
}

/** Runs a tool with its arguments; gives the exit status. */
export async function runToolCommand(
  tool: Tool,
  args: readonly string[],
  listener?: Listener,
): Promise<number> {
  return await reportingJson(args, () => {
    return runParsed(tool, parseToolOptions(tool, args), listener);
  });
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

/** Runs a tool with options that were taken apart; gives the exit status. */
export async function runParsed(
  tool: Tool,
  options: ToolOptions,
  listener?: Listener,
): Promise<number> {
  checkOptions(tool, options);
  return await runWithOptions(tool, options, listener);
}

/** Checks what can be before anything is traced. */
function checkOptions(tool: Tool, options: ToolOptions): void {
  const plans = Object.keys(plansOf(tool, options.args));
  if (options.plan !== undefined && !plans.includes(options.plan)) {
    throw unknownName("plan", options.plan, plans);
  }
  const { readyFd } = options;
  if (readyFd !== undefined && !isInheritedForWriting(readyFd)) {
    throw new UsageError(
      `Cannot write to file descriptor ${readyFd}: it is not open`,
      `In a shell: gimlet ${tool.name} --ready-fd ${readyFd} ${readyFd}>FILE; sudo closes those above 2`,
    );
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

async function runWithOptions(
  tool: Tool,
  options: ToolOptions,
  listener: Listener | undefined,
): Promise<number> {
  const controller = new AbortController();
  const stop = (request: StopRequest) => controller.abort(request);
  const out = new Writer(Deno.stdout, { onClosed: () => stop({ reason: "stdout-closed" }) });
  if (options.help) return printAll(out, toolHelp(tool));
  const report = new ExpectReport(`gimlet ${tool.name}`, options);
  using _signals = listenToSignals(stop);
  try {
    if (options.listPlans) return printPlans(tool, options, out);
    if (options.stopOnEof) stopOnEof(stop);
    const printer = options.json ? jsonSink(out, report) : textSink(out, report, options);
    const { command, readyFd, expectations, ...rest } = options;
    const watch = new Watch(watched(both(printer, listener), expectations));
    const outcome = await runTool(tool, {
      ...rest,
      stop: controller.signal,
      outputFd: STDOUT,
      ...(readyFd === undefined ? {} : { onArmed: () => tellReady(readyFd) }),
      ...(command.length > 0 ? { command: commandOptions(command, options) } : {}),
    }, watch);
    report.finish();
    return outcomeStatus(outcome, { ok: report.ok, empty: !watch.sawSomething }, options);
  } catch (error) {
    if (options.results !== "text") out.line(`Bail out! ${firstLine(error)}`);
    report.finish(firstLine(error));
    listener?.error(error, options);
    return printError(error, options, out);
  }
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

function commandOptions(words: readonly string[], options: ToolOptions): CommandOptions {
  return {
    words,
    // Nothing may reach stdout but what programs read there.
    output: options.json || options.results !== "text" ? Deno.stderr.writable : undefined,
    input: options.stopOnEof ? "null" : "inherit",
  };
}

/** Says on a file descriptor that all is armed. */
export function tellReady(fd: number): void {
  try {
    writeOnce(fd, "ready\n");
  } catch (error) {
    // Nobody waits any more.
    if (!(error instanceof Error)) throw error;
    noteLine(`cannot tell file descriptor ${fd} that all is ready: ${error.message}`);
  }
}

/** Ends tracing when nothing more can come from stdin: its other end is closed, or gone with the process that had it. */
export function stopOnEof(stop: (request: StopRequest) => void): void {
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
  { summary, commandStatus }: Outcome,
  { ok, empty }: { ok: boolean; empty: boolean },
  options: ToolOptions,
): number {
  if (options.failOnLoss && summary.lost > 0n) return STATUS.lost;
  if (!ok) return STATUS.expectation;
  if (options.requireEvents && summary.ended_by === "duration" && empty) return STATUS.noEvents;
  return commandStatus ?? STATUS.done;
}

/** Ctrl-C and SIGTERM end the tool in good order; the second one ends it at once. */
export function listenToSignals(stop: (request: StopRequest) => void): Disposable {
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

function printPlans(tool: Tool, { json, args }: ToolOptions, out: Writer): number {
  const reports = tryPlans(tool, args);
  const chosen = reports.find(({ probes }) => probes !== undefined)?.plan;
  for (const { plan, probes, reason } of reports) {
    if (json) {
      out.line(JSON.stringify({ type: "plan", plan, chosen: plan === chosen, probes, reason }));
    } else {
      const mark = plan === chosen ? "*" : " ";
      out.line(
        `${mark} ${plan.padEnd(12)} ${probes ? `usable: ${probes.join(", ")}` : `no: ${reason}`}`,
      );
    }
  }
  out.flush();
  return chosen === undefined ? STATUS.noProbe : STATUS.done;
}

/** Tells of an error where the options want it; gives its status. */
export function printError(
  error: unknown,
  options: Pick<ToolOptions, "json" | "verbose">,
  out: Writer,
): number {
  if (options.json) out.line(errorRecord(error));
  out.flush();
  tell(errorLines(error, options));
  return statusOf(error);
}
