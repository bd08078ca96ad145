/** What a tool is: a declaration. How it runs is the session's matter, and the same for all. */

import type { Link } from "../../ffi/bpf/link.ts";
import type { LoadedObject, OpenObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import type { AttachedPlan, Plans } from "../../ffi/probes/plan.ts";
import type { Filters } from "./filters.ts";
import type { ReportShape } from "./record_shape.ts";
import type { StimulusName } from "./stimulus.ts";
import type { Stream } from "./stream.ts";
import type { Value } from "./value.ts";

/** A word that a tool takes behind its name (`gimlet vfsreadlat 5`), or an option of its own (`--unit msecs`). */
export interface Parameter {
  /** As people write it: `interval`, or `--unit`. */
  readonly name: string;
  /** What it is, in a line. */
  readonly help: string;
  /** What may stand there. */
  readonly pattern: RegExp;
  /** What it is where nothing is said; without one the word must be given. */
  readonly fallback?: string;
}

/** The values of a tool's parameters, by their names without dashes. */
export type Arguments = Readonly<Record<string, string>>;

/** When a tool reports while it runs. */
export interface Interval {
  /** How often, in ms. */
  readonly ms: number;
  /** How often; then it ends. Without it, it goes on. */
  readonly count?: number;
}

/** How a tool is tested on the machine that it runs on. */
export interface Selftest {
  /** What a second process does once the tool is armed. */
  readonly stimulus: StimulusName;
  /** The event may happen in the name of another process, such as a kernel thread: do not filter. */
  readonly anyProcess?: boolean;
  /** The tool's arguments, for the id of that process. */
  readonly args?: (pid: number) => Arguments;
  /** Whether what the tool gave shows the deed; without it, any event, count or entry does. */
  readonly proof?: (values: readonly Value[]) => boolean;
}

/** A tool, as its folder declares it. */
export interface ToolSpec<S extends Skeleton> {
  /** The number of its lesson in the BCC Python tutorial. */
  readonly lesson: number;
  /** What it does, in a line. */
  readonly summary: string;
  /** A command to run beside it or with it, that makes its event happen. */
  readonly example: string;
  /** What it takes beside the options that all tools have; words in their order. */
  readonly parameters?: readonly Parameter[];
  /** The ways to see its event, the best first: which program attaches where. A probe with a `?` behind may be missing. */
  readonly plans: PlansOf<S> | ((args: Arguments) => PlansOf<S>);
  /** What a person has to know of a plan that is used, by its name: what it cannot see. */
  readonly notes?: Readonly<Record<string, string>>;
  /** The one process that it traces, where its arguments say which: events of others are filtered out. */
  readonly process?: (args: Arguments) => number;
  /** Sets constants and map sizes before the object is loaded. */
  readonly configure?: (object: OpenObject<S>, args: Arguments) => void;
  /** The first line that a person sees. */
  readonly banner?: string;
  /** The events that it prints as they happen. */
  readonly stream?: Stream<S>;
  /** Called once, before anything is counted; what it gives is called for each report: at the end, and every interval. */
  readonly report?: (object: LoadedObject<S>, args: Arguments) => () => Value[];
  /** How often it reports before its end, where it does. */
  readonly interval?: (args: Arguments) => Interval;
  /** How `gimlet selftest` makes its event happen, and knows that it was seen. */
  readonly selftest: Selftest;
  /** When it ends, if neither --duration nor a command is given. */
  readonly durationMs?: number;
}

/** Plans that name programs of a skeleton. */
export type PlansOf<S extends Skeleton> = Plans<keyof S["programs"] & string>;

/** Whom a tool is to trace. */
export interface TraceTarget {
  /** The one process in which probes in user space are to be set. */
  readonly pid: number | undefined;
  /** Whom programs in the kernel look at. */
  readonly filters: Filters;
}

/** A tool whose programs are attached, and what a person has to know of that. */
export interface AttachedTool {
  /** What is attached. */
  readonly plan: AttachedPlan<Skeleton>;
  /** The iterators: nothing calls them, the tool's reports walk over them. */
  readonly walks: readonly Link[];
  /** Remarks, a line each. */
  readonly notes: readonly string[];
}

/** A tool, ready to run. */
export interface Tool extends ToolSpec<Skeleton> {
  /** That of its folder. */
  readonly name: string;
  /** Its BPF object. */
  readonly skeleton: Skeleton;
  /** Opens, loads and attaches in a way of its own, in place of the plans. */
  readonly attach?: (target: TraceTarget) => AttachedTool;
  /** What its reports hold, where the skeleton does not say it. */
  readonly reports?: Readonly<Record<string, ReportShape>>;
}

/** What is known of a tool before its module is read. */
export interface CatalogEntry extends Pick<Tool, "name" | "lesson" | "summary"> {
  /** Reads its module. */
  load(): Promise<Tool>;
}

/** Declares a tool; its name is the skeleton's, which is its folder's. */
export function defineTool<const S extends Skeleton>(skeleton: S, spec: ToolSpec<S>): Tool {
  // Who runs a tool opens this very skeleton, so that each part gets the object that it was written for.
  return { ...spec, name: skeleton.name, skeleton } as unknown as Tool;
}

/** The plans of a tool, for its arguments. */
export function plansOf({ plans }: Tool, args: Arguments): Plans {
  return typeof plans === "function" ? plans(args) : plans;
}
