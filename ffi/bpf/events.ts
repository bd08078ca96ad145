/** Event sources as async iterators: for those who want `for await`, and nothing of epoll. */

import { Epoll } from "./epoll.ts";
import type { EventSource } from "./event_source.ts";

/** How events are read. */
export interface ReadOptions {
  /** Ends the iteration, once all that has arrived by then is read. */
  readonly signal?: AbortSignal;
  /** How many events a batch has at most; 1024 where not given. */
  readonly batch?: number;
  /** How often buffers are looked at where the kernel does not call, in ms; 20 where not given. */
  readonly lookEveryMs?: number;
}

/**
 * Reads several sources by one epoll, in batches. Nothing is read while the consumer is busy with a batch: what a full buffer
 * has no room for meanwhile is lost, and counted by the program that could not deliver it. Leaving the loop ends it; the sources
 * stay open.
 *
 * @throws {BpfError} E_CLOSED where a source is closed meanwhile
 */
export async function* eventBatches<E>(
  sources: readonly EventSource<E>[],
  { signal, batch = 1024, lookEveryMs = 20 }: ReadOptions = {},
): AsyncGenerator<E[]> {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new RangeError(`Cannot read batches of ${batch}: it should be 1 or more`);
  }
  const epoll = new Epoll();
  const wake = () => epoll.wake();
  signal?.addEventListener("abort", wake);
  try {
    for (const source of sources) for (const fd of source.fds) epoll.add(fd);
    for (;;) {
      const isLast = signal?.aborted ?? false;
      const events = drainAll(sources, batch);
      if (events.length > 0) yield events;
      else if (isLast) return;
      // Even when there is more to read: signals and timers come first.
      await epoll.wait(events.length >= batch ? 0 : lookEveryMs);
    }
  } finally {
    signal?.removeEventListener("abort", wake);
    await epoll.close();
  }
}

/** As {@linkcode eventBatches}, one event at a time. */
export async function* events<E>(
  sources: readonly EventSource<E>[],
  options: ReadOptions = {},
): AsyncGenerator<E> {
  for await (const batch of eventBatches(sources, options)) yield* batch;
}

/** Each source gets its turn, however much another one has. */
function drainAll<E>(sources: readonly EventSource<E>[], limit: number): E[] {
  const taken: E[] = [];
  const share = Math.max(1, Math.floor(limit / sources.length));
  for (const source of sources) source.drain(share, (event) => taken.push(event) > 0);
  return taken;
}
