/**
 * Plans: an ordered list of ways to see the same event. The first that works on the running kernel is used, and what works
 * is found out by trying: kernels of one version differ, and lists of functions lie.
 */

import type { Link } from "../bpf/link.ts";
import type { LoadedObject, OpenObject } from "../bpf/object.ts";
import type { Skeleton } from "../bpf/skeleton.ts";
import { BpfError, type ErrorCode } from "../errors.ts";
import { requireBtf } from "./btf_trace.ts";
import { attachKernelFunction, requireKprobes, syscallFunction } from "./kernel_function.ts";
import { explainPermission } from "./permission.ts";
import { parseProbe, type ProbeSpec } from "./spec.ts";
import { attachTracepoint } from "./tracepoint.ts";
import { attachUserFunction, findUserFunction, requireUprobes } from "./user_function.ts";

/** Which programs attach where. A probe whose name ends with `?` may be missing, as long as one of the plan attaches. */
export type Plan<P extends string = string> = { readonly [program in P]?: readonly string[] };

/** Plans by name, the best first. */
export type Plans<P extends string = string> = Readonly<Record<string, Plan<P>>>;

/** An object that is loaded and attached. Disposing of it detaches all, then closes the object. */
export class AttachedPlan<S extends Skeleton> implements Disposable {
  constructor(
    readonly name: string,
    readonly object: LoadedObject<S>,
    readonly links: readonly Link[],
  ) {}

  /** Takes the programs out of their places; the maps can still be read. */
  async detach(): Promise<void> {
    await Promise.all(this.links.map((link) => link.detach()));
  }

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
): AttachedPlan<S> {
  const failures: PlanFailure[] = [];
  for (const [name, plan] of Object.entries(plans)) {
    const attached = tryPlan(name, plan, open);
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
): AttachedPlan<S> | PlanFailure {
  try {
    return attachPlan(name, plan, open);
  } catch (error) {
    if (!(error instanceof BpfError) || !isPlanMatter(error.code)) throw error;
    return { plan: name, error: explainPermission(error) };
  }
}

/** Whether another plan may do better: not where libbpf is missing or the object is broken. */
function isPlanMatter(code: ErrorCode): boolean {
  return code !== "E_NO_LIBBPF" && code !== "E_OLD_LIBBPF" && code !== "E_OBJECT";
}

function attachPlan<S extends Skeleton>(
  name: string,
  plan: Plan,
  open: () => OpenObject<S>,
): AttachedPlan<S> {
  const probes = Object.entries(plan).flatMap(([program, names]) =>
    (names ?? []).map((name) => ({ program, ...splitOptional(name) }))
  );
  for (const { spec } of probes) requireProvider(spec);
  const object = open().loadOnly(new Set(Object.keys(plan))).load();
  const links: Link[] = [];
  const missing: BpfError[] = [];
  try {
    for (const { program, spec, optional } of probes) {
      try {
        links.push(...attachProbe(object, program, spec));
      } catch (error) {
        if (!optional || !(error instanceof BpfError) || error.code !== "E_NO_PROBE") throw error;
        missing.push(error);
      }
    }
    if (links.length === 0) throw missing[0] ?? new RangeError(`Plan ${name} has no probes`);
    return new AttachedPlan(name, object, links);
  } catch (error) {
    for (const link of links) link[Symbol.dispose]();
    object[Symbol.dispose]();
    throw error;
  }
}

function splitOptional(name: string): { spec: ProbeSpec; optional: boolean } {
  const optional = name.endsWith("?");
  return { spec: parseProbe(optional ? name.slice(0, -1) : name), optional };
}

/** Cheap looks at the kernel, before anything is loaded. */
function requireProvider({ provider }: ProbeSpec): void {
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
      return requireUprobes();
  }
}

function attachProbe<S extends Skeleton>(
  object: LoadedObject<S>,
  programName: string,
  spec: ProbeSpec,
): Link[] {
  const program = object.program(programName);
  switch (spec.provider) {
    case "kprobe":
    case "kretprobe":
      return attachKernelFunction(program, spec.symbol, spec.provider === "kretprobe");
    case "syscall":
      return attachKernelFunction(program, syscallFunction(spec.syscall));
    case "tracepoint":
      return attachTracepoint(program, spec.category, spec.event);
    case "tp_btf":
    case "fentry":
    case "fexit":
      return [program.attachTrace(`${spec.provider}:${spec.symbol}`)];
    case "uprobe":
    case "uretprobe":
      return attachUserFunction(program, findUserFunction(spec.library, spec.symbol), {
        onReturn: spec.provider === "uretprobe",
      });
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
];

function noPlan(failures: readonly PlanFailure[]): BpfError {
  const mendable = MENDABLE.map((code) => failures.find(({ error }) => error.code === code)?.error)
    .find((error) => error !== undefined);
  const hint = mendable?.hint;
  return new BpfError("see this event on this kernel", {
    step: "attach",
    code: mendable?.code ?? "E_NO_PLAN",
    cause: failures.map(({ plan, error }) => `plan ${plan}: ${error.cause}`).join("; "),
    ...(hint === undefined ? {} : { hint }),
    log: failures.map(({ error }) => error.log).filter((log) => log !== "").join("\n"),
  });
}
