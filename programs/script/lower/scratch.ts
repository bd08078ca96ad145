/** Room for values while a program runs: a little on its stack, the rest in its frame, an entry of a per-CPU map. */

import type { VirtualRegister } from "../ir.ts";
import type { Memory } from "./memory.ts";

const LARGEST_ON_STACK = 64;

/** Takes room from a stack or a frame, and says how much was taken at most; in bytes. */
class Room {
  end = 0;
  most = 0;

  /** Gives where the room begins. */
  take(size: number): number {
    const start = this.end;
    this.end += Math.ceil(size / 8) * 8;
    this.most = Math.max(this.most, this.end);
    return start;
  }
}

/** The room of a program, or of one of its callbacks: those have a stack of their own, but share the frame. */
export class Scratch {
  readonly #register: VirtualRegister;
  readonly #limit: number;
  readonly #stack = new Room();
  readonly #frame: Room;

  /** `register` holds the frame's address; `limit` says how much of the stack is for values. */
  constructor(register: VirtualRegister, limit: number, outer?: Scratch) {
    this.#register = register;
    this.#limit = limit;
    this.#frame = outer === undefined ? new Room() : outer.#frame;
  }

  get stackMost(): number {
    return this.#stack.most;
  }

  get frameMost(): number {
    return this.#frame.most;
  }

  /** Where there is room for so many bytes. */
  take(size: number): Memory {
    const fits = size <= LARGEST_ON_STACK && this.#stack.end + size <= this.#limit;
    return fits ? this.onStack(size) : this.inFrame(size);
  }

  onStack(size: number): Memory {
    this.#stack.take(size);
    return { base: "stack", offset: -this.#stack.end };
  }

  inFrame(size: number): Memory {
    return { base: this.#register, offset: this.#frame.take(size) };
  }

  /** Does something whose room is free again afterwards. */
  within(action: () => void): void {
    const [stack, frame] = [this.#stack.end, this.#frame.end];
    action();
    this.#stack.end = stack;
    this.#frame.end = frame;
  }
}
