/** The options that every tool has: what they are called, what they take, what they mean. */

import { ExpectError } from "../programs/lib/expect/diagnostic.ts";
import { type Expectation, expectation, expectNone } from "../programs/lib/expect/evaluate.ts";
import type { Filters } from "../programs/lib/filters.ts";
import { shapeOf, type ToolShape } from "../programs/lib/record_shape.ts";
import type { RunOptions } from "../programs/lib/session.ts";
import type { Arguments, Parameter, Tool } from "../programs/lib/tool.ts";
import { dashed, type Option, optionLine, parseOptions, text, texts } from "./option.ts";
import type { ParsedArgs } from "./std.ts";
import { UsageError } from "./usage.ts";

/** What tools and scripts have in common: what the session does, and how it is told. In the order of the help. */
export const SESSION_OPTIONS = [
  { name: "format", value: "text|json", help: "how to print (default: text)" },
  { name: "json", help: "the same as --format json: one record a line" },
  { name: "duration", value: "N[ms|s|m]", help: "stop after this time (default unit: s)" },
  { name: "max-events", value: "N", help: "stop after this many events" },
  { name: "pid", value: "PID", help: "trace this thread only (the kernel's pid)" },
  { name: "tgid", value: "PID", help: "trace this process only (the kernel's tgid)" },
  { name: "comm", value: "NAME", help: "trace commands of this name only" },
  { name: "uid", value: "UID", help: "trace this user only" },
  { name: "cgroup", value: "PATH", help: "trace this cgroup v2 only, such as /sys/fs/cgroup/x" },
  { name: "stats", help: "tell at the end what tracing cost: each program, and gimlet itself" },
  {
    name: "max-overhead",
    value: "PCT",
    help: "stop when the programs take more than this share of a CPU in a second",
  },
  { name: "expect", value: "EXPR", help: "exit with 1 unless this holds: 'count(event) >= 16'" },
  {
    name: "expect-none",
    value: "WHAT",
    help: "exit with 1 if there is one: 'event where pid == 1'",
  },
  { name: "junit", value: "FILE", help: "write what came of the expectations as JUnit's XML" },
  { name: "tap", help: "print that as TAP, in place of all other text" },
  { name: "ktap", help: "print that as the kernel's TAP" },
  { name: "ready-fd", value: "N", help: "write a line to this file descriptor once armed" },
  { name: "stop-on-eof", help: "stop when stdin is closed" },
  { name: "fail-on-loss", help: "exit with 6 if events were lost" },
  { name: "require-events", help: "exit with 124 if --duration ran out and nothing was seen" },
] as const satisfies readonly Option[];

/** The options of every tool, in the order of the help. */
export const TOOL_OPTIONS = [
  ...SESSION_OPTIONS,
  {
    name: "plan",
    value: "NAME|list",
    help: "use this plan, or list all and what each can do here",
  },
  { name: "verbose", short: "v", help: "say more: the plan, libbpf's and the verifier's words" },
  { name: "help", short: "h", help: "show this help" },
] as const satisfies readonly Option[];

/** What the options of a session said. */
export interface SessionOptions
  extends Pick<RunOptions, "durationMs" | "maxEvents" | "stats" | "maxOverhead"> {
  readonly json: boolean;
  readonly filters: Filters;
  readonly failOnLoss: boolean;
  readonly requireEvents: boolean;
  /** How the expectations' results reach stdout. */
  readonly results: "text" | "tap" | "ktap";
  /** The file that they are written to as well. */
  readonly junit?: string;
  readonly readyFd?: number;
  readonly stopOnEof: boolean;
  /** The words behind `--`. */
  readonly command: readonly string[];
}

/** What the options of a tool said. */
export interface ToolOptions extends SessionOptions {
  readonly args: Arguments;
  readonly listPlans: boolean;
  readonly plan?: string;
  readonly expectations: readonly Expectation[];
  readonly verbose: boolean;
  readonly help: boolean;
}

/**
 * Reads the options and words behind a tool's name.
 *
 * @throws {UsageError}
 */
export function parseToolOptions(tool: Tool, args: readonly string[]): ToolOptions {
  return readToolOptions(tool, parse(tool, args));
}

/**
 * What the options of a tool said, once they are taken apart.
 *
 * @throws {UsageError}
 */
export function readToolOptions(tool: Tool, parsed: ParsedArgs): ToolOptions {
  const help = parsed["help"] === true;
  const plan = text(parsed, "plan");
  const listPlans = plan === "list";
  return {
    ...readSessionOptions(parsed),
    args: help ? {} : ownArguments(tool, parsed),
    listPlans,
    ...defined("plan", listPlans ? undefined : plan),
    expectations: readExpectations(shapeOf(tool), parsed),
    verbose: parsed["verbose"] === true,
    help,
  };
}

/**
 * What the options of a session said, once they are taken apart.
 *
 * @throws {UsageError}
 */
export function readSessionOptions(parsed: ParsedArgs): SessionOptions {
  const json = asFormat(text(parsed, "format")) === "json" || parsed["json"] === true;
  return {
    json,
    ...defined("durationMs", parseDuration(text(parsed, "duration"))),
    ...defined("maxEvents", whole("max-events", text(parsed, "max-events"), 1)),
    filters: {
      ...defined("pid", whole("pid", text(parsed, "pid"), 1)),
      ...defined("tgid", whole("tgid", text(parsed, "tgid"), 1)),
      ...defined("uid", whole("uid", text(parsed, "uid"), 0)),
      ...defined("comm", commName(text(parsed, "comm"))),
      ...defined("cgroup", cgroupId(text(parsed, "cgroup"))),
    },
    stats: parsed["stats"] === true,
    ...defined("maxOverhead", parsePercent(text(parsed, "max-overhead"))),
    failOnLoss: parsed["fail-on-loss"] === true,
    requireEvents: parsed["require-events"] === true,
    ...resultOptions(parsed, json),
    ...defined("readyFd", whole("ready-fd", text(parsed, "ready-fd"), 2)),
    stopOnEof: parsed["stop-on-eof"] === true,
    command: parsed["--"] ?? [],
  };
}

function parse(tool: Tool, args: readonly string[]): ParsedArgs {
  return parseOptions([...TOOL_OPTIONS, ...ownOptions(tool)], args);
}

function isOption({ name }: Parameter): boolean {
  return name.startsWith("--");
}

function keyOf({ name }: Parameter): string {
  return name.replace(/^--/, "");
}

function ownOptions({ parameters = [] }: Tool): Option[] {
  return parameters.filter(isOption).map((parameter) => ({
    name: keyOf(parameter),
    value: keyOf(parameter).toUpperCase(),
    help: parameter.help,
  }));
}

/** The values of the tool's own parameters. */
function ownArguments({ name, parameters = [] }: Tool, parsed: ParsedArgs): Arguments {
  const words = [...parsed._];
  const values = parameters.map((parameter) => {
    const key = keyOf(parameter);
    const given = isOption(parameter) ? text(parsed, key) : words.shift();
    const value = given === undefined ? parameter.fallback : String(given);
    if (value === undefined) throw new UsageError(`${key} is missing`, usageLine(name, parameters));
    if (given !== undefined && !parameter.pattern.test(value)) {
      throw new UsageError(`Cannot read ${parameter.name} "${value}"`, parameter.help);
    }
    return [key, value] as const;
  });
  if (words.length === 0) return Object.fromEntries(values);
  throw new UsageError(
    `Unexpected argument "${words[0]}"`,
    `${usageLine(name, parameters)}; a command to run stands behind --`,
  );
}

/** `gimlet vfsreadlat [OPTIONS] [interval [count]] [-- CMD ARGS…]` */
export function usageLine(name: string, parameters: readonly Parameter[] = []): string {
  const words = parameters.filter((parameter) => !isOption(parameter));
  const text = words.reduceRight(
    (rest, { name, fallback }) => fallback === undefined ? ` ${name}${rest}` : ` [${name}${rest}]`,
    "",
  );
  return `gimlet ${name} [OPTIONS]${text} [-- CMD ARGS…]`;
}

/** How the results of expectations are told; that needs an expectation. */
function resultOptions(
  parsed: ParsedArgs,
  json: boolean,
): Pick<SessionOptions, "results" | "junit"> {
  const junit = text(parsed, "junit");
  const formats = (["tap", "ktap"] as const).filter((name) => parsed[name] === true);
  const [results = "text"] = formats;
  if (formats.length + (json ? 1 : 0) > 1) {
    const given = [...json ? ["--json"] : [], ...formats.map((name) => `--${name}`)];
    throw new UsageError(`Cannot print ${given.join(" and ")} at once`);
  }
  const [option] = junit === undefined ? formats : ["junit"];
  if (option !== undefined && expectedTexts(parsed).length === 0) {
    throw new UsageError(`Option --${option} needs an --expect: it is about what comes of it`);
  }
  return { results, ...defined("junit", junit) };
}

/** What is expected, as it was written. */
export function expectedTexts(parsed: ParsedArgs): string[] {
  return [...texts(parsed, "expect"), ...texts(parsed, "expect-none")];
}

/**
 * Reads what is expected of a run whose records have this shape.
 *
 * @throws {UsageError}
 */
export function readExpectations(records: ToolShape, parsed: ParsedArgs): Expectation[] {
  const shape = countable(records);
  try {
    return [
      ...texts(parsed, "expect").map((source) => expectation(source, shape)),
      ...texts(parsed, "expect-none").map((source) => expectNone(source, shape)),
    ];
  } catch (error) {
    if (!(error instanceof ExpectError)) throw error;
    throw new UsageError(error.message, error.hint || EXPECT_HINT);
  }
}

/** Of what is reported, that with which expectations can count. */
function countable({ reports, ...shape }: ToolShape): ToolShape {
  const counted = Object.entries(reports).filter(([, report]) =>
    report.kind === "hist" || report.kind === "gathered" ||
    /^[us]\d+$/.test(String(report.value ?? "u64"))
  );
  return { ...shape, reports: Object.fromEntries(counted) };
}

const EXPECT_HINT = "It should be like 'count(event where comm == \"dd\") >= 16'";

/** `text` or `json`. */
export function asFormat(value = "text"): "text" | "json" {
  if (value === "text" || value === "json") return value;
  throw new UsageError(`Unknown format "${value}"`, "It should be text or json");
}

/** ms of `250ms`, `3s`, `2m` or `5` (seconds). */
export function parseDuration(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(value);
  if (match === null) {
    throw new UsageError(`Cannot read duration "${value}"`, "It should be like 500ms, 3s or 2m");
  }
  const unit = { ms: 1, s: 1000, m: 60_000 }[(match[2] ?? "s") as "ms" | "s" | "m"];
  return Number(match[1]) * unit;
}

/** Percent of one CPU: `5`, `0.5%`. */
function parsePercent(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(value) ?? [];
  if (number !== undefined) return Number(number);
  throw new UsageError(`Cannot read --max-overhead "${value}"`, "It should be like 5 or 0.5%");
}

/** A whole number of an option, from `least`. */
export function whole(name: string, value: string | undefined, least: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= 0xffff_ffff) return number;
  throw new UsageError(
    `Cannot read ${dashed(name)} "${value}"`,
    `It should be a whole number from ${least}`,
  );
}

const LONGEST_COMM = 15;

function commName(value: string | undefined): string | undefined {
  const length = new TextEncoder().encode(value ?? "").length;
  if (length <= LONGEST_COMM) return value;
  throw new UsageError(
    `Cannot trace command "${value}": its name has ${length} bytes`,
    `The kernel keeps the first ${LONGEST_COMM}: --comm ${value!.slice(0, LONGEST_COMM)}`,
  );
}

function cgroupId(path: string | undefined): bigint | undefined {
  if (path === undefined) return undefined;
  try {
    return BigInt(Deno.statSync(path).ino!);
  } catch {
    throw new UsageError(`Cannot find cgroup "${path}"`, "It should be a folder in /sys/fs/cgroup");
  }
}

/** `{ key: value }`, or nothing where the value is not defined. */
export function defined<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [key in K]: V };
}

/** The help's lines for what a tool takes: its own words and options first. */
export function optionLines({ parameters = [], ...tool }: Tool): string[] {
  const words = parameters.filter((parameter) => !isOption(parameter));
  const options: readonly Option[] = [...ownOptions({ parameters, ...tool }), ...TOOL_OPTIONS];
  return [
    ...words.map(({ name, help }) => `  ${name.padEnd(28)} ${help}`),
    ...options.map(optionLine),
  ];
}
