/** The one writer: all that reaches stdout goes through it, in large pieces. */

const encoder = new TextEncoder();
const ENOUGH = 1 << 16;

/** What a writer writes to: `Deno.stdout`, or a stand-in. */
export interface SyncTarget {
  writeSync(bytes: Uint8Array): number;
}

/** Collects lines and writes them at once. When the reader has gone away it says so once and writes no more. */
export class Writer {
  readonly #target: SyncTarget;
  readonly #onClosed: () => void;
  #text = "";
  #closed = false;

  constructor(target: SyncTarget, onClosed: () => void = () => {}) {
    this.#target = target;
    this.#onClosed = onClosed;
  }

  /** Adds a line. */
  line(text: string): void {
    this.#text += text + "\n";
    if (this.#text.length >= ENOUGH) this.flush();
  }

  /** Writes what was collected. */
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
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      this.#closed = true;
      this.#onClosed();
      return 0;
    }
  }
}
