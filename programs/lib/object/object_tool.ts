/** Somebody's object as a tool: what it prints and how it attaches come from its own BTF and the names of its sections. */

import type { Link } from "../../../ffi/bpf/link.ts";
import { type LoadedObject, type OpenObject, openObject } from "../../../ffi/bpf/object.ts";
import type { DynamicSkeleton, Skeleton } from "../../../ffi/bpf/skeleton.ts";
import { parseElf } from "../../../ffi/elf/elf.ts";
import { helperCalls } from "../../../ffi/elf/helper_calls.ts";
import { AttachedPlan } from "../../../ffi/probes/plan.ts";
import { applyFilters } from "../filters.ts";
import { LOSSES } from "../losses.ts";
import type { AttachedTool, Tool } from "../tool.ts";
import type { Value } from "../value.ts";
import {
  type AttachChoice,
  type AttachedObject,
  attachObject,
  chosenPrograms,
  failureLine,
} from "./attach_object.ts";
import { type Buffer, buffersOf } from "./event_type.ts";
import { isIterator, objectReport, reportShapes } from "./object_report.ts";
import { objectStream } from "./object_stream.ts";
import { applySettings, type Settings } from "./settings.ts";

/** How an object is run. */
export interface ObjectChoice extends AttachChoice, Settings {
  /** Says of each program where it is attached, or why not. */
  readonly verbose: boolean;
}

/** An object as a tool. */
export interface ObjectTool extends Tool {
  readonly skeleton: DynamicSkeleton;
  readonly buffers: readonly Buffer[];
  /** Whether it has the filters of `gimlet.bpf.h`. */
  readonly hasFilters: boolean;
  /** Whether one of the chosen programs is a probe in user space. */
  readonly hasUserProbes: boolean;
}

/** The object's bytes, and what to call it. */
export interface NamedObject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

// enum bpf_func_id
const PRINTING = [6, 177]; // trace_printk, trace_vprintk
const FILTER = "gimlet_self";

/**
 * Makes a tool of an object.
 *
 * @throws {BpfError} E_OBJECT where it is none
 * @throws {RangeError | TypeError | SyntaxError} where it has not what the choice names
 */
export function objectTool({ name, bytes }: NamedObject, choice: ObjectChoice): ObjectTool {
  const skeleton = inspect({ name, bytes }, choice);
  const has = (global: string) => Object.hasOwn(skeleton.globals, global);
  const buffers = buffersOf(skeleton);
  const stream = objectStream(buffers, { countsLosses: Object.hasOwn(skeleton.maps, LOSSES) });
  const chosen = chosenPrograms(skeleton, choice);
  const iterators = new Map<string, Link>();
  const onlyWalks = chosen.every((program) => isIterator(skeleton.programs[program] ?? ""));
  const open = (prepare: (object: OpenObject<DynamicSkeleton>) => void) => () => {
    const object = openObject(bytes, { name });
    try {
      applySettings(object, choice);
      prepare(object);
      return object;
    } catch (error) {
      object[Symbol.dispose]();
      throw error;
    }
  };
  return {
    name,
    skeleton,
    buffers,
    hasFilters: has(FILTER),
    hasUserProbes: chosen.some((program) => isUserProbe(skeleton, program, choice)),
    lesson: 0,
    summary: `The programs of ${name}`,
    example: `gimlet run ${name}.bpf.o`,
    selftest: { stimulus: "clone" },
    plans: { sections: {} },
    ...(stream === undefined ? {} : { stream }),
    reports: reportShapes(skeleton),
    report: (object) => () => reportOf(object, iterators),
    ...(onlyWalks ? { durationMs: 0 } : {}),
    attach({ pid, filters }): AttachedTool {
      const prepare = (object: OpenObject<DynamicSkeleton>) => {
        if (has(FILTER)) applyFilters(object as unknown as OpenObject<Skeleton>, filters);
      };
      const made = attachObject(open(prepare), choice, { pid });
      for (const [program, link] of made.iterators) iterators.set(program, link);
      return {
        plan: new AttachedPlan<Skeleton>("sections", made.object, made.links),
        walks: [...made.iterators.values()],
        notes: notesOf(made, { bytes, buffers, verbose: choice.verbose }),
      };
    },
  };
}

/** Opens it once, so that what cannot be set is told before anything is traced. */
function inspect({ name, bytes }: NamedObject, choice: ObjectChoice): DynamicSkeleton {
  using object = openObject(bytes, { name });
  applySettings(object, choice);
  const programs = object.skeleton.programs;
  for (const program of [...choice.only, ...choice.skip, ...choice.places.keys()]) {
    if (Object.hasOwn(programs, program)) continue;
    throw new RangeError(
      `Cannot find program ${program} in ${name}: it has ${Object.keys(programs).join(", ")}`,
    );
  }
  return object.skeleton;
}

function isUserProbe(
  { programs }: DynamicSkeleton,
  program: string,
  { places }: ObjectChoice,
): boolean {
  const given = places.get(program) ?? [];
  const user = /^\??(u(ret)?probe|usdt|perf_event)/;
  return user.test(programs[program] ?? "") || given.some(({ text }) => user.test(text));
}

function reportOf(object: LoadedObject<Skeleton>, iterators: ReadonlyMap<string, Link>): Value[] {
  return objectReport(object, iterators);
}

function notesOf(
  { attached, failures, left }: AttachedObject,
  { bytes, buffers, verbose }: {
    readonly bytes: Uint8Array;
    readonly buffers: readonly Buffer[];
    readonly verbose: boolean;
  },
): string[] {
  const sections = attached.map(({ section }) => section);
  const prints = helperCalls(parseElf(bytes), sections);
  return [
    ...failures.map((failure) => `left out ${failureLine(failure)}`),
    ...(verbose
      ? attached.map(({ program, target }) => `${program} is attached to ${target}`)
      : []),
    ...(verbose ? left.map((program) => `${program} is not asked for`) : []),
    ...(verbose ? buffers.map(bufferNote) : []),
    ...(PRINTING.some((helper) => prints.has(helper))
      ? ["what it prints by bpf_printk() goes to /sys/kernel/tracing/trace_pipe"]
      : []),
  ];
}

function bufferNote({ map, from }: Buffer): string {
  return from === undefined
    ? `the records of ${map} have no known type: say GIMLET_EVENT(${map}, struct NAME) in C`
    : `the type of the records of ${map} is known by ${from}`;
}
