/** `gimlet record FILE TOOL …` and `gimlet replay FILE`: a run that can be printed again, without root and without BPF. */

import { FormatError, messageOf } from "../ffi/errors.ts";
import {
  endLine,
  headLine,
  readHead,
  readLine,
  type Recorded,
  textLine,
  valueLines,
} from "../programs/lib/recording.ts";
import type { Tool } from "../programs/lib/tool.ts";
import type { Value } from "../programs/lib/value.ts";
import { VERSION } from "../programs/lib/version.ts";
import { STATUS } from "./exit_status.ts";
import { testResult } from "./expect_report.ts";
import { isScript } from "./first_word.ts";
import { type Option, optionLine, parseOptions } from "./option.ts";
import { parseToolOptions, type SessionOptions } from "./options.ts";
import { printAll } from "./print.ts";
import { errorLines, errorRecord } from "./report.ts";
import type { Listener } from "./run_session.ts";
import { runToolCommand } from "./run_tool.ts";
import { bold } from "./std.ts";
import { TEST_FORMATS } from "./test_report.ts";
import { UsageError } from "./usage.ts";
import { noteLine, tell, Writer } from "./writer.ts";

const RECORD_USAGE = "gimlet record FILE TOOL|-e 'PROGRAM'|SCRIPT.bt [OPTIONS] [-- CMD ARGS…]";
const REPLAY_USAGE = "gimlet replay FILE [--json]";

/** The options of `gimlet replay`. */
export const REPLAY_OPTIONS = [
  { name: "json", help: "print what --json printed, not the text" },
  { name: "help", short: "h", help: "show this help" },
] as const satisfies readonly Option[];

/** Writes the recording of one run. */
class Recorder implements Listener, Disposable {
  readonly #file: Deno.FsFile;
  readonly #writer: Writer;

  /** @throws {UsageError} where the file cannot be written */
  constructor(path: string, command: readonly string[]) {
    try {
      this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    } catch (error) {
      throw new UsageError(`Cannot write ${path}: ${messageOf(error)}`, RECORD_USAGE);
    }
    this.#writer = new Writer(this.#file, { name: path });
    this.#writer.line(headLine(VERSION, command));
  }

  value(value: Value): void {
    for (const line of valueLines(value)) this.#writer.line(line);
    if (value.type !== "expect") return;
    const result = TEST_FORMATS.text.result(testResult(value), 1);
    for (const text of result) this.#writer.line(textLine("output", text));
  }

  /** What became of a run that could not begin. */
  error(error: unknown, options: { readonly verbose: boolean }): void {
    this.#writer.line(errorRecord(error));
    const lines = errorLines(error, options).map(withoutColors);
    for (const text of lines) this.#writer.line(textLine("error", text));
  }

  end(status: number): void {
    this.#writer.line(endLine(status));
    this.#writer.flush();
  }

  flush(): void {
    this.#writer.flush();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Runs `gimlet record` with its arguments; gives the tool's exit status. */
export async function recordCommand(
  args: readonly string[],
  findTool: (name: string) => Promise<Tool>,
): Promise<number> {
  const [path, name, ...rest] = args;
  if (path === "--help" || path === "-h") return printAll(new Writer(Deno.stdout), recordHelp());
  if (path === undefined || name === undefined) {
    throw new UsageError(`${path === undefined ? "FILE" : "TOOL"} is missing`, RECORD_USAGE);
  }
  if (isScript(name)) return await recordScript(path, [name, ...rest]);
  const tool = await findTool(name);
  const { help, listPlans, results } = parseToolOptions(tool, rest);
  if (help || listPlans) return await runToolCommand(tool, rest);
  refuseReports(results);
  using recorder = new Recorder(path, [tool.name, ...rest]);
  const status = await runToolCommand(tool, rest, recorder);
  recorder.end(status);
  return status;
}

async function recordScript(path: string, words: readonly string[]): Promise<number> {
  const { parseScriptOptions } = await import("./script_options.ts");
  const { runScriptCommand } = await import("./script.ts");
  const { instead, dumpsOnly, results } = parseScriptOptions(words);
  if (instead !== undefined || dumpsOnly) return await runScriptCommand(words);
  refuseReports(results);
  using recorder = new Recorder(path, words);
  const status = await runScriptCommand(words, recorder);
  recorder.end(status);
  return status;
}

function refuseReports(results: SessionOptions["results"]): void {
  if (results === "text") return;
  throw new UsageError(`Cannot record --${results}`, "A recording holds the text and the JSON");
}

function recordHelp(): string[] {
  return [
    "Run a tool or a script as without it, and write what it gives to a file.",
    "",
    `${bold("Usage:")} ${RECORD_USAGE}`,
    "",
    "What is in FILE is overwritten. gimlet replay FILE prints the run again, on any machine.",
  ];
}

/** Runs `gimlet replay` with its arguments; gives the exit status of the recorded run. */
export async function replayCommand(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(REPLAY_OPTIONS, args);
  const words = [...parsed._, ...parsed["--"] ?? []].map(String);
  let closed = false;
  const out = new Writer(Deno.stdout, { onClosed: () => closed = true });
  if (parsed["help"] === true) return printAll(out, replayHelp());
  const [path, extra] = words;
  if (path === undefined) throw new UsageError("FILE is missing", REPLAY_USAGE);
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`, REPLAY_USAGE);
  try {
    const status = await replay(path, { json: parsed["json"] === true, out, over: () => closed });
    if (status !== undefined) return status;
    throw new FormatError("the run was still going on, or its end is cut off");
  } catch (error) {
    out.flush();
    throw new UsageError(`Cannot replay ${path}: ${messageOf(error)}`, REPLAY_USAGE);
  }
}

function replayHelp(): string[] {
  return [
    "Print a recorded run again: the same text, or the same JSON, with the same exit status.",
    "",
    `${bold("Usage:")} ${REPLAY_USAGE}`,
    "",
    bold("Options:"),
    ...REPLAY_OPTIONS.map(optionLine),
  ];
}

interface ReplayOptions {
  readonly json: boolean;
  readonly out: Writer;
  /** Whether nobody reads any more. */
  readonly over: () => boolean;
}

/** Prints a recording; gives its status, none where it has no end. */
async function replay(
  path: string,
  { json, out, over }: ReplayOptions,
): Promise<number | undefined> {
  let number = 0;
  for await (const line of linesOf(path)) {
    if (number++ === 0) {
      readHead(line);
      continue;
    }
    const recorded = readLine(line);
    if (recorded.type === "end") {
      out.flush();
      return recorded.status;
    }
    printRecorded(recorded, json, out);
    if (over()) return STATUS.done;
  }
  if (number === 0) throw new FormatError("it is empty");
  return undefined;
}

function printRecorded(recorded: Exclude<Recorded, { type: "end" }>, json: boolean, out: Writer) {
  if (json !== (recorded.type === "json")) return;
  if (recorded.type === "json" || recorded.kind === "output") out.line(recorded.text);
  else if (recorded.kind === "piece") out.text(recorded.text);
  else if (recorded.kind === "note") noteLine(recorded.text);
  else tell([recorded.text]);
}

/** The lines of a file that are whole. */
async function* linesOf(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  let rest = "";
  for await (const chunk of textOf(file)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

async function* textOf(file: Deno.FsFile): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1 << 16);
  for (let length = await file.read(buffer); length !== null; length = await file.read(buffer)) {
    yield decoder.decode(buffer.subarray(0, length), { stream: true });
  }
}

/** What a terminal does not show. */
function withoutColors(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[\d+m/g, "");
}
