import { libbpf } from "../raw/libbpf.ts";
import type { PointerValue } from "../raw/memory.ts";

/** An attached program: libbpf's `struct bpf_link`. Disposing of it detaches; twice is safe. */
export class Link implements Disposable {
  /** What it is attached to, as `kprobe:vfs_read`. */
  readonly target: string;
  #pointer: PointerValue;

  constructor(pointer: PointerValue, target: string) {
    this.#pointer = pointer;
    this.target = target;
  }

  [Symbol.dispose](): void {
    if (this.#pointer === null) return;
    libbpf().bpf_link__destroy(this.#pointer);
    this.#pointer = null;
  }
}
