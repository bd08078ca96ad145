/** `gimlet -e 'PROGRAM'`, `gimlet FILE.bt`, `gimlet check FILE.bt`: scripts in bpftrace's language. */

import { messageOf } from "../ffi/errors.ts";
import { isInheritedForWriting } from "../ffi/host/inherited_fd.ts";
import { type CommandOptions, HeldCommand } from "../programs/lib/command.ts";
import { jsonLine } from "../programs/lib/json.ts";
import { didYouMean } from "../programs/lib/nearest.ts";
import type { Sink, StopRequest } from "../programs/lib/session.ts";
import { textLines } from "../programs/lib/text.ts";
import { showsSomething, type Value } from "../programs/lib/value.ts";
import { compile, type Compiled } from "../programs/script/compile.ts";
import { SCRIPT_TOOL } from "../programs/script/plan.ts";
import { RunningKernel, runScript, type ScriptOutcome } from "../programs/script/run.ts";
import { DEFAULT_SETTINGS, type Settings } from "../programs/script/settings.ts";
import { Source } from "../programs/script/source.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { printAll } from "./print.ts";
import { errorLines, errorRecord } from "./report.ts";
import { listenToSignals, stopOnEof, tellReady } from "./run_tool.ts";
import { noteLine } from "./sinks.ts";
import { dumpLines } from "./script_dump.ts";
import { parseScriptOptions, scriptHelp, type ScriptOptions } from "./script_options.ts";
import { red } from "./std.ts";
import { UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

const STDOUT = 1;

/** Compiles scripts without running them; needs no rights. Gives the exit status. */
export function checkScript(files: readonly string[]): number {
  if (files.length === 0) {
    throw new UsageError("There is no script to check", "gimlet check FILE.bt");
  }
  let status: number = STATUS.done;
  for (const file of files) {
    const { plan } = compileFile({ ...parseScriptOptions([file]), unsafe: true }, undefined);
    if (plan === undefined) status = STATUS.usage;
  }
  return status;
}

/** Runs a script; gives the exit status. */
export async function runScriptCommand(args: readonly string[]): Promise<number> {
  const options = parseScriptOptions(args);
  if (options.help) return printAll(new Writer(Deno.stdout), scriptHelp());
  checkReadyFd(options);
  try {
    return await compileAndRun(options);
  } catch (error) {
    if (options.format === "records") printAll(new Writer(Deno.stdout), [errorRecord(error)]);
    printAll(new Writer(Deno.stderr), errorLines(error, options));
    return statusOf(error);
  }
}

async function compileAndRun(options: ScriptOptions): Promise<number> {
  using child = options.child === undefined
    ? undefined
    : new HeldCommand(options.child, commandOutput(options));
  const compiled = compileFile(options, child?.pid);
  const { plan } = compiled;
  if (plan === undefined) return STATUS.usage;
  if (options.dump !== undefined) {
    return printAll(new Writer(Deno.stdout), dumpLines(options.dump, compiled));
  }
  const controller = new AbortController();
  const stop = (request: StopRequest) => controller.abort(request);
  using target = openOutput(options, () => stop({ reason: "stdout-closed" }));
  using _signals = listenToSignals(stop);
  if (options.stopOnEof) stopOnEof(stop);
  if (options.dryRun) stop({ reason: "interrupted" });
  const printer = new Printer(target.writer, options);
  const { readyFd, durationMs, maxEvents, maxOverhead, command, stats } = options;
  const outcome = await runScript(plan, {
    name: SCRIPT_TOOL,
    pid: options.pid,
    missingProbes: compiled.settings.missingProbes,
    stop: controller.signal,
    stats,
    ...(maxOverhead === undefined ? {} : { maxOverhead }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(maxEvents === undefined ? {} : { maxEvents }),
    ...(target.isStdout ? { outputFd: STDOUT } : {}),
    ...(readyFd === undefined ? {} : { onArmed: () => tellReady(readyFd) }),
    ...(child !== undefined ? { command: child } : {}),
    ...(command.length > 0 ? { command: { words: command, ...commandOutput(options) } } : {}),
  }, printer);
  return statusOfRun(outcome, options, printer);
}

function statusOfRun(
  { summary, commandStatus, exitStatus }: ScriptOutcome,
  { failOnLoss, requireEvents }: ScriptOptions,
  { sawSomething }: Printer,
): number {
  if (failOnLoss && summary.lost > 0n) return STATUS.lost;
  if (exitStatus !== 0) return exitStatus;
  if (requireEvents && summary.ended_by === "duration" && !sawSomething) return STATUS.noEvents;
  return commandStatus ?? STATUS.done;
}

/** Nothing may reach stdout but JSON, where that is read there. */
function commandOutput({ format }: ScriptOptions): Pick<CommandOptions, "output"> {
  return { output: format === "text" ? undefined : Deno.stderr.writable };
}

function checkReadyFd({ readyFd }: ScriptOptions): void {
  if (readyFd === undefined || isInheritedForWriting(readyFd)) return;
  throw new UsageError(
    `Cannot write to file descriptor ${readyFd}: it is not open`,
    `In a shell: gimlet FILE.bt --ready-fd ${readyFd} ${readyFd}>FILE; sudo closes those above 2`,
  );
}

/** Compiles, and says on stderr what there is to say. */
function compileFile(options: ScriptOptions, child: number | undefined): Compiled {
  const { program, file = "-", parameters, pid, unsafe, filters } = options;
  const source = program === undefined
    ? new Source(file === "-" ? "stdin" : file, readScript(file))
    : new Source("stdin", program);
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    parameters,
    pid,
    unsafe,
    filters,
    child,
  };
  const compiled = compile(source, {
    facts: new RunningKernel(),
    settings,
    environment: Deno.env.toObject(),
    suggest: didYouMean,
  });
  const lines = compiled.diagnostics.all.flatMap((each) => source.describe(each));
  printAll(new Writer(Deno.stderr), lines.map((line) => line.replace(/ERROR:/, red("ERROR:"))));
  return compiled;
}

function readScript(file: string): string {
  try {
    return file === "-" ? readStandardInput() : Deno.readTextFileSync(file);
  } catch (error) {
    throw new UsageError(`Cannot read script "${file}": ${messageOf(error)}`, "gimlet FILE.bt");
  }
}

function readStandardInput(): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1 << 16);
  let text = "";
  for (let size = Deno.stdin.readSync(buffer); size !== null; size = Deno.stdin.readSync(buffer)) {
    text += decoder.decode(buffer.subarray(0, size), { stream: true });
  }
  return text + decoder.decode();
}

interface Target extends Disposable {
  readonly writer: Writer;
  readonly isStdout: boolean;
}

function openOutput({ outputFile }: ScriptOptions, onClosed: () => void): Target {
  if (outputFile === undefined) {
    return { writer: new Writer(Deno.stdout, { onClosed }), isStdout: true, [Symbol.dispose]() {} };
  }
  try {
    const file = Deno.openSync(outputFile, { write: true, create: true, truncate: true });
    const writer = new Writer(file);
    return { writer, isStdout: false, [Symbol.dispose]: () => file.close() };
  } catch (error) {
    throw new UsageError(`Cannot write to "${outputFile}": ${messageOf(error)}`, "-o FILE");
  }
}

/** Prints what a script gives, in one of three ways. */
class Printer implements Sink {
  readonly #out: Writer;
  readonly #options: ScriptOptions;
  sawSomething = false;

  constructor(out: Writer, options: ScriptOptions) {
    this.#out = out;
    this.#options = options;
  }

  emit(value: Value): void {
    this.sawSomething ||= showsSomething(value);
    switch (this.#options.format) {
      case "records":
        return this.#record(value);
      case "json":
        return this.#foreign(value);
      case "text":
        return this.#text(value);
    }
  }

  #record(value: Value): void {
    const line = jsonLine(value);
    if (line !== undefined) this.#out.line(line);
    if (value.type === "lost") this.#note(value);
  }

  #foreign(value: Value): void {
    if (value.type === "output") {
      const line = value.foreign();
      if (line !== undefined) this.#out.line(line);
    } else if (value.type === "attached") {
      this.#out.line(`{"type": "attached_probes", "data": {"probes": ${value.probes.length}}}`);
    } else if (value.type === "lost") {
      this.#out.line(`{"type": "lost_events", "data": {"events": ${value.count}}}`);
      this.#note(value);
    }
  }

  #text(value: Value): void {
    if (value.type === "attached") {
      const count = value.probes.length;
      if (!this.#options.quiet) {
        this.#out.line(`Attaching ${count} probe${count === 1 ? "" : "s"}...`);
      }
      return;
    }
    for (const { kind, text } of textLines(value)) {
      if (kind === "note") noteLine(text);
      else if (kind === "piece") this.#out.text(text);
      else this.#out.line(text);
    }
  }

  #note(value: Value): void {
    for (const { kind, text } of textLines(value)) if (kind === "note") noteLine(text);
  }

  flush(): void {
    this.#out.flush();
  }
}
