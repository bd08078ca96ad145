/** What a tool is: a declaration. How it runs is the session's matter, and the same for all. */

import type { LoadedObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import type { Plans } from "../../ffi/probes/plan.ts";
import type { Stream } from "./stream.ts";
import type { Value } from "./value.ts";

/** A tool, as its folder declares it. */
export interface ToolSpec<S extends Skeleton> {
  /** The number of its lesson in the BCC Python tutorial. */
  readonly lesson: number;
  /** What it does, in a line. */
  readonly summary: string;
  /** A command to run beside it or with it, that makes its event happen. */
  readonly example: string;
  /** The ways to see its event, the best first: which program attaches where. A probe with a `?` behind may be missing. */
  readonly plans: Plans<keyof S["programs"] & string>;
  /** The first line that a person sees. */
  readonly banner?: string;
  /** The events that it prints as they happen. */
  readonly stream?: Stream<S>;
  /** What it prints at the end. */
  readonly end?: (object: LoadedObject<S>) => Value[];
}

/** A tool, ready to run. */
export interface Tool extends ToolSpec<Skeleton> {
  readonly name: string;
  readonly skeleton: Skeleton;
}

/** Declares a tool; its name is the skeleton's, which is its folder's. */
export function defineTool<const S extends Skeleton>(skeleton: S, spec: ToolSpec<S>): Tool {
  // Who runs a tool opens this very skeleton, so that each part gets the object that it was written for.
  return { ...spec, name: skeleton.name, skeleton } as unknown as Tool;
}
