/** The options of scripts: bpftrace's own, and those that all of gimlet's tools have. */

import { defined, type Option, optionLine, parseDuration, parsePercent, whole } from "./options.ts";
import { unknownName, UsageError } from "./usage.ts";

/** What is written in place of running. */
export const DUMPS = ["ast", "types", "bpf"] as const;

/** One of them. */
export type Dump = typeof DUMPS[number];

/** What the options of a script said. */
export interface ScriptOptions {
  /** `-e`: the script itself. */
  readonly program?: string;
  /** The script's file; `-` is standard input. */
  readonly file?: string;
  readonly parameters: readonly string[];
  readonly pid?: number;
  /** `-c`: a command as the shell reads it. */
  readonly child?: string;
  /** The words behind `--`. */
  readonly command: readonly string[];
  readonly outputFile?: string;
  readonly format: "text" | "json" | "records";
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly unsafe: boolean;
  readonly dryRun: boolean;
  readonly dump?: Dump;
  readonly durationMs?: number;
  readonly maxEvents?: number;
  readonly readyFd?: number;
  readonly stopOnEof: boolean;
  readonly failOnLoss: boolean;
  readonly requireEvents: boolean;
  readonly stats: boolean;
  readonly maxOverhead?: number;
  readonly filters: {
    readonly pid?: number;
    readonly tgid?: number;
    readonly uid?: number;
    readonly comm?: string;
  };
  readonly help: boolean;
}

/** The options, in the order of the help. */
export const SCRIPT_OPTIONS = [
  { name: "e", value: "PROGRAM", help: "run this script" },
  { name: "p", value: "PID", help: "set probes in user space in this process only" },
  { name: "c", value: "CMD", help: "run this command with all probes armed; end with it" },
  { name: "o", value: "FILE", help: "write the output to this file" },
  { name: "f", value: "text|json", help: "how to print: bpftrace's text or JSON (default: text)" },
  { name: "q", help: "say less: no line about attaching" },
  { name: "v", help: "say more: libbpf's and the verifier's words" },
  { name: "d", help: "print the tree of the script and end: as --dump ast" },
  { name: "B", value: "MODE", help: "line, full or none: output is never held back anyway" },
  { name: "I", value: "DIR", help: "taken, and not needed: types come from the kernel" },
  { name: "h", help: "show this help" },
  { name: "dump", value: "ast|types|bpf", help: "print what became of the script and end" },
  { name: "dry-run", help: "load and attach, then end" },
  { name: "unsafe", help: "allow system() and other functions that change things" },
  { name: "include", value: "FILE", help: "taken, and not needed: types come from the kernel" },
  { name: "format", value: "text|json", help: "the same text, or gimlet's own records" },
  { name: "json", help: "print gimlet's own records, one a line: --format json" },
  { name: "duration", value: "N[ms|s|m]", help: "stop after this time (default unit: s)" },
  { name: "max-events", value: "N", help: "stop after this many outputs" },
  { name: "pid", value: "PID", help: "trace this thread only (the kernel's pid)" },
  { name: "tgid", value: "PID", help: "trace this process only (the kernel's tgid)" },
  { name: "comm", value: "NAME", help: "trace commands of this name only" },
  { name: "uid", value: "UID", help: "trace this user only" },
  { name: "stats", help: "tell at the end what tracing cost: each program, and gimlet itself" },
  { name: "max-overhead", value: "PCT", help: "end it where it costs more of one CPU than this" },
  { name: "ready-fd", value: "N", help: "write a line to this file descriptor once armed" },
  { name: "stop-on-eof", help: "stop when stdin is closed" },
  { name: "fail-on-loss", help: "exit with 6 if events were lost" },
  { name: "require-events", help: "exit with 124 if --duration ran out and nothing was seen" },
  { name: "help", help: "show this help" },
] as const satisfies readonly Option[];

/** Options of bpftrace that gimlet does not have, and what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  k: "Reads that fail give 0",
  info: "gimlet selftest says what works here",
  "emit-elf": "gimlet needs no compiler: run the script",
  aot: "gimlet needs no compiler: run the script",
  usdt: "gimlet raises semaphores by itself",
  cgroup: 'Compare in the script: cgroup == cgroupid("/sys/fs/cgroup/…")',
  plan: "A script says itself where it goes",
  expect: "Let the script say it: END { exit(@n < 16) }",
  "expect-none": "Let the script say it: END { exit(@n > 0) }",
  junit: "Expectations are for tools",
  tap: "Expectations are for tools",
  ktap: "Expectations are for tools",
};

type Values = Map<string, string[]>;

/**
 * Reads the words of a command line that runs a script.
 *
 * @throws {UsageError}
 */
export function parseScriptOptions(args: readonly string[]): ScriptOptions {
  const { values, words, command } = readWords(args);
  const one = (name: string): string | undefined => {
    const given = values.get(name) ?? [];
    if (given.length > 1) {
      throw new UsageError(`Option ${dashed(name)} is given ${given.length} times`);
    }
    return given[0];
  };
  const program = one("e");
  const [file, ...rest] = words;
  const help = values.has("h") || values.has("help");
  if (program === undefined && file === undefined && !help) {
    throw new UsageError("There is no script to run", "gimlet FILE.bt, or gimlet -e 'PROGRAM'");
  }
  const child = one("c");
  if (child !== undefined && command.length > 0) {
    throw new UsageError("Cannot run two commands: -c and -- name one each");
  }
  return {
    ...defined("program", program),
    ...(program === undefined ? defined("file", file) : {}),
    parameters: program === undefined ? rest : words,
    ...defined("pid", whole("p", one("p"), 1)),
    ...defined("child", child),
    command,
    ...defined("outputFile", one("o")),
    format: values.has("json") || asFormat(one("format")) === "json"
      ? "records"
      : asFormat(one("f")),
    quiet: values.has("q"),
    verbose: values.has("v"),
    unsafe: values.has("unsafe"),
    dryRun: values.has("dry-run"),
    ...defined("dump", values.has("d") ? "ast" : asDump(one("dump"))),
    ...defined("durationMs", parseDuration(one("duration"))),
    ...defined("maxEvents", whole("max-events", one("max-events"), 1)),
    ...defined("readyFd", whole("ready-fd", one("ready-fd"), 2)),
    stopOnEof: values.has("stop-on-eof"),
    failOnLoss: values.has("fail-on-loss"),
    requireEvents: values.has("require-events"),
    stats: values.has("stats"),
    ...defined("maxOverhead", parsePercent(one("max-overhead"))),
    filters: {
      ...defined("pid", whole("pid", one("pid"), 1)),
      ...defined("tgid", whole("tgid", one("tgid"), 1)),
      ...defined("uid", whole("uid", one("uid"), 0)),
      ...defined("comm", one("comm")),
    },
    help,
  };
}

function readWords(
  args: readonly string[],
): { values: Values; words: string[]; command: readonly string[] } {
  const end = args.indexOf("--");
  const before = end < 0 ? [...args] : args.slice(0, end);
  const values: Values = new Map();
  const words: string[] = [];
  for (let word = before.shift(); word !== undefined; word = before.shift()) {
    if (!/^-./.test(word) || /^-\d/.test(word)) words.push(word);
    else readOption(word, before, values);
  }
  return { values, words, command: end < 0 ? [] : args.slice(end + 1) };
}

/** `-e PROGRAM`, `-ePROGRAM`, `-qv`, `--duration 3`, `--duration=3` */
function readOption(word: string, rest: string[], values: Values): void {
  const [, long, given] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined) return setOption(long, given, { rest, values, word });
  const letter = word[1]!;
  const option = optionOf(letter, word);
  const behind = word.slice(2);
  if ("value" in option) {
    return setOption(letter, behind === "" ? undefined : behind, { rest, values, word });
  }
  setOption(letter, undefined, { rest, values, word });
  if (behind !== "") readOption(`-${behind}`, rest, values);
}

function setOption(
  name: string,
  given: string | undefined,
  { rest, values, word }: { rest: string[]; values: Values; word: string },
): void {
  const option = optionOf(name, word);
  let value = given;
  if ("value" in option) {
    value ??= rest.shift();
    if (value === undefined) throw new UsageError(`Option ${dashed(name)} needs a value`);
  } else if (given !== undefined) {
    throw new UsageError(`Option ${dashed(name)} takes no value`);
  }
  values.set(name, [...values.get(name) ?? [], value ?? ""]);
}

function optionOf(name: string, word: string): Option {
  const found = SCRIPT_OPTIONS.find((option) => option.name === name);
  if (found !== undefined) return found;
  const instead = UNSUPPORTED[name];
  if (instead !== undefined) throw new UsageError(`not supported: ${dashed(name)}`, instead);
  throw unknownName(
    "option",
    word.replace(/=.*/s, ""),
    SCRIPT_OPTIONS.map(({ name }) => dashed(name)),
  );
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function asFormat(value = "text"): "text" | "json" {
  if (value === "text" || value === "json") return value;
  throw new UsageError(`Unknown format "${value}"`, "It should be text or json");
}

function asDump(value: string | undefined): Dump | undefined {
  if (value === undefined) return undefined;
  const found = DUMPS.find((each) => each === value);
  if (found !== undefined) return found;
  throw unknownName("dump", value, DUMPS);
}

/** `gimlet -e … --help` */
export function scriptHelp(): string[] {
  return [
    "Run a script in bpftrace's language.",
    "",
    "Usage: gimlet [OPTIONS] FILE.bt [PARAMETERS…] [-- CMD ARGS…]",
    "       gimlet [OPTIONS] -e 'PROGRAM' [PARAMETERS…] [-- CMD ARGS…]",
    "       gimlet check FILE.bt",
    "",
    "Options:",
    ...SCRIPT_OPTIONS.map((option) =>
      option.name.length === 1
        ? optionLine(option).replace(/^ {2}\s*--/, "  -")
        : optionLine(option)
    ),
  ];
}
