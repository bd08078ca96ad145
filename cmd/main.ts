/**
 * The command line: `gimlet TOOL …` and the few subcommands beside.
 *
 * What a subcommand needs is imported when it is asked for: reading all of gimlet takes longer than to run a tool.
 */

import { catalog } from "../programs/catalog.gen.ts";
import type { Tool } from "../programs/lib/tool.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { isListOption, isScript } from "./first_word.ts";
import { printAll } from "./print.ts";
import { setColorEnabled } from "./std.ts";
import { unknownName } from "./usage.ts";
import { tell, Writer } from "./writer.ts";

const SUBCOMMANDS = [
  ...[
    "check",
    "completion",
    "doctor",
    "help",
    "lesson",
    "list",
    "record",
    "replay",
    "run",
    "schema",
    "selftest",
    "version",
    "vm",
  ],
] as const;

/** Runs gimlet with its arguments; gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      tell(await mainHelp());
      return STATUS.usage;
    case "completion":
      return print((await import("./completion.ts")).completionLines(rest, SUBCOMMANDS));
    case "help":
      return print(await helpOn(rest[0]));
    case "--help":
    case "-h":
      return print(await mainHelp());
    case "doctor":
      return await (await import("./doctor.ts")).doctorCommand(rest);
    case "list":
      return await (await import("./list.ts")).listCommand(rest);
    case "lesson":
      return print(await (await import("./lesson.ts")).lessonLines(rest));
    case "schema":
      return print((await import("./schema.ts")).schemaLines(rest));
    case "record":
      return await (await import("./record.ts")).recordCommand(rest, findTool);
    case "replay":
      return await (await import("./record.ts")).replayCommand(rest);
    case "run":
      return await (await import("./run_object.ts")).runObjectCommand(rest);
    case "selftest":
      return await (await import("./selftest.ts")).selftest(rest);
    case "version":
    case "--version":
    case "-V":
      return print((await import("./version.ts")).versionLines(rest));
    case "vm":
      return await (await import("./vm_command.ts")).vmCommand(rest, SUBCOMMANDS);
    case "check":
      return await (await import("./script.ts")).checkScript(rest);
    default:
      if (isListOption(name)) return await (await import("./list.ts")).listCommand(args);
      if (isScript(name)) return await (await import("./script.ts")).runScriptCommand(args);
      return await runTool(name, rest);
  }
}

/** What runs tools is read while the tool is. */
async function runTool(name: string, args: readonly string[]): Promise<number> {
  const [tool, { runToolCommand }] = await Promise.all([
    findTool(name),
    import("./run_tool.ts"),
  ]);
  return await runToolCommand(tool, args);
}

function print(lines: readonly string[]): number {
  return printAll(new Writer(Deno.stdout), lines);
}

async function mainHelp(): Promise<string[]> {
  return (await import("./help.ts")).mainHelp();
}

async function helpOn(topic: string | undefined): Promise<string[]> {
  if (topic === undefined) return await mainHelp();
  const { errorHelp, isCode } = await import("./error_help.ts");
  if (isCode(topic)) return errorHelp(topic);
  return (await import("./help.ts")).toolHelp(await findTool(topic));
}

/** A tool by its name, in which `-` stands for `_`; or a mistake in the name of a subcommand. */
async function findTool(name: string): Promise<Tool> {
  const wanted = name.replaceAll("-", "_");
  const entry = catalog.find(({ name }) => name === wanted);
  if (entry !== undefined) return await entry.load();
  throw unknownName("tool", name, [...catalog.map(({ name }) => name), ...SUBCOMMANDS]);
}

async function start(): Promise<number> {
  try {
    return await main(Deno.args);
  } catch (error) {
    tell((await import("./report.ts")).errorLines(error));
    return statusOf(error);
  }
}

/** Runs gimlet with the arguments of this process, and ends it. */
export async function run(): Promise<never> {
  if (Deno.pid === 1) {
    const { isGuestInit, runGuest } = await import("./vm/guest.ts");
    if (isGuestInit()) await runGuest();
  }
  setColorEnabled(!Deno.noColor && Deno.stderr.isTerminal() && Deno.stdout.isTerminal());
  Deno.exit(await start());
}

if (import.meta.main) void run();
