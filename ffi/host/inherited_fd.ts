/** File descriptors that this process was started with. */

import { Fd, writeTo } from "../raw/fd.ts";

const ACCESS_MODE = 3;
const O_CLOEXEC = 0o2000000;
const STDERR = 2;

/** Reads the flags of `/proc/PID/fdinfo/N`. */
export function parseFdFlags(info: string): number | undefined {
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(info) ?? [];
  return flags === undefined ? undefined : parseInt(flags, 8);
}

/** Whether a descriptor was handed over by who started this process, to be written to. Deno's own ones close on exec. */
export function isInheritedForWriting(fd: number): boolean {
  try {
    const flags = parseFdFlags(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`));
    return flags !== undefined && (flags & O_CLOEXEC) === 0 && (flags & ACCESS_MODE) !== 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Writes a text to an inherited descriptor and closes it, unless it is stderr: whoever waits for the text or for the end of the file
 * goes on.
 *
 * @throws {LibcError}
 */
export function writeOnce(number: number, text: string): void {
  const fd = new Fd(number);
  try {
    writeTo(fd, new TextEncoder().encode(text));
  } finally {
    if (number > STDERR) fd[Symbol.dispose]();
  }
}
