/** The command line: `gimlet TOOL …` and the few subcommands beside. */

import type { Tool } from "../programs/lib/tool.ts";
import { tools } from "../programs/registry.gen.ts";
import { completionLines } from "./completion.ts";
import { doctorCommand } from "./doctor.ts";
import { errorHelp, isCode } from "./error_help.ts";
import { STATUS, statusOf } from "./exit_status.ts";
import { mainHelp, toolHelp, toolOf } from "./help.ts";
import { lessonLines } from "./lesson.ts";
import { isListOption, listCommand } from "./list.ts";
import { recordCommand, replayCommand } from "./record.ts";
import { errorLines } from "./report.ts";
import { runObjectCommand } from "./run_object.ts";
import { printAll, runToolCommand } from "./run_tool.ts";
import { checkScript, isScript, runScriptCommand } from "./script.ts";
import { schemaLines } from "./schema.ts";
import { selftest } from "./selftest.ts";
import { setColorEnabled } from "./std.ts";
import { unknownName } from "./usage.ts";
import { versionLines } from "./version.ts";
import { isGuestInit, runGuest } from "./vm/guest.ts";
import { vmCommand } from "./vm_command.ts";
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
  const out = new Writer(Deno.stdout);
  switch (name) {
    case undefined:
      tell(mainHelp());
      return STATUS.usage;
    case "completion":
      return printAll(out, completionLines(rest, SUBCOMMANDS));
    case "help":
      return printAll(out, helpOn(rest[0]));
    case "--help":
    case "-h":
      return printAll(out, mainHelp());
    case "doctor":
      return await doctorCommand(rest);
    case "list":
      return listCommand(rest);
    case "lesson":
      return printAll(out, lessonLines(rest));
    case "schema":
      return printAll(out, schemaLines(rest));
    case "record":
      return await recordCommand(rest, findTool);
    case "replay":
      return await replayCommand(rest);
    case "run":
      return await runObjectCommand(rest);
    case "selftest":
      return await selftest(rest);
    case "version":
    case "--version":
    case "-V":
      return printAll(out, versionLines(rest));
    case "vm":
      return await vmCommand(rest, SUBCOMMANDS);
    case "check":
      return checkScript(rest);
    default:
      if (isListOption(name)) return listCommand(args);
      if (isScript(name)) return await runScriptCommand(args);
      return await runToolCommand(findTool(name), rest);
  }
}

function helpOn(topic: string | undefined): string[] {
  if (topic === undefined) return mainHelp();
  return isCode(topic) ? errorHelp(topic) : toolHelp(findTool(topic));
}

/** A tool by its name, or a mistake in the name of a subcommand. */
function findTool(name: string): Tool {
  const tool = toolOf(name);
  if (tool !== undefined) return tool;
  throw unknownName("tool", name, [...tools.map(({ name }) => name), ...SUBCOMMANDS]);
}

async function start(): Promise<number> {
  try {
    return await main(Deno.args);
  } catch (error) {
    tell(errorLines(error));
    return statusOf(error);
  }
}

if (import.meta.main) {
  if (isGuestInit()) await runGuest();
  setColorEnabled(!Deno.noColor && Deno.stderr.isTerminal() && Deno.stdout.isTerminal());
  Deno.exit(await start());
}
