/** `gimlet list` and `gimlet -l`: what can be traced here, in bpftrace's words. */

import { listFrom } from "../ffi/probes/list.ts";
import type { ProbeList } from "../ffi/probes/list/listed.ts";
import { ProbeSources } from "../ffi/probes/list/sources.ts";
import { hasWildcard, isTypePattern } from "../ffi/probes/list/pattern.ts";
import type { KernelType } from "../ffi/probes/list/types.ts";
import { json } from "../programs/lib/json.ts";
import { STATUS } from "./exit_status.ts";
import { isListOption } from "./first_word.ts";
import { type Option, optionLine, parseOptions, text, texts } from "./option.ts";
import { printAll } from "./print.ts";
import { bold } from "./std.ts";
import { UsageError } from "./usage.ts";
import { noteLine, Writer } from "./writer.ts";

/** The options of `gimlet list`. */
export const LIST_OPTIONS = [
  {
    name: "pid",
    short: "p",
    value: "PID",
    help: "look into the program and libraries of a process",
  },
  { name: "why", value: "NAME", help: "say why a probe is not there, and what sees the same" },
  { name: "json", help: "one record a line" },
  { name: "verbose", short: "v", help: "show arguments, fields and definitions too" },
  { name: "help", short: "h", help: "show this help" },
] as const satisfies readonly Option[];

const USAGE = "gimlet list [OPTIONS] [PATTERN…]";

interface ListOptions {
  readonly pid: number | undefined;
  readonly why: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
  readonly patterns: readonly string[];
}

/** Runs `gimlet list`. What only some lists need is imported for those: with it, all would begin later. */
export async function listCommand(args: readonly string[]): Promise<number> {
  const out = new Writer(Deno.stdout);
  const { help, ...options } = parseListOptions(args);
  if (help) return printAll(out, listHelp());
  const sources = new ProbeSources({ pid: options.pid });
  if (options.why.length > 0) return (await import("./why.ts")).printWhy(options, sources, out);
  const patterns = options.patterns.length === 0 ? ["*"] : options.patterns;
  for (const pattern of patterns) {
    if (isTypePattern(pattern)) {
      const { listTypes } = await import("../ffi/probes/list/types.ts");
      const found = listTypes(pattern, sources);
      printTypes(found, options, out);
      if (found.length === 0) noteLine(`no type matches ${pattern}`);
    } else {
      const found = probesOf(pattern, sources);
      await printProbes(found, { ...options, sources }, out);
      if (found.every(({ names }) => names.length === 0)) tellNone(pattern);
    }
  }
  out.flush();
  return STATUS.done;
}

/** What stands behind `list`, or behind and with `-l`. */
function parseListOptions(args: readonly string[]): ListOptions & { readonly help: boolean } {
  const words = args.flatMap((arg) =>
    isListOption(arg) ? arg.includes("v") ? ["--verbose"] : [] : arg === "-p" ? ["--pid"] : [arg]
  );
  const parsed = parseOptions(LIST_OPTIONS, words);
  const pid = text(parsed, "pid");
  if (pid !== undefined && !/^[1-9]\d*$/.test(pid)) {
    throw new UsageError(`Cannot read --pid "${pid}"`, "It should be the number of a process");
  }
  return {
    pid: pid === undefined ? undefined : Number(pid),
    why: texts(parsed, "why"),
    json: parsed["json"] === true,
    verbose: parsed["verbose"] === true,
    help: parsed["help"] === true,
    patterns: joinTypes(parsed._.map(String)),
  };
}

/** `struct task_struct` may come as two words. */
function joinTypes(words: readonly string[]): string[] {
  const patterns: string[] = [];
  for (const word of words) {
    const last = patterns.at(-1);
    if (last !== undefined && /^(struct|union|enum)$/.test(last)) {
      patterns[patterns.length - 1] = `${last} ${word}`;
    } else patterns.push(word);
  }
  return patterns;
}

/** A pattern that cannot be read is a mistake in the command line. */
function probesOf(pattern: string, sources: ProbeSources): ProbeList[] {
  try {
    return listFrom(pattern, sources);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(error.message, `${USAGE}, such as gimlet list 'kprobe:vfs_*'`);
  }
}

/** A list of nothing is no error, but is seldom meant. */
function tellNone(pattern: string): void {
  const asked = pattern.includes(":") && !hasWildcard(pattern);
  const next = asked ? `: gimlet list --why ${pattern} tells more` : "";
  noteLine(`no probe matches ${pattern}${next}`);
}

async function printProbes(
  lists: readonly ProbeList[],
  { json, verbose, sources }: ListOptions & { readonly sources: ProbeSources },
  out: Writer,
): Promise<void> {
  const { argumentsOf } = verbose
    ? await import("../ffi/probes/list/arguments.ts")
    : { argumentsOf: undefined };
  for (const { type, names, verified, note } of lists) {
    if (note !== undefined) noteLine(`${type}: ${note}`);
    // Tens of thousands of names are one text, not as many lines.
    if (!json && !verbose && names.length > 0) {
      out.line(`${type}:${names.join(`\n${type}:`)}`);
      continue;
    }
    for (const name of names) {
      const probe = `${type}:${name}`;
      const details = argumentsOf?.({ type, name }, sources);
      if (json) out.line(probeRecord(probe, { verified, details }));
      else {
        out.line(probe);
        details?.forEach(({ text }) => out.line(`    ${text}`));
      }
    }
  }
}

function probeRecord(
  probe: string,
  { verified, details }: {
    readonly verified: boolean;
    readonly details: readonly { readonly type: string; readonly name: string }[] | undefined;
  },
): string {
  return json({
    type: "probe",
    probe,
    verified,
    ...(details === undefined
      ? {}
      : { arguments: details.map(({ type, name }) => ({ type, name })) }),
  });
}

function printTypes(
  types: readonly KernelType[],
  { json: asJson, verbose }: ListOptions,
  out: Writer,
): void {
  for (const type of types) {
    const { name, module, size } = type;
    if (asJson) {
      const definition = verbose ? { definition: type.definition() } : {};
      out.line(json({ type: "c_type", name, module, size, ...definition }));
    } else out.line(verbose ? `${type.definition()}\n` : name);
  }
}

function listHelp(): string[] {
  return [
    "List what can be traced here, in bpftrace's words; or say why something cannot be.",
    "",
    `${bold("Usage:")} ${USAGE}`,
    "       gimlet -l [PATTERN…], gimlet -lv [PATTERN…]: as bpftrace does",
    "",
    bold("Patterns:"),
    "  TYPE:NAME with *, ? and […], several with commas between; NAME alone is looked for in all types",
    "  kprobe:vfs_*   kprobe:nfs:*   tracepoint:sched:*   t:syscalls:sys_enter_open*   iter:*   syscall:*",
    "  uprobe:/bin/bash:*read*   uprobe:libc:str*   usdt:/usr/bin/python3:*   'struct task_struct'",
    "",
    bold("Options:"),
    ...LIST_OPTIONS.map(optionLine),
    "",
    bold("Try:"),
    "  sudo gimlet list -v tracepoint:sched:sched_switch",
    "  sudo gimlet list --why kprobe:blk_account_io_done",
  ];
}
