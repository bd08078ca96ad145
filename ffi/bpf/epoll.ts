/** Waiting for several file descriptors at once, without stopping the program's timers and signals meanwhile. */

import { ERRNO } from "../errno.ts";
import { Fd } from "../raw/fd.ts";
import { libc, LibcError, succeeded } from "../raw/libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EPOLLERR_EPOLLHUP = 0x18;
const EPOLL_CLOEXEC = 0o2000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
// struct epoll_event is packed on x86-64.
const [EVENT_SIZE, EVENT_DATA] = Deno.build.arch === "x86_64" ? [12, 4] : [16, 8];
const MAX_EVENTS = 16;

/**
 * `epoll(7)`. The wait runs on another thread: the event loop stays free. Close it explicitly; a wait that is under way keeps
 * the process alive until it is over.
 */
export class Epoll implements Disposable {
  readonly #epoll: Fd;
  readonly #wake: Fd;
  // Kept here: the other thread writes into it.
  readonly #events = new Uint8Array(EVENT_SIZE * MAX_EVENTS);
  readonly #onHangUp = new Map<number, () => void>();
  #waiting: Promise<number> | undefined;
  #closed = false;

  constructor() {
    this.#epoll = new Fd(succeeded("epoll_create1", libc().epoll_create1(EPOLL_CLOEXEC)));
    this.#wake = new Fd(succeeded("eventfd", libc().eventfd(0, EFD_NONBLOCK_CLOEXEC)));
    this.add(this.#wake.number);
  }

  /** Watches a file descriptor for something to read. */
  add(fd: number): void {
    this.#control(fd, EPOLLIN);
  }

  /** Calls back from {@linkcode wait} once nobody reads a pipe or socket any more. Files never hang up. */
  addHangUp(fd: number, callback: () => void): void {
    try {
      this.#control(fd, 0);
      this.#onHangUp.set(fd, callback);
    } catch (error) {
      if (!(error instanceof LibcError) || error.errno !== ERRNO.EPERM) throw error;
    }
  }

  #control(fd: number, events: number): void {
    const event = new Uint8Array(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, events, true);
    view.setInt32(EVENT_DATA, fd, true);
    succeeded("epoll_ctl", libc().epoll_ctl(this.#epoll.number, EPOLL_CTL_ADD, fd, event));
  }

  /** Waits until something can be read, {@linkcode wake} was called, or `timeoutMs` have passed. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.#closed) return;
    this.#waiting ??= libc().epoll_wait(
      this.#epoll.number,
      this.#events,
      MAX_EVENTS,
      Math.max(0, Math.ceil(timeoutMs)),
    );
    const count = await this.#waiting;
    this.#waiting = undefined;
    this.#tellHangUps(count);
  }

  #tellHangUps(count: number): void {
    const view = new DataView(this.#events.buffer);
    for (let at = 0; at < count * EVENT_SIZE; at += EVENT_SIZE) {
      const hungUp = view.getUint32(at, true) & EPOLLERR_EPOLLHUP;
      if (hungUp) this.#onHangUp.get(view.getInt32(at + EVENT_DATA, true))?.();
    }
  }

  /** Ends the wait that is under way, and each later one at once. */
  wake(): void {
    if (!this.#closed) libc().eventfd_write(this.#wake.number, 1n);
  }

  /** Ends the wait under way, then closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.wake();
    await this.#waiting;
    this[Symbol.dispose]();
  }

  /** Closes it at once: no wait may be under way. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#epoll[Symbol.dispose]();
    this.#wake[Symbol.dispose]();
  }
}
