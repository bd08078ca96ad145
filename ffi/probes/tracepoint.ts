/** Tracepoints, by name through tracefs. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { BpfError } from "../errors.ts";
import { hasTracepoint } from "../host/tracefs.ts";

/**
 * Attaches to `category:event`.
 *
 * @throws {BpfError} E_NO_PROBE where the kernel has no such tracepoint, E_NO_TRACEFS
 */
export function attachTracepoint(program: Program, category: string, event: string): Link[] {
  if (!hasTracepoint(category, event)) {
    throw new BpfError(`attach ${program.name}`, {
      step: "attach",
      code: "E_NO_PROBE",
      cause: `the kernel has no tracepoint ${category}:${event}`,
    });
  }
  return [program.attachTracepoint(category, event)];
}
