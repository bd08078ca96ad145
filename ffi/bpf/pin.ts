import { libbpf } from "../raw/libbpf.ts";
import { toCString } from "../raw/memory.ts";
import type { BpfError } from "../errors.ts";

/** The file of a bpf file system that holds a map or a link. */
export class Pin {
  #path: string | undefined;

  /** Makes it: `bpf_obj_pin`. `failure` makes the error of a number below 0. */
  make(fd: number, path: string, failure: (result: number) => BpfError): void {
    const result = libbpf().bpf_obj_pin(fd, toCString(path));
    if (result < 0) throw failure(result);
    this.#path = path;
  }

  /** Removes it; nothing where there is none. */
  remove(): void {
    try {
      if (this.#path !== undefined) Deno.removeSync(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#path = undefined;
  }
}
