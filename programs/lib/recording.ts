/**
 * Recordings of runs: a file that holds what both printers made of every value, so that it can be printed again without the kernel.
 *
 * It is NDJSON: a head, then the JSON records as they were printed, each with `line` records behind for the text that people saw,
 * and an end with the exit status.
 */

import { FormatError } from "../../ffi/errors.ts";
import { json, jsonLine } from "./json.ts";
import { type TextLine, textLines } from "./text.ts";
import type { Value } from "./value.ts";

/** The version of the format. */
const VERSION = 1;

/** Where a recorded line of text goes: `error` is for stderr, as it stands. */
export type RecordedKind = TextLine["kind"] | "error";

/** What a line of a recording is. */
export type Recorded =
  /** A record as `--json` printed it. */
  | { readonly type: "json"; readonly text: string }
  /** A line as a person saw it. */
  | { readonly type: "line"; readonly kind: RecordedKind; readonly text: string }
  /** The run's exit status. */
  | { readonly type: "end"; readonly status: number };

/** The first line: which gimlet was called how. */
export function headLine(gimlet: string, command: readonly string[]): string {
  return json({ type: "recording", format: VERSION, gimlet, command });
}

/** The last line. */
export function endLine(status: number): string {
  return json({ type: "end", status });
}

/** The lines of a value. */
export function valueLines(value: Value): string[] {
  const record = jsonLine(value);
  const lines = textLines(value).map(({ kind, text }) => textLine(kind, text));
  return record === undefined ? lines : [record, ...lines];
}

/** The line for a line of text. */
export function textLine(kind: RecordedKind, text: string): string {
  return json({ type: "line", kind, text });
}

/**
 * Checks the first line.
 *
 * @throws {FormatError} where it is that of no recording, or of one that a later gimlet made
 */
export function readHead(line: string): void {
  const { type, format } = parse(line);
  if (type !== "recording") throw new FormatError("it is no recording of gimlet");
  if (format === VERSION) return;
  throw new FormatError(`its format is ${format}, and this gimlet reads ${VERSION} only`);
}

/**
 * Reads a line behind the first.
 *
 * @throws {FormatError} where it is none of a recording
 */
export function readLine(line: string): Recorded {
  // Records stay as they are: their integers may be larger than JSON.parse can hold.
  if (!/^{"type":"(line|end)",/.test(line)) return { type: "json", text: line };
  const { type, kind, text, status } = parse(line);
  if (type === "end" && typeof status === "number") return { type, status };
  if (type === "line" && isKind(kind) && typeof text === "string") return { type, kind, text };
  throw new FormatError(`it has a line that gimlet does not write: ${line}`);
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isKind(kind: unknown): kind is RecordedKind {
  return kind === "output" || kind === "piece" || kind === "note" || kind === "error";
}
