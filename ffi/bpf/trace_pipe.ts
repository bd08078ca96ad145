/** The kernel's trace_pipe, read without waiting. */

import { ERRNO } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { type Fd, openNonblocking, readAvailable } from "../raw/fd.ts";
import { LibcError } from "../raw/libc.ts";
import type { EventSource } from "./event_source.ts";

/**
 * The lines of a trace_pipe. Reading takes them out, for every reader of the machine: `bpf_printk()` knows no other place.
 *
 * A source of lines; the text of a line comes without its newline.
 */
export class TracePipe implements EventSource<string> {
  readonly fds: readonly number[];
  readonly #fd: Fd;
  readonly #buffer = new Uint8Array(1 << 16);
  readonly #decoder = new TextDecoder();
  #ready: string[] = [];
  #begun = "";

  /** @throws {BpfError} E_TRACE_PIPE_BUSY, E_PERMISSION or E_READ */
  constructor(path: string) {
    try {
      this.#fd = openNonblocking(path);
    } catch (error) {
      throw error instanceof LibcError ? notOpened(path, error) : error;
    }
    this.fds = [this.#fd.number];
  }

  drain(limit: number, take: (line: string) => boolean): number {
    let taken = 0;
    while (taken < limit) {
      if (this.#ready.length === 0 && !this.#readMore()) break;
      const lines = this.#ready.splice(0, limit - taken);
      for (const [i, line] of lines.entries()) {
        taken++;
        if (take(line)) continue;
        this.#ready.unshift(...lines.slice(i + 1));
        return taken;
      }
    }
    return taken;
  }

  #readMore(): boolean {
    const n = readAvailable(this.#fd, this.#buffer);
    if (n === undefined || n === 0) return false;
    const text = this.#begun + this.#decoder.decode(this.#buffer.subarray(0, n), { stream: true });
    const lines = text.split("\n");
    this.#begun = lines.pop() ?? "";
    this.#ready = lines;
    return true;
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}

function notOpened(path: string, { errno, message }: LibcError): BpfError {
  const parts = { step: "setup", errno, cause: message } as const;
  if (errno === ERRNO.EBUSY) {
    return new BpfError(`open ${path}`, {
      ...parts,
      code: "E_TRACE_PIPE_BUSY",
      cause: "another program reads it, and each line goes to one reader only",
      hint: `Find the reader with: sudo fuser -v ${path}`,
    });
  }
  const denied = errno === ERRNO.EACCES || errno === ERRNO.EPERM;
  return new BpfError(`open ${path}`, { ...parts, code: denied ? "E_PERMISSION" : "E_READ" });
}
