/** The options of scripts: bpftrace's own, and those that all of gimlet's tools have. */

import type { Expectation } from "../programs/lib/expect/evaluate.ts";
import type { ToolShape } from "../programs/lib/record_shape.ts";
import { dashed, type Option, optionLine, text, texts } from "./option.ts";
import {
  asFormat,
  defined,
  expectedTexts,
  readExpectations,
  readSessionOptions,
  SESSION_OPTIONS,
  type SessionOptions,
  whole,
} from "./options.ts";
import { bold, type ParsedArgs } from "./std.ts";
import { unknownName, UsageError } from "./usage.ts";

/** What is written in place of running. */
export const DUMPS = ["ast", "types", "bpf"] as const;

/** One of them. */
export type Dump = typeof DUMPS[number];

/** What `-d` takes in later versions of bpftrace, and what gimlet has for it. */
const STAGES: Readonly<Record<string, readonly Dump[]>> = {
  "ast": ["ast"],
  "codegen": ["bpf"],
  "codegen-opt": ["bpf"],
  "dis": ["bpf"],
  "libbpf": [],
  "verifier": [],
  "all": ["ast", "types", "bpf"],
};

/** The stages by name. */
export const STAGE_NAMES: readonly string[] = Object.keys(STAGES);

/** How output is held back. */
export const BUFFERINGS = ["line", "full", "none"] as const;

/** What the options of a script said. */
export interface ScriptOptions extends SessionOptions {
  /** `-e`: the script itself. */
  readonly program?: string;
  /** The script's file; `-` is standard input. */
  readonly file?: string;
  readonly parameters: readonly string[];
  readonly pid?: number;
  /** `-c`: a command as the shell reads it. */
  readonly child?: string;
  readonly outputFile?: string;
  /** `-f json`: bpftrace's JSON, not gimlet's own. */
  readonly foreign: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly warnings: boolean;
  readonly unsafe: boolean;
  readonly dryRun: boolean;
  /** `-k`: reads that fail are counted, and told of. */
  readonly tellsFaults: boolean;
  /** What is printed before the script runs, or in place of that. */
  readonly dumps: readonly Dump[];
  /** Nothing runs: a part of the script was asked for only. */
  readonly dumpsOnly: boolean;
  /** Output is held back until there is much of it. */
  readonly holdsBack: boolean;
  /** Folders where headers are looked for. */
  readonly includeFolders: readonly string[];
  /** Headers that stand before the script. */
  readonly includes: readonly string[];
  /** What is asked for in place of a run. */
  readonly instead: "help" | "version" | "info" | undefined;
  /** What is expected, as it was written. */
  readonly expected: readonly string[];
  /** Reads that, once it is known what the script's records hold. */
  expectations(shape: ToolShape): Expectation[];
}

const OWN_OPTIONS = [
  { name: "e", value: "PROGRAM", help: "run this script" },
  { name: "p", value: "PID", help: "set probes in user space in this process only, end with it" },
  { name: "c", value: "CMD", help: "run this command with all probes armed, end with it" },
  { name: "o", value: "FILE", help: "write the output to this file" },
  { name: "f", value: "text|json", help: "how to print: bpftrace's text or JSON (default: text)" },
  { name: "B", value: "MODE", help: "line, none: print at once; full: when there is much of it" },
  { name: "I", value: "DIR", help: "look for headers in this folder" },
  { name: "include", value: "FILE", help: "read this header before the script" },
  { name: "unsafe", help: "allow system() and other functions that change things" },
  { name: "dry-run", help: "load and attach, then end" },
  { name: "d", value: "[STAGE]", help: "print the tree of the script and end; or a stage: all, …" },
  { name: "dump", value: "ast|types|bpf", help: "print what became of the script and end" },
  { name: "k", help: "tell of reads that fail, and count them (-kk: the same)" },
  { name: "q", help: "say less: no line about attaching" },
  { name: "v", help: "say more: what is attached, libbpf's and the verifier's words" },
  { name: "no-warnings", help: "say nothing of what may be wrong with the script" },
  { name: "info", help: "say what this machine can trace: gimlet doctor" },
  { name: "V", help: "say what this is and what it runs on: gimlet version" },
  { name: "version", help: "the same" },
  { name: "h", help: "show this help" },
  { name: "help", help: "the same" },
  { name: "usdt-file-activation", help: "taken, and not needed: semaphores are raised anyway" },
] as const satisfies readonly Option[];

/** The options, in the order of the help. */
export const SCRIPT_OPTIONS: readonly Option[] = [...OWN_OPTIONS, ...SESSION_OPTIONS];

/** Options of bpftrace, and of gimlet's tools, that scripts do not have, and what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  "emit-elf": "gimlet needs no compiler: run the script",
  "emit-llvm": "There is no LLVM in gimlet: --dump bpf prints the instructions",
  "aot": "gimlet needs no compiler: run the script",
  "no-feature": "What a kernel does not have is not used",
  "plan": "A script says itself where it goes",
  "verbose": "It is called -v here, as bpftrace has it",
};

type Values = Record<string, string[] | true>;

/**
 * Reads the words of a command line that runs a script.
 *
 * @throws {UsageError}
 */
export function parseScriptOptions(args: readonly string[]): ScriptOptions {
  const parsed = readWords(args);
  const words = parsed._.map(String);
  const has = (name: string) => parsed[name] === true;
  const program = text(parsed, "e");
  const [file, ...rest] = words;
  const instead = has("h") || has("help")
    ? "help"
    : has("V") || has("version")
    ? "version"
    : has("info")
    ? "info"
    : undefined;
  const stages = texts(parsed, "d").flatMap((stage) => stage.split(","));
  const options: ScriptOptions = {
    ...readSessionOptions(parsed),
    ...defined("program", program),
    ...(program === undefined ? defined("file", file) : {}),
    parameters: program === undefined ? rest : words,
    ...defined("pid", whole("p", text(parsed, "p"), 1)),
    ...defined("child", text(parsed, "c")),
    ...defined("outputFile", text(parsed, "o")),
    foreign: asFormat(text(parsed, "f")) === "json",
    quiet: has("q"),
    verbose: has("v"),
    warnings: !has("no-warnings"),
    unsafe: has("unsafe"),
    dryRun: has("dry-run"),
    tellsFaults: has("k"),
    ...dumpsOf(stages, text(parsed, "dump")),
    holdsBack: oneOf("buffering", text(parsed, "B") ?? "line", BUFFERINGS) === "full",
    includeFolders: texts(parsed, "I"),
    includes: texts(parsed, "include"),
    instead,
    expected: expectedTexts(parsed),
    expectations: (shape) => readExpectations(shape, parsed),
  };
  if (instead === undefined) requireSense(options);
  return options;
}

/** What `-d`, `-d STAGE` and `--dump` ask for. */
function dumpsOf(
  stages: readonly string[],
  dump: string | undefined,
): Pick<ScriptOptions, "dumps" | "dumpsOnly"> {
  if (dump !== undefined) return { dumps: [oneOf("dump", dump, DUMPS)], dumpsOnly: true };
  const named = stages.filter((stage) => stage !== ALONE);
  if (named.length < stages.length) return { dumps: ["ast"], dumpsOnly: true };
  const dumps = new Set(named.flatMap((stage) => STAGES[oneOf("stage", stage, STAGE_NAMES)] ?? []));
  return { dumps: DUMPS.filter((each) => dumps.has(each)), dumpsOnly: false };
}

/** Refuses what cannot be meant at once. */
function requireSense(options: ScriptOptions): void {
  const { program, file, child, command, foreign, json, results, stopOnEof } = options;
  if (program === undefined && file === undefined) {
    throw new UsageError("There is no script to run", "gimlet FILE.bt, or gimlet -e 'PROGRAM'");
  }
  if (child !== undefined && command.length > 0) {
    throw new UsageError("Cannot run two commands: -c and -- name one each");
  }
  if (foreign && (json || results !== "text")) {
    const other = json ? "--json" : `--${results}`;
    throw new UsageError(`Cannot print -f json and ${other} at once`);
  }
  if (stopOnEof && program === undefined && file === "-") {
    throw new UsageError("Option --stop-on-eof reads stdin, and the script stands there");
  }
  if (options.dryRun && options.expected.length > 0) {
    throw new UsageError("Cannot expect anything of --dry-run: the script does not run");
  }
}

function readWords(args: readonly string[]): ParsedArgs {
  const end = args.indexOf("--");
  const before = end < 0 ? [...args] : args.slice(0, end);
  const values: Values = {};
  const words: string[] = [];
  for (let word = before.shift(); word !== undefined; word = before.shift()) {
    if (!/^-./.test(word) || /^-\d/.test(word)) words.push(word);
    else readOption(word, before, values);
  }
  return { ...values, _: words, "--": end < 0 ? [] : args.slice(end + 1) };
}

/** `-e PROGRAM`, `-ePROGRAM`, `-qv`, `--duration 3`, `--duration=3` */
function readOption(word: string, rest: string[], values: Values): void {
  const [, long, given] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined) return setOption(long, given, { rest, values, word });
  const letter = word[1]!;
  const option = optionOf(letter, word);
  const behind = word.slice(2);
  if (letter === "d") return setStage(behind, rest, values);
  if (option.value !== undefined) {
    return setOption(letter, behind === "" ? undefined : behind, { rest, values, word });
  }
  setOption(letter, undefined, { rest, values, word });
  if (behind !== "") readOption(`-${behind}`, rest, values);
}

/** `-d` and `-dd` without a stage, as earlier versions of bpftrace have it. */
const ALONE = "alone";

function setStage(behind: string, rest: string[], values: Values): void {
  const isStage = (word = "") => word.split(",").every((stage) => STAGE_NAMES.includes(stage));
  const known = values["d"] === undefined || values["d"] === true ? [] : values["d"];
  const alone = /^d*$/.test(behind) && !isStage(rest[0]);
  const stage = alone ? ALONE : /^d*$/.test(behind) ? rest.shift()! : behind;
  values["d"] = [...known, stage];
}

function setOption(
  name: string,
  given: string | undefined,
  { rest, values, word }: { rest: string[]; values: Values; word: string },
): void {
  const option = optionOf(name, word);
  if (option.value === undefined) {
    if (given !== undefined) throw new UsageError(`Option ${dashed(name)} takes no value`);
    values[name] = true;
    return;
  }
  const value = given ?? rest.shift();
  if (value === undefined) throw new UsageError(`Option ${dashed(name)} needs a value`);
  const known = values[name] ?? [];
  values[name] = [...known === true ? [] : known, value];
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

function oneOf<const T extends string>(what: string, value: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw unknownName(what, value, known);
}

/** `gimlet -e … --help` */
export function scriptHelp(): string[] {
  return [
    "Run a script in bpftrace's language.",
    "",
    `${bold("Usage:")} gimlet [OPTIONS] FILE.bt|- [PARAMETERS…] [-- CMD ARGS…]`,
    "       gimlet [OPTIONS] -e 'PROGRAM' [PARAMETERS…] [-- CMD ARGS…]",
    "       gimlet check FILE.bt…|-e 'PROGRAM'",
    "",
    bold("bpftrace's options:"),
    ...OWN_OPTIONS.map(optionLine),
    "",
    bold("Those of all of gimlet's tools:"),
    ...SESSION_OPTIONS.map(optionLine),
  ];
}
