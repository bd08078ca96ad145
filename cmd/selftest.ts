/**
 * `gimlet selftest`: tries every tool on this very machine.
 *
 * A second process of gimlet does what each tool is there to see, once the tool is armed; the tool must have seen it.
 */

import { BpfError, type ErrorCode } from "../ffi/errors.ts";
import { runTool } from "../programs/lib/session.ts";
import { type Arguments, plansOf, type Tool } from "../programs/lib/tool.ts";
import { showsSomething, type Value } from "../programs/lib/value.ts";
import { tools } from "../programs/registry.gen.ts";
import { STATUS } from "./exit_status.ts";
import { printAll } from "./print.ts";
import { answerStimuli, SecondProcess } from "./second_process.ts";
import { parseArgs } from "./std.ts";
import { TEST_FORMATS, type TestFormatName, type TestResult } from "./test_report.ts";
import { unknownName, UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

/** The help's lines. */
export const SELFTEST_HELP = [
  "Try every tool on this machine: a second process does what the tool is there to see.",
  "",
  "Usage: gimlet selftest [--format text|tap|ktap|junit|json] [--only TOOL,…] [--all-plans]",
  "",
  "The status is 0 if all that this kernel can do works, else 1. With --all-plans each plan is a test.",
] as const;

/** Runs `gimlet selftest` with its arguments; gives the exit status. */
export async function selftest(args: readonly string[]): Promise<number> {
  const options = parse(args);
  const out = new Writer(Deno.stdout);
  if (options.help) return printAll(out, SELFTEST_HELP);
  if (options.second) return await answerStimuli();
  const { head, result, tail } = TEST_FORMATS[options.format];
  await using second = new SecondProcess();
  const trials = options.tools.flatMap((tool) => trialsOf(tool, second.pid, options.allPlans));
  printAll(out, head(trials.length));
  const results: TestResult[] = [];
  for (const trial of trials) {
    results.push(await timed(trial, second));
    printAll(out, result(results.at(-1)!, results.length));
  }
  printAll(out, tail(results, "gimlet selftest"));
  return results.some(({ outcome }) => outcome === "fail") ? STATUS.expectation : STATUS.done;
}

interface SelftestOptions {
  readonly format: TestFormatName;
  readonly tools: readonly Tool[];
  readonly allPlans: boolean;
  readonly help: boolean;
  /** This is the second process. */
  readonly second: boolean;
}

function parse(args: readonly string[]): SelftestOptions {
  const text = ["format", "only"];
  const switches = ["all-plans", "help", "second-process"];
  const parsed = parseArgs(args, {
    string: ["_", ...text],
    boolean: switches,
    alias: { h: "help" },
    unknown: (arg) => {
      throw unknownName("option", arg, [...text, ...switches].map((name) => `--${name}`));
    },
  });
  const { format = "text", only } = parsed as Record<string, string | undefined>;
  if (!isFormat(format)) {
    const names = Object.keys(TEST_FORMATS).join(", ");
    throw new UsageError(`Unknown format "${format}"`, `It should be one of ${names}`);
  }
  const all = tools.toSorted((a, b) => a.lesson - b.lesson);
  return {
    format,
    tools: only === undefined ? all : only.split(",").map((name) => findTool(all, name)),
    allPlans: parsed["all-plans"] === true,
    help: parsed["help"] === true,
    second: parsed["second-process"] === true,
  };
}

function isFormat(name: string): name is TestFormatName {
  return Object.hasOwn(TEST_FORMATS, name);
}

function findTool(tools: readonly Tool[], name: string): Tool {
  const tool = tools.find((tool) => tool.name === name.replaceAll("-", "_"));
  if (tool === undefined) throw unknownName("tool", name, tools.map(({ name }) => name));
  return tool;
}

/** One thing to try. */
interface Trial {
  readonly name: string;
  readonly tool: Tool;
  readonly args: Arguments;
  readonly plan: string | undefined;
}

function trialsOf(tool: Tool, pid: number, allPlans: boolean): Trial[] {
  const args = tool.selftest.args?.(pid) ?? defaultArguments(tool);
  if (!allPlans) return [{ name: tool.name, tool, args, plan: undefined }];
  return Object.keys(plansOf(tool, args)).map((plan) => ({
    name: `${tool.name}/${plan}`,
    tool,
    args,
    plan,
  }));
}

function defaultArguments({ parameters = [] }: Tool): Arguments {
  return Object.fromEntries(
    parameters.map(({ name, fallback = "" }) => [name.replace(/^--/, ""), fallback]),
  );
}

async function timed(trial: Trial, second: SecondProcess): Promise<TestResult> {
  const start = performance.now();
  const finding = await findOut(trial, second);
  return { name: trial.name, ...finding, seconds: (performance.now() - start) / 1000 };
}

type Finding = Pick<TestResult, "outcome" | "detail">;

async function findOut(
  { tool, args, plan }: Trial,
  second: SecondProcess,
): Promise<Finding> {
  const { stimulus, anyProcess } = tool.selftest;
  const values: Value[] = [];
  const done = new AbortController();
  let answer: ReturnType<SecondProcess["perform"]> | undefined;
  try {
    await runTool(tool, {
      args,
      ...(plan === undefined ? {} : { plan }),
      filters: anyProcess ? {} : { tgid: second.pid },
      stop: done.signal,
      onArmed: () => {
        answer = second.perform(stimulus)
          .finally(() => done.abort({ reason: "command" }));
      },
    }, { emit: (value) => values.push(value), flush: () => {} });
  } catch (error) {
    return refused(error);
  }
  const said = await answer;
  if (said?.outcome === "cannot") return { outcome: "skip", detail: said.reason };
  if (said?.outcome === "failed") {
    return { outcome: "fail", detail: `the stimulus failed: ${said.reason}` };
  }
  return judge(tool, values);
}

function judge({ selftest }: Tool, values: readonly Value[]): Finding {
  const { proof = (values) => values.some(showsSomething) } = selftest;
  const header = values.find((value) => value.type === "header");
  const plan = `plan ${header?.plan}`;
  if (proof(values)) return { outcome: "pass", detail: plan };
  return { outcome: "fail", detail: `${plan} is attached, and what was done was not seen` };
}

/** What this kernel, as it is, has no means for. Everything else should have worked. */
const KERNEL_CANNOT: readonly ErrorCode[] = [
  "E_NO_PLAN",
  "E_NO_PROBE",
  "E_NO_KPROBES",
  "E_NO_TRACEFS",
  "E_NO_BTF",
  "E_LOCKDOWN",
];

function refused(error: unknown): Finding {
  if (!(error instanceof BpfError)) throw error;
  const outcome = KERNEL_CANNOT.includes(error.code) ? "skip" : "fail";
  return { outcome, detail: `${error.code}: ${error.cause}` };
}
