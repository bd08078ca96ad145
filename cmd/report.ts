/** Errors as people and programs read them: what failed, why, what to do. */

import { BpfError, messageOf } from "../ffi/errors.ts";
import { json } from "../programs/lib/json.ts";
import { ERROR_HELP } from "./error_help.ts";
import { codeOf } from "./exit_status.ts";
import { bold, dim, red } from "./std.ts";
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
  if (error instanceof VmError) return vmErrorLines(error);
  const hint = hintOf(error);
  if (hint !== undefined) return [`${red("gimlet:")} ${summaryOf(error)}`, hintLine(hint)];
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  return [`${red("gimlet:")} a mistake in gimlet itself, please report it: ${text}`];
}

/** What to do about an error of the command line's own; none where it is a mistake of gimlet's. */
function hintOf(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.hint ?? "See gimlet --help";
  const code = codeOf(error);
  return code === "E_INTERNAL" ? undefined : ERROR_HELP[code].fixes[0];
}

function summaryOf(error: unknown): string {
  const message = messageOf(error);
  return codeOf(error) === "E_LIMIT" ? `Cannot go on: ${message}` : message;
}

/** The console's lines around what went wrong first: the last line is the one that says what it was. */
function vmErrorLines(error: VmError): string[] {
  const { reason, console } = error;
  const tail = excerpt(console).split("\n").filter((line) => line !== "");
  const what = `${red("gimlet vm:")} ${codeOf(error)}: ${reason}`;
  return [...tail.map((line) => `  ${dim(line)}`), what];
}

function hintLine(text: string): string {
  return `  ${bold("→")} ${text}`;
}

/** The JSON record of an error. */
export function errorRecord(error: unknown): string {
  if (!(error instanceof BpfError)) {
    const hint = error instanceof UsageError ? error.hint : hintOf(error);
    return json({
      type: "error",
      code: codeOf(error),
      message: summaryOf(error),
      hint: hint ?? null,
    });
  }
  const { step, code, cause, hint = null, log, message } = error;
  return json({ type: "error", step, code, message, cause, hint, log });
}
