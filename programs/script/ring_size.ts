/** How large the buffer of a script is. */

import type { Statement } from "./ast.ts";
import type { Attachment } from "./probes.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";

/** A program, as far as it decides this. */
interface Sender {
  readonly probe: { readonly body: readonly Statement[] };
  readonly attachment: Attachment;
}

/** Enough for what a few programs send that each run seldom: a mapped buffer counts as memory of the reader. */
const SELDOM_BYTES = 1 << 18;
const SELDOM_NS = 1_000_000n;

/** The bytes of the ring: those that are set, else as many as the programs need. */
export function ringBytesFor(programs: readonly Sender[], { ringBytes }: Settings): number {
  const isSet = ringBytes !== DEFAULT_SETTINGS.ringBytes;
  return !isSet && programs.every(sendsSeldom) ? SELDOM_BYTES : ringBytes;
}

function sendsSeldom({ attachment, probe }: Sender): boolean {
  switch (attachment.kind) {
    case "begin":
    case "end":
      return !loops(probe.body);
    case "interval":
      return attachment.nanoseconds >= SELDOM_NS && !loops(probe.body);
    default:
      return false;
  }
}

function loops(body: readonly Statement[]): boolean {
  return body.some((statement) =>
    "body" in statement ||
    statement.kind === "if" && (loops(statement.then) || loops(statement.otherwise))
  );
}
