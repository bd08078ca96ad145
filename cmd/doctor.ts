/** `gimlet doctor`: what can be traced on this machine, why not the rest, and what helps. */

import { diagnose } from "../programs/doctor/diagnosis.ts";
import { tools } from "../programs/registry.gen.ts";
import { doctorLines } from "./doctor/lines.ts";
import { doctorRecords } from "./doctor/records.ts";
import { type Option, optionLine, parseOptions } from "./option.ts";
import { printAll } from "./print.ts";
import { bold, setColorEnabled } from "./std.ts";
import { UsageError } from "./usage.ts";
import { Writer } from "./writer.ts";

/** The options of `gimlet doctor`. */
export const DOCTOR_OPTIONS = [
  { name: "json", help: "one record a line" },
  { name: "report", help: "all of it as Markdown, to be pasted into an issue" },
  { name: "verbose", short: "v", help: "name each program type, map type, helper, …" },
  { name: "help", short: "h", help: "show this help" },
] as const satisfies readonly Option[];

/** Runs `gimlet doctor`; gives the exit status. */
export async function doctorCommand(args: readonly string[]): Promise<number> {
  const out = new Writer(Deno.stdout);
  const parsed = parseOptions(DOCTOR_OPTIONS, args);
  const [extra] = parsed._;
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument "${extra}"`, "gimlet doctor [OPTIONS]");
  }
  if (parsed["help"] === true) return printAll(out, doctorHelp());
  const isReport = parsed["report"] === true;
  if (isReport) setColorEnabled(false);
  const diagnosis = await diagnose(tools);
  if (parsed["json"] === true) return printAll(out, doctorRecords(diagnosis));
  const lines = doctorLines(diagnosis, { verbose: isReport || parsed["verbose"] === true });
  return printAll(out, isReport ? ["```text", ...lines, "```"] : lines);
}

function doctorHelp(): string[] {
  return [
    "Say what can be traced on this machine, why the rest cannot be, and what helps.",
    "Each kind of probe is tried with a program that does nothing, and detached at once.",
    "",
    `${bold("Usage:")} gimlet doctor [OPTIONS]`,
    "",
    bold("Options:"),
    ...DOCTOR_OPTIONS.map(optionLine),
    "",
    bold("Try:"),
    "  sudo gimlet doctor --report",
  ];
}
