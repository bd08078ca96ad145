/** How large the buffers of a script are. */

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

const PACKET_BYTES = 1 << 20;

/** The bytes of the buffer of packets of each CPU: those that are set, else enough for some hundred packets. */
export function packetBytesFor({ ringBytes }: Settings): number {
  return isSet(ringBytes) ? ringBytes : PACKET_BYTES;
}

function isSet(ringBytes: number): boolean {
  return ringBytes !== DEFAULT_SETTINGS.ringBytes;
}

/** The bytes of the ring: those that are set, else as many as the programs need. */
export function ringBytesFor(programs: readonly Sender[], { ringBytes }: Settings): number {
  return !isSet(ringBytes) && programs.every(sendsSeldom) ? SELDOM_BYTES : ringBytes;
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
