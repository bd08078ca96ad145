/** Room for values while a program runs: a little on its stack, the rest in its frame, an entry of a per-CPU map. */

import type { VirtualRegister } from "../ir.ts";
import type { Memory } from "./memory.ts";

const STACK_FOR_DATA = 240;
const LARGEST_ON_STACK = 64;

/** How much is taken, and how much was taken at most; in bytes. */
export class Scratch {
  readonly #frame: VirtualRegister;
  #stack = 0;
  #stackMost = 0;
  #frameEnd = 0;
  #frameMost = 0;

  /** `frame` holds the frame's address. */
  constructor(frame: VirtualRegister) {
    this.#frame = frame;
  }

  get stackMost(): number {
    return this.#stackMost;
  }

  get frameMost(): number {
    return this.#frameMost;
  }

  /** Where there is room for so many bytes. */
  take(size: number): Memory {
    const fits = size <= LARGEST_ON_STACK && this.#stack + size <= STACK_FOR_DATA;
    return fits ? this.onStack(size) : this.inFrame(size);
  }

  onStack(size: number): Memory {
    this.#stack += Math.ceil(size / 8) * 8;
    this.#stackMost = Math.max(this.#stackMost, this.#stack);
    return { base: "stack", offset: -this.#stack };
  }

  inFrame(size: number): Memory {
    const offset = this.#frameEnd;
    this.#frameEnd += Math.ceil(size / 8) * 8;
    this.#frameMost = Math.max(this.#frameMost, this.#frameEnd);
    return { base: this.#frame, offset };
  }

  /** Does something whose room is free again afterwards. */
  within(action: () => void): void {
    const [stack, frame] = [this.#stack, this.#frameEnd];
    action();
    this.#stack = stack;
    this.#frameEnd = frame;
  }
}
