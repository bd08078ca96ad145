/** What the ring buffer and the perf buffer have in common for those who read them. */
export interface EventSource<E> extends Disposable {
  /** The file descriptors that become readable when the kernel asks for the reader. */
  readonly fds: readonly number[];
  /**
   * Takes up to `limit` records out and gives each, decoded, to `take`, which answers whether to go on. The record that it
   * says no to is taken as well. Gives the number of records taken. Never waits.
   */
  drain(limit: number, take: (event: E) => boolean): number;
}
