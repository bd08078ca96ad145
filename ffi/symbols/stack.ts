/** Stack traces: from the ids that `bpf_get_stackid()` gives to functions. */

import type { Frame } from "./frame.ts";
import { kernelFrame } from "./kernel.ts";
import { type SymOptions, userFrames } from "./process.ts";

/** A map of type `BPF_MAP_TYPE_STACK_TRACE`, as far as it is read here: from an id to addresses, filled up with zeros. */
export interface StackTraceMap {
  /** The addresses of a stack. */
  get(id: number): readonly bigint[] | undefined;
}

/** Whose stack it is. */
export interface StackOptions extends SymOptions {
  /** The process (the kernel's tgid) of a user stack. Without it, it is the kernel's. */
  readonly pid?: number | undefined;
}

/**
 * The frames of addresses, as a stack trace map or `bpf_get_stack()` has them: the innermost function first, up to the first zero.
 */
export function stackFrames(addresses: Iterable<bigint>, options: StackOptions = {}): Frame[] {
  const { pid } = options;
  const frameAt = pid === undefined ? kernelFrame : userFrames(pid, options);
  const frames: Frame[] = [];
  for (const address of addresses) {
    if (address === 0n) break;
    frames.push(frames.length === 0 ? frameAt(address) : callerFrame(address, frameAt));
  }
  return frames;
}

/** A caller's address is where the call returns to, which may lie behind the function's end: the call itself lies before. */
function callerFrame(address: bigint, frameAt: (address: bigint) => Frame): Frame {
  const { name, offset, module } = frameAt(address - 1n);
  return { address, name, offset: name === undefined ? 0 : offset + 1, module };
}

/**
 * The frames of a stack by its id: BCC's `walk()`. `undefined` where the map has no stack of this id, as when a program could not
 * take one (its id is a negative errno then) or a newer one took its place.
 *
 * @example
 * ```ts
 * // As root, with an object of one's own:
 * import { frameText, openObject } from "../../mod.ts";
 * using object = openObject("profile.bpf.o").load();
 * const stacks = object.stackTraces("stacks");
 * for (const frame of stackTrace(stacks, 12, { pid: 4711 }) ?? []) {
 *   console.log(frameText(frame, { showOffset: true }));
 * }
 * ```
 */
export function stackTrace(
  map: StackTraceMap,
  id: number | bigint,
  options: StackOptions = {},
): Frame[] | undefined {
  if (id < 0) return undefined;
  const addresses = map.get(Number(id));
  return addresses && stackFrames(addresses, options);
}
