/** Printing lines at once: what subcommands do that do not run. */

import { STATUS } from "./exit_status.ts";
import type { Writer } from "./writer.ts";

/** Prints lines; gives status 0. */
export function printAll(out: Writer, lines: readonly string[]): number {
  for (const line of lines) out.line(line);
  out.flush();
  return STATUS.done;
}
