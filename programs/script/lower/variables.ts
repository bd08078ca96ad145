/** A program's variables: numbers live in registers, larger values in memory, and what its callbacks see in its frame. */

import type { Statement } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import { isScalar, storageSize } from "../types.ts";
import { assignsFirst } from "../usage.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory } from "./memory.ts";

/** Where they are, in a program or in one of its callbacks. */
export class Variables {
  readonly #registers = new Map<string, VirtualRegister>();
  readonly #memories = new Map<string, Memory>();

  /** Gives variables their places that a program, or a callback, has for itself. */
  declare(l: Lowerer, names: Iterable<string>, body: readonly Statement[]): void {
    for (const name of names) {
      const type = l.typing.variables.get(name);
      if (type === undefined) continue;
      if (isScalar(type)) this.#registers.set(name, l.ir.register());
      else this.#place(l, name, { memory: l.temporary(storageSize(type)), body });
    }
  }

  /** Gives those their places that callbacks see as well. */
  share(l: Lowerer, names: Iterable<string>, body: readonly Statement[]): void {
    for (const name of names) {
      const type = l.typing.variables.get(name);
      if (type === undefined) continue;
      this.#place(l, name, { memory: l.scratch.inFrame(storageSize(type)), body });
    }
  }

  #place(
    l: Lowerer,
    name: string,
    { memory, body }: { readonly memory: Memory; readonly body: readonly Statement[] },
  ): void {
    this.#memories.set(name, memory);
    if (!assignsFirst(body, name)) l.zeroFill(memory, storageSize(l.typing.variables.get(name)!));
  }

  /** The same variables, as a callback finds them in the frame at `base`. */
  inFrame(base: VirtualRegister): Variables {
    const found = new Variables();
    for (const [name, { base: own, offset }] of this.#memories) {
      if (own !== "stack") found.#memories.set(name, { base, offset });
    }
    return found;
  }

  /** Where a larger value is. */
  memory(name: string): Memory | undefined {
    return this.#memories.get(name);
  }

  /** A number. */
  read(l: Lowerer, name: string): VirtualRegister {
    const register = this.#registers.get(name);
    if (register === undefined) {
      const { base, offset } = this.#memories.get(name)!;
      return l.ir.load(base, offset, 8);
    }
    if (!l.program.copiesVariables) return register;
    return l.ir.define((dst) => ({ op: "move", dst, src: register }));
  }

  /** Sets a number. */
  write(l: Lowerer, name: string, value: Operand): void {
    const dst = this.#registers.get(name);
    if (dst !== undefined) return l.ir.add({ op: "move", dst, src: value });
    const { base, offset } = this.#memories.get(name)!;
    l.ir.store(base, offset, 8, value);
  }
}
