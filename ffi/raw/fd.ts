/** File descriptors that Deno's own files cannot stand for: non-blocking ones, perf events, epoll, eventfd. */

import { ERRNO } from "../errno.ts";
import { lastErrno, libc, LibcError, succeeded } from "./libc.ts";
import { toCString } from "./memory.ts";

const F_DUPFD_CLOEXEC = 1030;
const O_RDONLY = 0;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Owns a file descriptor; closing it twice is safe. */
export class Fd implements Disposable {
  #number: number;

  constructor(number: number) {
    this.#number = number;
  }

  /** @throws {LibcError} EBADF once it is closed */
  get number(): number {
    if (this.#number < 0) throw new LibcError("use of a closed file descriptor", ERRNO.EBADF);
    return this.#number;
  }

  [Symbol.dispose](): void {
    if (this.#number >= 0) libc().close(this.#number);
    this.#number = -1;
  }
}

/**
 * Opens a file to be read without waiting.
 *
 * @throws {LibcError}
 */
export function openNonblocking(path: string): Fd {
  const flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
  return new Fd(succeeded("open", libc().open(toCString(path), flags, 0)));
}

/**
 * Opens a file or folder that stands for something of the kernel, such as a cgroup or a namespace.
 *
 * @throws {LibcError}
 */
export function openReadOnly(path: string): Fd {
  const result = libc().open(toCString(path), O_RDONLY | O_CLOEXEC, 0);
  return new Fd(succeeded(`open ${path}`, result));
}

/**
 * Makes another descriptor of the same file, which lives on when the first one is closed.
 *
 * @throws {LibcError}
 */
export function duplicate(fd: number): Fd {
  return new Fd(succeeded("fcntl", libc().fcntl(fd, F_DUPFD_CLOEXEC, 0n)));
}

/**
 * Reads what is there, without waiting: the number of bytes, 0 at the end of the file, `undefined` where nothing is there
 * yet.
 *
 * @throws {LibcError}
 */
export function readAvailable(fd: Fd, into: Uint8Array<ArrayBuffer>): number | undefined {
  const n = Number(libc().read(fd.number, into, BigInt(into.length)));
  if (n >= 0) return n;
  const errno = lastErrno();
  if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return undefined;
  throw new LibcError("read", errno);
}

/**
 * Writes to a descriptor: the number of bytes that were taken.
 *
 * @throws {LibcError}
 */
export function writeTo(fd: Fd, bytes: Uint8Array<ArrayBuffer>): number {
  return succeeded("write", libc().write(fd.number, bytes, BigInt(bytes.length)));
}
