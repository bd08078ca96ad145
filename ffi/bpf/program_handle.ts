import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";
import type { PointerValue } from "../raw/memory.ts";
import type { Attachable } from "./attach/attachable.ts";
import type { LinkSet } from "./link.ts";

/** libbpf's handle of a program, looked up anew each time: it is gone once the program's object is closed. */
export class ProgramHandle implements Attachable {
  readonly name: string;
  readonly links: LinkSet;
  readonly #pointer: () => PointerValue;

  /** `pointer` throws E_CLOSED where the object is closed. */
  constructor(name: string, pointer: () => PointerValue, links: LinkSet) {
    this.name = name;
    this.links = links;
    this.#pointer = pointer;
  }

  /** The handle, also of a program that was left out of loading. */
  get unloaded(): PointerValue {
    return this.#pointer();
  }

  get pointer(): PointerValue {
    void this.fd; // throws where it is not loaded
    return this.#pointer();
  }

  get fd(): number {
    const fd = libbpf().bpf_program__fd(this.#pointer());
    if (fd >= 0) return fd;
    throw new BpfError(`use program ${this.name}`, {
      step: "attach",
      code: "E_ATTACH",
      cause: "it was left out when its object was loaded",
      hint: "See loadOnly() and setAutoload()",
    });
  }
}
