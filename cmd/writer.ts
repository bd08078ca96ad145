/** The one writer: all that reaches stdout goes through it, in large pieces. */

import { messageOf } from "../ffi/errors.ts";

const encoder = new TextEncoder();
const ENOUGH = 1 << 16;

/** What was to be written did not get there: a full disk, a quota, a broken device. */
export class OutputError extends Error {
  override readonly name = "OutputError";

  /** `target` is a file's path, or `stdout`. */
  constructor(target: string, cause: unknown) {
    super(`Cannot write ${target}: ${messageOf(cause)}`, { cause });
  }
}

/** What a writer writes to: `Deno.stdout`, or a stand-in. */
export interface SyncTarget {
  writeSync(bytes: Uint8Array): number;
}

/** What a writer may be told of its target. */
export interface WriterOptions {
  /** For errors: a file's path; without it, `stdout`. */
  readonly name?: string;
  /** Called once, when the reader has gone away. */
  readonly onClosed?: () => void;
}

/**
 * Collects lines and writes them at once. When the reader has gone away, or there is no room, it says so once and writes
 * no more.
 */
export class Writer {
  readonly #target: SyncTarget;
  readonly #name: string;
  readonly #onClosed: () => void;
  #text = "";
  #closed = false;

  constructor(
    target: SyncTarget,
    { name = "stdout", onClosed = () => {} }: WriterOptions = {},
  ) {
    this.#target = target;
    this.#name = name;
    this.#onClosed = onClosed;
  }

  /** Adds a line. */
  line(text: string): void {
    this.text(text + "\n");
  }

  /** Adds text that has its own line ends. */
  text(text: string): void {
    this.#text += text;
    if (this.#text.length >= ENOUGH) this.flush();
  }

  /**
   * Writes what was collected.
   *
   * @throws {OutputError} where it does not get there, but not because its reader has gone
   */
  flush(): void {
    if (this.#text === "") return;
    const bytes = encoder.encode(this.#text);
    this.#text = "";
    this.#writeAll(bytes);
  }

  /** Writes bytes as they are, at once. */
  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#writeAll(bytes);
  }

  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#closed;) {
      at += this.#write(bytes.subarray(at));
    }
  }

  #write(bytes: Uint8Array): number {
    try {
      return this.#target.writeSync(bytes);
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) return 0;
      this.#closed = true;
      if (!(error instanceof Deno.errors.BrokenPipe)) throw new OutputError(this.#name, error);
      this.#onClosed();
      return 0;
    }
  }
}

/** Prints lines to stderr, as far as it takes them: who cannot be told there cannot be told at all. */
export function tell(lines: readonly string[]): void {
  const writer = new Writer(Deno.stderr, { name: "stderr" });
  for (const line of lines) writer.line(line);
  try {
    writer.flush();
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
  }
}

/** Says something beside the output, on stderr. */
export function noteLine(text: string): void {
  tell([`gimlet: ${text}`]);
}
