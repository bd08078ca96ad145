/**
 * Plans: an ordered list of ways to see the same event. The first that works on the running kernel is used, and what works
 * is found out by trying: kernels of one version differ, and lists of functions lie.
 */

import { type Link, programsHaveEnded } from "../bpf/link.ts";
import type { LoadedObject, OpenObject } from "../bpf/object.ts";
import type { Program } from "../bpf/program.ts";
import type { Skeleton } from "../bpf/skeleton.ts";
import { BpfError, type ErrorCode } from "../errors.ts";
import { requireBtf } from "./btf_trace.ts";
import { attachKernelFunction, requireKprobes, syscallFunction } from "./kernel_function.ts";
import { explainPermission } from "./permission.ts";
import { parseChoice, type ProbeSpec } from "./spec.ts";
import { attachTracepoint } from "./tracepoint.ts";
import { attachUsdt } from "./usdt.ts";
import { attachUserFunction, findUserFunction, requireUprobes } from "./user_function.ts";

/**
 * Which programs attach where. Of probes with a `|` between (`kprobe:a|b`) the first that attaches is taken; one whose name ends with
 * `?` may be missing, as long as one of the plan attaches.
 */
export type Plan<P extends string = string> = { readonly [program in P]?: readonly string[] };

/** How the probes of a plan attach. */
export interface AttachOptions {
  /**
   * One process: probes in user space are set in this one only, in the files as it sees them, whatever its mount namespace. Probes
   * in the kernel do not look at it.
   */
  readonly pid?: number | undefined;
}

/** Plans by name, the best first. */
export type Plans<P extends string = string> = Readonly<Record<string, Plan<P>>>;

/** An object that is loaded and attached. Disposing of it detaches all, then closes the object. */
export class AttachedPlan<S extends Skeleton> implements Disposable {
  /** @internal */
  constructor(
    /** The name of the plan that works here. */
    readonly name: string,
    /** The loaded object: its maps are read here. */
    readonly object: LoadedObject<S>,
    /** What is attached. */
    readonly links: readonly Link[],
  ) {}

  /**
   * Waits until no program runs any more that looked at its maps before: once they are told not to, the maps stay as they
   * are. Much sooner over than detaching, for which the kernel takes some 50 ms a tracepoint.
   */
  async settle(): Promise<void> {
    if (this.links.length === 0) return; // Nothing calls them.
    if (!await programsHaveEnded()) await this.detach();
  }

  /** Takes the programs out of their places; the maps can still be read. */
  async detach(): Promise<void> {
    await Promise.all(this.links.map((link) => link.detach()));
  }

  /** Detaches, and closes the object; twice is safe. */
  [Symbol.dispose](): void {
    for (const link of this.links.toReversed()) link[Symbol.dispose]();
    this.object[Symbol.dispose]();
  }
}

/** Why a plan cannot be used here. */
export interface PlanFailure {
  readonly plan: string;
  readonly error: BpfError;
}

/**
 * Loads and attaches by the first plan that works. `open` opens the object anew for each try.
 *
 * @throws {BpfError} where none does: the code of what could be mended (rights, BTF, tracefs, a refused program), else
 * E_NO_PLAN; the cause names every plan and why
 */
export function attachFirst<S extends Skeleton>(
  plans: Plans,
  open: () => OpenObject<S>,
  options: AttachOptions = {},
): AttachedPlan<S> {
  const failures: PlanFailure[] = [];
  for (const [name, plan] of Object.entries(plans)) {
    const attached = tryPlan(name, plan, open, options);
    if (attached instanceof AttachedPlan) return attached;
    failures.push(attached);
  }
  throw noPlan(failures);
}

/** Tries one plan: attached, or why not. */
export function tryPlan<S extends Skeleton>(
  name: string,
  plan: Plan,
  open: () => OpenObject<S>,
  options: AttachOptions = {},
): AttachedPlan<S> | PlanFailure {
  try {
    return attachPlan(name, plan, open, options);
  } catch (error) {
    if (!(error instanceof BpfError) || NO_PLAN_MATTERS.includes(error.code)) throw error;
    return { plan: name, error: explainPermission(error) };
  }
}

// No other plan does better where libbpf or the traced process is missing, the object is broken, a limit is reached.
const NO_PLAN_MATTERS: readonly ErrorCode[] = [
  ...["E_NO_LIBBPF", "E_OLD_LIBBPF", "E_OBJECT", "E_NO_PROCESS", "E_LIMIT"] as const,
];

function attachPlan<S extends Skeleton>(
  name: string,
  plan: Plan,
  open: () => OpenObject<S>,
  options: AttachOptions,
): AttachedPlan<S> {
  const probes = Object.entries(plan).flatMap(([program, names]) =>
    (names ?? []).map((name) => ({ program, ...parseChoice(name) }))
  );
  for (const { alternatives } of probes) alternatives.forEach(requireProvider);
  const object = open().loadOnly(new Set(Object.keys(plan))).load();
  const links: Link[] = [];
  const missing: BpfError[] = [];
  try {
    for (const { program, alternatives, optional } of probes) {
      const attached = attachOneOf(object, { program, alternatives, ...options });
      if (!(attached instanceof BpfError)) links.push(...attached);
      else if (optional) missing.push(attached);
      else throw attached;
    }
    if (links.length === 0) throw missing[0] ?? new RangeError(`Plan ${name} has no probes`);
    return new AttachedPlan(name, object, links);
  } catch (error) {
    for (const link of links) link[Symbol.dispose]();
    object[Symbol.dispose]();
    throw error;
  }
}

/**
 * A cheap look at the kernel, before anything is loaded.
 *
 * @throws {BpfError} E_NO_KPROBES, E_NO_BTF or E_NO_PROBE where it has nothing of that kind
 */
export function requireProvider({ provider }: ProbeSpec): void {
  switch (provider) {
    case "kprobe":
    case "kretprobe":
    case "syscall":
      return requireKprobes();
    case "tp_btf":
    case "fentry":
    case "fexit":
      return requireBtf();
    case "uprobe":
    case "uretprobe":
    case "usdt":
      return requireUprobes();
  }
}

/** Attaches to the first that is there and can be probed; where none is, gives why, of each. */
function attachOneOf<S extends Skeleton>(
  object: LoadedObject<S>,
  { program, alternatives, ...options }: AttachOptions & {
    readonly program: string;
    readonly alternatives: readonly ProbeSpec[];
  },
): Link[] | BpfError {
  const missing: BpfError[] = [];
  for (const spec of alternatives) {
    try {
      return attachProbe(object.program(program), spec, options);
    } catch (error) {
      if (!(error instanceof BpfError) || error.code !== "E_NO_PROBE") throw error;
      missing.push(error);
    }
  }
  if (missing.length === 1) return missing[0]!;
  return new BpfError(`attach ${program}`, {
    step: "attach",
    code: "E_NO_PROBE",
    cause: missing.map(({ cause }) => cause).join(", and "),
    log: missing.map(({ log }) => log).filter((log) => log !== "").join("\n"),
  });
}

/** Attaches a program to one place; several links where a function has several addresses. */
export function attachProbe(program: Program, spec: ProbeSpec, options: AttachOptions): Link[] {
  switch (spec.provider) {
    case "kprobe":
    case "kretprobe":
      return attachKernelFunction(program, spec.symbol, spec.provider === "kretprobe");
    case "syscall":
      return attachKernelFunction(program, syscallFunction(spec.syscall));
    case "tracepoint":
      return attachTracepoint(program, spec.category, spec.event);
    case "raw_tp":
      return [program.attachRawTracepoint(spec.symbol)];
    case "tp_btf":
    case "fentry":
    case "fexit":
      return [program.attachTrace(`${spec.provider}:${spec.symbol}`)];
    case "uprobe":
    case "uretprobe":
      return attachUserFunction(program, findUserFunction(spec.library, spec.symbol, options), {
        onReturn: spec.provider === "uretprobe",
        ...options,
      });
    case "usdt":
      return attachUsdt(program, spec, options);
  }
}

// What somebody could mend, the most telling first.
const MENDABLE: readonly ErrorCode[] = [
  "E_CAPABILITY",
  "E_LOCKDOWN",
  "E_PERMISSION",
  "E_VERIFIER",
  "E_NO_BTF",
  "E_NO_TRACEFS",
  "E_LOAD",
];

/** Of the reasons why plans cannot be used the one that somebody could mend, if there is one. */
export function mendableError(errors: readonly BpfError[]): BpfError | undefined {
  return MENDABLE.map((code) => errors.find((error) => error.code === code))
    .find((error) => error !== undefined);
}

function noPlan(failures: readonly PlanFailure[]): BpfError {
  const mendable = mendableError(failures.map(({ error }) => error));
  const hint = mendable === undefined ? "See what each plan needs: --plan list" : mendable.hint;
  return new BpfError("see this event on this kernel", {
    step: "attach",
    code: mendable?.code ?? "E_NO_PLAN",
    cause: failures.map(({ plan, error }) => `plan ${plan}: ${error.cause}`).join("; "),
    ...(hint === undefined ? {} : { hint }),
    log: failures.map(({ error }) => error.log).filter((log) => log !== "").join("\n"),
  });
}
