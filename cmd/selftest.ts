/**
 * `gimlet selftest`: tries every tool on this very machine.
 *
 * For each tool a second process of gimlet waits until the tool is armed, does what the tool is there to see, and ends. The tool must have
 * seen it.
 */

import { BpfError } from "../ffi/errors.ts";
import { runTool } from "../programs/lib/session.ts";
import { CannotStimulate, STIMULI, type StimulusName } from "../programs/lib/stimulus.ts";
import type { Tool } from "../programs/lib/tool.ts";
import type { Value } from "../programs/lib/value.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { byLesson } from "./help.ts";
import { printAll } from "./run_tool.ts";
import { parseArgs } from "./std.ts";
import { TEST_FORMATS, type TestFormatName, type TestResult } from "./test_report.ts";
import { unknownName, UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

/** The status of a stimulus that this machine cannot give. */
const CANNOT = 77;
/** A tool that has not ended by then has not noticed that the second process is gone. */
const LONGEST_MS = 60_000;

/** Runs `gimlet selftest` with its arguments; gives the exit status. */
export async function selftest(args: readonly string[]): Promise<number> {
  const { format, tools, stimulus } = parse(args);
  if (stimulus !== undefined) return await stimulate(stimulus);
  const out = new Writer(Deno.stdout);
  const { head, result, tail } = TEST_FORMATS[format];
  printAll(out, head(tools.length));
  const results: TestResult[] = [];
  for (const tool of tools) {
    const tested = await testTool(tool);
    results.push(tested);
    printAll(out, result(tested, results.length));
  }
  printAll(out, tail(results));
  return results.some(({ outcome }) => outcome === "fail") ? STATUS.expectation : STATUS.done;
}

interface SelftestOptions {
  readonly format: TestFormatName;
  readonly tools: readonly Tool[];
  readonly stimulus: StimulusName | undefined;
}

function parse(args: readonly string[]): SelftestOptions {
  const names = ["format", "only", "stimulus"];
  const parsed = parseArgs(args, {
    string: ["_", ...names],
    unknown: (arg) => {
      throw unknownName("option", arg, names.map((name) => `--${name}`));
    },
  });
  const { format = "text", only, stimulus } = parsed as Record<string, string | undefined>;
  const all = byLesson();
  const wanted = only?.split(",") ?? all.map(({ name }) => name);
  return {
    format: oneOf("format", format, TEST_FORMATS),
    tools: wanted.map((name) => {
      const tool = all.find((tool) => tool.name === name.replaceAll("-", "_"));
      if (tool === undefined) throw unknownName("tool", name, all.map(({ name }) => name));
      return tool;
    }),
    stimulus: stimulus === undefined ? undefined : oneOf("stimulus", stimulus, STIMULI),
  };
}

function oneOf<T extends object>(kind: string, name: string, table: T): keyof T & string {
  if (Object.hasOwn(table, name)) return name as keyof T & string;
  throw new UsageError(
    `Unknown ${kind} "${name}"`,
    `It should be ${Object.keys(table).join(", ")}`,
  );
}

/** The second process: waits for a line, does the deed, ends. */
async function stimulate(name: StimulusName): Promise<number> {
  Deno.stdin.readSync(new Uint8Array(1));
  try {
    await STIMULI[name]();
    return STATUS.done;
  } catch (error) {
    if (!(error instanceof CannotStimulate)) throw error;
    printAll(new Writer(Deno.stderr), [error.message]);
    return CANNOT;
  }
}

async function testTool(tool: Tool): Promise<TestResult> {
  const start = performance.now();
  const finding = await tryTool(tool);
  return { name: tool.name, ...finding, seconds: (performance.now() - start) / 1000 };
}

type Finding = Pick<TestResult, "outcome" | "detail">;

async function tryTool(tool: Tool): Promise<Finding> {
  const second = new SecondProcess(tool.selftest.stimulus);
  const values: Value[] = [];
  const ended = new AbortController();
  const status = second.ended.finally(() => ended.abort({ reason: "command" }));
  try {
    const { args, anyProcess } = tool.selftest;
    await runTool(tool, {
      args: args?.(second.pid) ?? defaultArguments(tool),
      filters: anyProcess ? {} : { tgid: second.pid },
      durationMs: LONGEST_MS,
      stop: ended.signal,
      onArmed: () => second.go(),
    }, { emit: (value) => values.push(value), flush: () => {} });
    const { code, complaint } = await status;
    if (code === CANNOT) return { outcome: "skip", detail: complaint };
    if (code !== 0) return { outcome: "fail", detail: `the stimulus failed: ${complaint}` };
    return judge(tool, values);
  } catch (error) {
    second.go();
    await status;
    return refused(error);
  }
}

function defaultArguments({ parameters = [] }: Tool): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ name, fallback = "" }) => [name.replace(/^--/, ""), fallback]),
  );
}

function judge({ selftest: { proof = seenAnything } }: Tool, values: readonly Value[]): Finding {
  const header = values.find((value) => value.type === "header");
  const plan = `plan ${header?.plan}`;
  if (proof(values)) return { outcome: "pass", detail: plan };
  return { outcome: "fail", detail: `${plan} is attached, and what was done was not seen` };
}

function seenAnything(values: readonly Value[]): boolean {
  return values.some((value) =>
    value.type === "event" ||
    value.type === "hist" && value.buckets.some(({ count }) => count > 0n) ||
    value.type === "map" && value.entries.length > 0
  );
}

/** What this kernel has no means for is skipped; everything else should have worked. */
function refused(error: unknown): Finding {
  if (!(error instanceof BpfError)) throw error;
  const outcome = statusOf(error) === STATUS.noProbe ? "skip" : "fail";
  return { outcome, detail: `${error.code}: ${error.cause}` };
}

/** A gimlet beside this one. */
class SecondProcess {
  readonly ended: Promise<{ code: number; complaint: string }>;
  readonly #child: Deno.ChildProcess;
  readonly #start: WritableStreamDefaultWriter<Uint8Array>;
  #gone = false;

  constructor(stimulus: StimulusName) {
    const source = Deno.build.standalone ? [] : ["run", "-A", Deno.mainModule];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...source, "selftest", "--stimulus", stimulus],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#start = this.#child.stdin.getWriter();
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lets it do its deed. */
  go(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#start.write(new TextEncoder().encode("\n")).then(() => this.#start.close(), () => {});
  }

  async #end(): Promise<{ code: number; complaint: string }> {
    const [complaint = ""] = (await new Response(this.#child.stderr).text()).split("\n");
    return { code: (await this.#child.status).code, complaint };
  }
}
