import { libbpf } from "../raw/libbpf.ts";
import type { PointerValue } from "../raw/memory.ts";

export { programsHaveEnded } from "../raw/membarrier.ts";

/** An attached program: libbpf's `struct bpf_link`. {@linkcode detach} and disposing of it detach; twice is safe. */
export class Link implements Disposable {
  /** What it is attached to, as `kprobe:vfs_read`. */
  readonly target: string;
  #pointer: PointerValue;

  constructor(pointer: PointerValue, target: string) {
    this.#pointer = pointer;
    this.target = target;
  }

  /** Detaches without stopping this thread: a tracepoint takes tens of ms to let go, and several take no longer than one. */
  async detach(): Promise<void> {
    const pointer = this.#pointer;
    this.#pointer = null;
    if (pointer !== null) await libbpf().bpf_link__destroy_elsewhere(pointer);
  }

  [Symbol.dispose](): void {
    if (this.#pointer === null) return;
    libbpf().bpf_link__destroy(this.#pointer);
    this.#pointer = null;
  }
}
