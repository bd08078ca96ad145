/** `gimlet -e 'PROGRAM'`, `gimlet FILE.bt`, `gimlet check FILE.bt`: scripts in bpftrace's language. */

import process from "node:process";
import { BpfError, messageOf } from "../ffi/errors.ts";
import { type CommandOptions, HeldCommand } from "../programs/lib/command.ts";
import { json } from "../programs/lib/json.ts";
import { didYouMean } from "../programs/lib/nearest.ts";
import { compile, type Compiled } from "../programs/script/compile.ts";
import { type WithHeaders, withHeaders } from "../programs/script/headers.ts";
import { type Plan, SCRIPT_TOOL } from "../programs/script/plan.ts";
import { RunningKernel, runScript, scriptShape } from "../programs/script/run.ts";
import type { PacketFile } from "../programs/script/run/packets.ts";
import { DEFAULT_SETTINGS, type Settings } from "../programs/script/settings.ts";
import type { Diagnostic, Source, Span } from "../programs/script/source.ts";
import { STATUS } from "./exit_status.ts";
import { ExpectReport } from "./expect_report.ts";
import { printAll } from "./print.ts";
import {
  commandStreams,
  type Listener,
  printError,
  reportingJson,
  runSessionCommand,
} from "./run_session.ts";
import { dumpLines } from "./script_dump.ts";
import { headerFinder } from "./script_headers.ts";
import { parseScriptOptions, scriptHelp, type ScriptOptions } from "./script_options.ts";
import { scriptSink } from "./script_sinks.ts";
import { bold, red } from "./std.ts";
import { UsageError } from "./usage.ts";
import { tell, Writer } from "./writer.ts";

/** Compiles scripts without running them; needs no rights. Gives the exit status. */
export async function checkScript(args: readonly string[]): Promise<number> {
  if (args.length === 0) throw new UsageError("There is no script to check", CHECK_USAGE);
  return await reportingJson(args, () => {
    const options = parseScriptOptions(args);
    const out = new Writer(Deno.stdout);
    if (options.instead !== undefined) return Promise.resolve(printAll(out, checkHelp()));
    const scripts = options.program === undefined
      ? [options.file!, ...options.parameters].map((file) => ({ ...options, file, parameters: [] }))
      : [options];
    const plans = scripts.map((each) => {
      const read = readSource(each);
      const [begin, used] = [performance.now(), process.cpuUsage()];
      const compiled = compileSource(read.source, { ...each, unsafe: true });
      const { user, system } = process.cpuUsage(used);
      const [taken, cpu] = [performance.now() - begin, (user + system) / 1000]
        .map((ms) => ms.toFixed(1));
      if (each.verbose) tell([`${nameOf(each)}: compiled in ${taken} ms, with ${cpu} ms of CPU`]);
      tellDiagnostics(compiled, read, each, out);
      return compiled.plan;
    });
    return Promise.resolve(plans.includes(undefined) ? STATUS.usage : STATUS.done);
  });
}

const CHECK_USAGE = "gimlet check [-v] [--json] FILE.bt…|-e 'PROGRAM'";

function checkHelp(): string[] {
  return [
    "Look for mistakes in scripts, without running them and without root.",
    "",
    `${bold("Usage:")} ${CHECK_USAGE}`,
    "",
    "-I and --include are as for running. -v says how long each takes to compile.",
    "The exit status is 2 where there is a mistake.",
  ];
}

/** Runs a script; gives the exit status. */
export async function runScriptCommand(
  args: readonly string[],
  listener?: Listener,
): Promise<number> {
  return await reportingJson(args, async () => {
    const options = parseScriptOptions(args);
    const out = new Writer(Deno.stdout);
    switch (options.instead) {
      case "help":
        return printAll(out, scriptHelp());
      case "version":
        return printAll(out, (await import("./version.ts")).versionLines([]));
      case "info":
        return await (await import("./doctor.ts")).doctorCommand(options.json ? ["--json"] : []);
    }
    return await compileAndRun(options, out, listener);
  });
}

async function compileAndRun(
  options: ScriptOptions,
  out: Writer,
  listener: Listener | undefined,
): Promise<number> {
  using child = options.child === undefined
    ? undefined
    : new HeldCommand(options.child, streamsOf(options));
  const read = readSource(options);
  let compiled: Compiled;
  try {
    compiled = compileSource(read.source, options, child?.pid);
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    tellUndone(options, out, error.message);
    return printError(error, options, out);
  }
  const mistake = tellDiagnostics(compiled, read, options, out);
  const { plan } = compiled;
  if (plan === undefined) {
    if (mistake !== undefined) listener?.error(mistake, options);
    return STATUS.usage;
  }
  for (const dump of options.dumps) printAll(out, dumpLines(dump, compiled));
  if (options.dumpsOnly) return STATUS.done;
  return await run(plan, compiled.settings, { options, child, listener, source: read.source });
}

async function run(
  plan: Plan,
  { missingProbes }: Settings,
  { options, child, listener, source }: {
    readonly source: Source;
    readonly options: ScriptOptions;
    readonly child: HeldCommand | undefined;
    readonly listener: Listener | undefined;
  },
): Promise<number> {
  const { command: words, ...own } = options;
  using file = openOutput(options);
  const told = {
    openFile: openPackets,
    onRemark: (line: string) => tell([colored(line)]),
    onRefused: (span: Span, hint: string) =>
      tellAbout(source, [{ severity: "error", span, message: "this probe cannot be set", hint }]),
    onFault: (span: Span, message: string) => {
      if (!options.warnings) return;
      tellAbout(source, [{ severity: "warning", span, message, hint: "" }]);
    },
  };
  return await runSessionCommand(
    {
      name: nameOf(options),
      expectations: options.expectations(scriptShape(SCRIPT_TOOL, plan)),
      file,
      command: child ?? (words.length > 0 ? { words, ...streamsOf(options) } : undefined),
      printer: (out, report) => scriptSink(out, report, options),
      run: (session, sink) =>
        runScript(plan, { ...own, ...session, ...told, name: SCRIPT_TOOL, missingProbes }, sink),
    },
    options,
    listener,
  );
}

/** bpftrace's JSON is read by programs, too. */
function streamsOf(options: ScriptOptions): Omit<CommandOptions, "words"> {
  return commandStreams({ ...options, json: options.json || options.foreign });
}

/** What reports call the script. */
function nameOf({ program, file = "-" }: ScriptOptions): string {
  return program === undefined ? file : "-e";
}

function readSource({ program, file = "-", includes, includeFolders }: ScriptOptions): WithHeaders {
  const name = program !== undefined || file === "-" ? "stdin" : file;
  const text = program ?? readScript(file);
  return withHeaders({ name, text }, { includes, finder: headerFinder(includeFolders) });
}

function compileSource(source: Source, options: ScriptOptions, child?: number): Compiled {
  const { parameters, pid, unsafe, filters, tellsFaults } = options;
  return compile(source, {
    facts: new RunningKernel(),
    settings: {
      ...{ ...DEFAULT_SETTINGS, parameters, pid, unsafe, filters, tellsFaults, child },
      program: programOf(options),
    },
    environment: Deno.env.toObject(),
    suggest: didYouMean,
  });
}

/** The program of `-p`, or the first word of `-c`. */
function programOf({ pid, child }: ScriptOptions): string | undefined {
  if (pid !== undefined) return `/proc/${pid}/exe`;
  return /^\s*(?:exec\s+)?["']?([^\s"']+)/.exec(child ?? "")?.[1];
}

/** Says on stderr what there is to say of a script, and where programs read, what is wrong with it; gives the first mistake. */
function tellDiagnostics(
  { diagnostics, plan }: Compiled,
  { source, remarks }: WithHeaders,
  options: ScriptOptions,
  out?: Writer,
): UsageError | undefined {
  const shown = [...remarks, ...diagnostics.all].filter(({ severity }) =>
    severity === "error" || options.warnings
  );
  tellAbout(source, shown);
  const errors = shown.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (plan !== undefined || out === undefined || first === undefined) return undefined;
  const message = placed(first, source);
  tellUndone(options, out, message);
  if (options.json) printAll(out, errors.map((each) => mistakeRecord(each, source)));
  return new UsageError(message, first.hint);
}

function tellAbout(source: Source, diagnostics: readonly Diagnostic[]): void {
  const lines = diagnostics.flatMap((each) => source.describe(each));
  tell(lines.map(colored));
}

function colored(line: string): string {
  return line.replace(/ERROR:/, red("ERROR:"));
}

/** Where results of tests are wanted, all of them failed: nothing ran. */
function tellUndone(options: ScriptOptions, out: Writer, reason: string): void {
  const expectations = options.expected.map((text) => ({ text }));
  const report = new ExpectReport(`gimlet ${nameOf(options)}`, { ...options, expectations });
  report.finish(reason);
  if (options.results !== "text") printAll(out, [...report.head(), `Bail out! ${reason}`]);
}

function placed({ span, message }: Diagnostic, source: Source): string {
  const { line, column } = source.position(span.start);
  return `${source.fileName(span.start)}:${line}:${column}: ${message}`;
}

function mistakeRecord(mistake: Diagnostic, source: Source): string {
  const { line, column } = source.position(mistake.span.start);
  return json({
    type: "error",
    code: "E_SCRIPT",
    message: placed(mistake, source),
    hint: mistake.hint === "" ? null : mistake.hint,
    file: source.fileName(mistake.span.start),
    line,
    column,
  });
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

interface OutputFile extends Disposable {
  readonly path: string;
  readonly target: Deno.FsFile;
}

function openOutput({ outputFile: path }: ScriptOptions): OutputFile | undefined {
  return path === undefined ? undefined : openToWrite(path, "-o FILE");
}

/** `usage` says where the path stands. */
function openToWrite(path: string, usage: string): OutputFile {
  try {
    const target = Deno.openSync(path, { write: true, create: true, truncate: true });
    return { path, target, [Symbol.dispose]: () => target.close() };
  } catch (error) {
    throw new UsageError(`Cannot write to "${path}": ${messageOf(error)}`, usage);
  }
}

function openPackets(path: string): PacketFile {
  const file = openToWrite(path, "skboutput(FILE, …)");
  const writer = new Writer(file.target, { name: path });
  return {
    write: (bytes) => writer.bytes(bytes),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
