/** `gimlet TOOL`: runs a tool, prints what it gives, ends with its status. */

import { isForeground } from "../ffi/host/process.ts";
import { jsonLine } from "../programs/lib/json.ts";
import {
  type Outcome,
  runTool,
  type Sink,
  type StopRequest,
  tryPlans,
} from "../programs/lib/session.ts";
import { textLines } from "../programs/lib/text.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import type { Value } from "../programs/lib/value.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { toolHelp } from "./help.ts";
import { parseToolOptions, type ToolOptions } from "./options.ts";
import { errorLines, errorRecord } from "./report.ts";
import { unknownName } from "./usage.ts";
import { Writer } from "./writer.ts";

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
  const options = parseToolOptions(tool, args);
  const controller = new AbortController();
  const stop = (request: StopRequest) => controller.abort(request);
  const out = new Writer(Deno.stdout, () => stop({ reason: "stdout-closed" }));
  if (options.help) return printAll(out, toolHelp(tool));
  const plans = Object.keys(plansOf(tool, options.args));
  if (options.plan !== undefined && !plans.includes(options.plan)) {
    throw unknownName("plan", options.plan, plans);
  }
  using _signals = listenToSignals(stop);
  try {
    if (options.listPlans) return printPlans(tool, options, out);
    const sink = both(options.json ? jsonSink(out) : textSink(out, options), listener);
    const { command, ...rest } = options;
    const outcome = await runTool(tool, {
      ...rest,
      stop: controller.signal,
      outputFd: STDOUT,
      ...(command.length > 0
        ? { command: { words: command, output: commandOutput(options) } }
        : {}),
    }, sink);
    return outcomeStatus(outcome, options);
  } catch (error) {
    listener?.error(error, options);
    return printError(error, options, out);
  }
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

/** With JSON, nothing else may reach stdout: what the command prints goes to stderr. */
function commandOutput({ json }: ToolOptions): WritableStream<Uint8Array> | undefined {
  return json ? Deno.stderr.writable : undefined;
}

function outcomeStatus({ summary, commandStatus }: Outcome, options: ToolOptions): number {
  if (options.failOnLoss && summary.lost > 0n) return STATUS.lost;
  if (options.requireEvents && summary.ended_by === "duration" && summary.events === 0) {
    return STATUS.noEvents;
  }
  return commandStatus ?? STATUS.done;
}

function jsonSink(out: Writer): Sink {
  return {
    emit(value) {
      const line = jsonLine(value);
      if (line !== undefined) out.line(line);
      else if (value.type === "status" && value.kind === "note") noteLine(value.text);
    },
    flush: () => out.flush(),
  };
}

function textSink(out: Writer, { verbose }: ToolOptions): Sink {
  return {
    emit(value) {
      for (const { kind, text } of textLines(value)) {
        kind === "output" ? out.line(text) : noteLine(text);
      }
      if (verbose) { for (const text of verboseLines(value)) noteLine(text); }
    },
    flush: () => out.flush(),
  };
}

function verboseLines(value: Value): string[] {
  switch (value.type) {
    case "header":
      return [`plan ${value.plan}, kernel ${value.kernel}`];
    case "attached":
      return [`attached ${value.probes.join(", ")}`];
    case "summary":
      return [`${value.events} events, ${value.lost} lost, ended by ${value.ended_by}`];
    default:
      return [];
  }
}

/** Says something beside the output, on stderr. */
export function noteLine(text: string): void {
  printAll(new Writer(Deno.stderr), [`gimlet: ${text}`]);
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

function printError(error: unknown, options: ToolOptions, out: Writer): number {
  if (options.json) out.line(errorRecord(error));
  out.flush();
  printAll(new Writer(Deno.stderr), errorLines(error, options));
  return statusOf(error);
}

/** Prints lines; gives status 0. */
export function printAll(out: Writer, lines: readonly string[]): number {
  for (const line of lines) out.line(line);
  out.flush();
  return STATUS.done;
}
