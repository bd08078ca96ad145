/** Loading somebody's object, and attaching each of its programs to where its section says. */

import type { Link } from "../../../ffi/bpf/link.ts";
import type { LoadedObject, OpenObject } from "../../../ffi/bpf/object.ts";
import type { DynamicSkeleton } from "../../../ffi/bpf/skeleton.ts";
import { BpfError } from "../../../ffi/errors.ts";
import { explainPermission } from "../../../ffi/probes/permission.ts";
import { isIterator } from "./object_report.ts";
import { attachTo, type Place, targetOf } from "./place.ts";

/** Which programs, and where. */
export interface AttachChoice {
  /** These only. */
  readonly only: readonly string[];
  /** These not. */
  readonly skip: readonly string[];
  /** Places that are said in place of those of the sections. */
  readonly places: ReadonlyMap<string, readonly Place[]>;
  /** Whether it is enough that one attaches. */
  readonly any: boolean;
}

/** A program that could not be used, and why. */
export interface ProgramFailure {
  readonly program: string;
  readonly section: string;
  readonly error: BpfError;
}

/** A program that is attached. */
export interface AttachedProgram {
  readonly program: string;
  readonly section: string;
  readonly target: string;
}

/** An object that is attached. */
export interface AttachedObject {
  readonly object: LoadedObject<DynamicSkeleton>;
  readonly links: readonly Link[];
  /** The links of iterators, by program: they are walked over, nothing calls them. */
  readonly iterators: ReadonlyMap<string, Link>;
  /** Each program that is attached, and where. */
  readonly attached: readonly AttachedProgram[];
  /** With `any`: what was left out. */
  readonly failures: readonly ProgramFailure[];
  /** The programs that nobody asked for. */
  readonly left: readonly string[];
}

type Open = () => OpenObject<DynamicSkeleton>;

/** The programs that are to be attached: those named, else all but those whose section begins with `?`. */
export function chosenPrograms({ programs }: DynamicSkeleton, choice: AttachChoice): string[] {
  const { only, skip, places } = choice;
  return Object.entries(programs)
    .filter(([name, section]) =>
      only.length > 0 ? only.includes(name) : places.has(name) || !section.startsWith("?")
    )
    .map(([name]) => name)
    .filter((name) => !skip.includes(name));
}

/**
 * Loads an object and attaches its programs.
 *
 * @throws {BpfError} where one of them, or with `any` none, can be: the code of the first; the cause names all
 */
export function attachObject(
  open: Open,
  choice: AttachChoice,
  { pid }: { readonly pid: number | undefined },
): AttachedObject {
  const failures: ProgramFailure[] = [];
  const { object, chosen, left } = loadChosen(open, choice, failures);
  const links: Link[] = [];
  const iterators = new Map<string, Link>();
  const attached: AttachedProgram[] = [];
  try {
    for (const program of chosen) {
      try {
        const made = attachProgram(object, program, { choice, pid });
        const section = object.skeleton.programs[program] ?? "";
        attached.push(...made.map(({ target }) => ({ program, section, target })));
        if (isIterator(section)) iterators.set(program, made[0]!);
        else links.push(...made);
      } catch (error) {
        failures.push(failureOf(object.skeleton, program, error));
      }
    }
    if (failures.length > 0 && !(choice.any && attached.length > 0)) {
      throw notAttached(object.skeleton, failures);
    }
    return { object, links, iterators, attached, failures, left };
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

interface Loaded {
  readonly object: LoadedObject<DynamicSkeleton>;
  readonly chosen: readonly string[];
  readonly left: readonly string[];
}

function loadChosen(open: Open, choice: AttachChoice, failures: ProgramFailure[]): Loaded {
  const opened = open();
  const { skeleton } = opened;
  const all = chosenPrograms(skeleton, choice);
  const left = Object.keys(skeleton.programs).filter((name) => !all.includes(name));
  if (all.length === 0) {
    opened[Symbol.dispose]();
    throw new BpfError(`run ${skeleton.name}`, {
      step: "load",
      code: "E_OBJECT",
      cause: left.length === 0 ? "it has no programs" : "no program is chosen",
      ...(left.length === 0 ? {} : { hint: `It has ${left.join(", ")}: --only NAME` }),
    });
  }
  try {
    return { object: load(opened, all, choice), chosen: all, left };
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    if (!choice.any) throw notLoaded(skeleton, error);
  }
  // Which of them it is libbpf tells of the first only: each is tried alone.
  const chosen = all.filter((program) => {
    try {
      load(open(), [program], choice)[Symbol.dispose]();
      return true;
    } catch (error) {
      failures.push(failureOf(skeleton, program, error));
      return false;
    }
  });
  if (chosen.length === 0) throw notAttached(skeleton, failures);
  return { object: load(open(), chosen, choice), chosen, left };
}

function load(
  opened: OpenObject<DynamicSkeleton>,
  programs: readonly string[],
  { places }: AttachChoice,
): LoadedObject<DynamicSkeleton> {
  try {
    opened.loadOnly(new Set(programs));
    for (const program of programs) {
      const target = places.get(program)?.map(targetOf).find((target) => target !== undefined);
      if (target !== undefined) opened.setAttachTarget(program, target);
    }
    return opened.load();
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

function attachProgram(
  object: LoadedObject<DynamicSkeleton>,
  name: string,
  { choice, pid }: { readonly choice: AttachChoice; readonly pid: number | undefined },
): Link[] {
  const program = object.program(name);
  const places = choice.places.get(name);
  if (places === undefined) return [program.attach()];
  const links: Link[] = [];
  try {
    for (const place of places) links.push(...attachTo(program, place, { pid }));
    return links;
  } catch (error) {
    for (const link of links) link[Symbol.dispose]();
    throw error;
  }
}

function failureOf(skeleton: DynamicSkeleton, program: string, error: unknown): ProgramFailure {
  if (!(error instanceof BpfError)) throw error;
  const section = skeleton.programs[program] ?? "";
  return { program, section, error: explainPermission(error) };
}

/** One line for each program that failed. */
export function failureLine({ program, section, error }: ProgramFailure): string {
  return `${program} (${section}): ${error.cause}`;
}

function notAttached(skeleton: DynamicSkeleton, failures: readonly ProgramFailure[]): BpfError {
  const [{ error, program }] = failures as readonly [ProgramFailure];
  const many = `${failures.length} of the ${Object.keys(skeleton.programs).length} programs`;
  const what = failures.length === 1 ? `program ${program}` : many;
  return new BpfError(`attach ${what} of ${skeleton.name}`, {
    step: error.step,
    code: error.code,
    cause: failures.length === 1
      ? error.cause
      : ["each for a reason of its own", ...failures.map(failureLine)].join("\n  "),
    hint: [
      // What it says where a section tells too little is which method of the library to call.
      ...(error.hint === undefined || error.code === "E_ATTACH" ? [] : [error.hint]),
      `Say where: --attach ${program}=PLACE`,
      `Go on without: --skip ${failures.map(({ program }) => program).join(",")}, or --any`,
    ].join("\n"),
    log: failures.map(({ error }) => error.log).filter((log) => log !== "").join("\n"),
  });
}

/** The program that libbpf's words are about. */
const NAMED = /prog '([^']+)'/;

function notLoaded(skeleton: DynamicSkeleton, given: BpfError): BpfError {
  const error = explainPermission(given);
  const { step, code, cause, log, errno } = error;
  const program = Object.keys(skeleton.programs).find((name) => name === NAMED.exec(log)?.[1]);
  const hints = [
    ...(error.hint === undefined ? [] : [error.hint]),
    ...(program === undefined ? [] : [`Go on without: --skip ${program}, or --any`]),
  ];
  return new BpfError(program === undefined ? `load ${skeleton.name}` : `load program ${program}`, {
    ...{ step, code, cause, log },
    ...(errno === undefined ? {} : { errno }),
    ...(hints.length === 0 ? {} : { hint: hints.join("\n") }),
  });
}
