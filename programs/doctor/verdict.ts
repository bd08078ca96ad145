/** Whether a tool works here, and by which plan: predicted from facts, with nothing attached. */

import { BpfError } from "../../ffi/errors.ts";
import { parseChoice, type ProbeChoice, type ProbeSpec } from "../../ffi/probes/spec.ts";
import type { Plan, Plans } from "../../ffi/probes/plan.ts";

/** What is known of the kernel, as far as plans ask. Each gives why not; `undefined` where nothing is against it. */
export interface PlanFacts {
  /** Probes of a provider, wherever. */
  readonly refused: (provider: ProbeSpec["provider"]) => BpfError | undefined;
  /** A place that is not there, or that cannot be probed. */
  readonly missing: (place: ProbeSpec) => BpfError | undefined;
  /** Whether this kernel refuses programs that others take, such as all that want its BTF: then only loading tells. */
  readonly mustLoad: boolean;
  /** A plan's programs, which have to fit the arguments of what they attach to. */
  readonly unfit: (plan: Plan) => BpfError | undefined;
}

/** What is expected of a plan. */
export interface PlanVerdict {
  readonly plan: string;
  /** Why it cannot be used; `undefined` where it can. */
  readonly error: BpfError | undefined;
}

/** Judges the plans in their order; what comes behind the first that works is not looked at. */
export function judgePlans(plans: Plans, facts: PlanFacts): PlanVerdict[] {
  const verdicts: PlanVerdict[] = [];
  for (const [name, plan] of Object.entries(plans)) {
    const error = whyNot(plan, facts);
    verdicts.push({ plan: name, error });
    if (error === undefined) break;
  }
  return verdicts;
}

/** The providers whose programs see typed arguments: only the kernel knows whether they fit, when it loads them. */
const TYPED: readonly ProbeSpec["provider"][] = ["tp_btf", "fentry", "fexit"];

function whyNot(plan: Plan, facts: PlanFacts): BpfError | undefined {
  const choices = Object.values(plan).flatMap((names) => (names ?? []).map(parseChoice));
  const places = choices.flatMap(({ alternatives }) => alternatives);
  for (const { provider } of places) {
    const refused = facts.refused(provider);
    if (refused !== undefined) return refused;
  }
  if (facts.mustLoad || places.some(({ provider }) => TYPED.includes(provider))) {
    const unfit = facts.unfit(plan);
    if (unfit !== undefined) return unfit;
  }
  return missingOf(choices, facts);
}

/** As attaching does: of alternatives one must be there, of all that may be missing at least one. */
function missingOf(choices: readonly ProbeChoice[], facts: PlanFacts): BpfError | undefined {
  let firstOptional: BpfError | undefined;
  let isThere = false;
  for (const { alternatives, optional } of choices) {
    const errors = alternatives.map(facts.missing);
    if (errors.includes(undefined)) isThere = true;
    else if (optional) firstOptional ??= errors[0];
    else return joined(errors.filter((error) => error !== undefined));
  }
  return isThere ? undefined : firstOptional;
}

function joined(errors: readonly BpfError[]): BpfError {
  const [first] = errors;
  if (errors.length === 1) return first!;
  return new BpfError("attach", {
    step: "attach",
    code: "E_NO_PROBE",
    cause: errors.map(({ cause }) => cause).join(", and "),
  });
}
