/** Errors as people and programs read them: what failed, why, what to do. */

import { BpfError, messageOf } from "../ffi/errors.ts";
import { json } from "../programs/lib/json.ts";
import type { ReportedCode } from "./error_help.ts";
import { bold, dim, red } from "./std.ts";
import { VM_FAILURES } from "./exit_status.ts";
import { UsageError } from "./usage.ts";
import { excerpt } from "./vm/kernel_log.ts";
import { VmError } from "./vm/vm_error.ts";

/** The lines of an error for a person: at most six, without `verbose`. */
export function errorLines(error: unknown, { verbose = false } = {}): string[] {
  if (error instanceof BpfError) {
    const hints = error.hint?.split("\n") ?? [];
    const log = verbose ? error.log.split("\n").filter((line) => line !== "") : [];
    return [`${red("gimlet:")} ${error.message}`, ...hints.map(hintLine), ...log.map(dim)];
  }
  if (error instanceof UsageError) {
    const help = "See gimlet --help";
    return [`${red("gimlet:")} ${error.message}`, hintLine(error.hint ?? help)];
  }
  if (error instanceof VmError) return vmErrorLines(error);
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return [`${red("gimlet:")} a mistake in gimlet itself, please report it: ${text}`];
}

/** The console's lines around what went wrong first: the last line is the one that says what it was. */
function vmErrorLines({ kind, reason, console }: VmError): string[] {
  const tail = excerpt(console).split("\n").filter((line) => line !== "");
  const what = `${red("gimlet vm:")} ${VM_FAILURES[kind].code}: ${reason}`;
  return [...tail.map((line) => `  ${dim(line)}`), what];
}

function hintLine(text: string): string {
  return `  ${bold("→")} ${text}`;
}

/** The JSON record of an error. */
export function errorRecord(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof BpfError)) {
    const code: ReportedCode = error instanceof UsageError ? "E_USAGE" : "E_INTERNAL";
    const hint = error instanceof UsageError ? error.hint ?? null : null;
    return json({ type: "error", code, message, hint });
  }
  const { step, code, cause, hint = null, log } = error;
  return json({ type: "error", step, code, message, cause, hint, log });
}
