/** All that `gimlet doctor` finds out. */

import { BpfError } from "../../ffi/errors.ts";
import { requireCapabilities } from "../../ffi/probes/permission.ts";
import { type Arguments, plansOf, type Tool } from "../lib/tool.ts";
import { type Fact, findFacts } from "./environment.ts";
import { type Feature, findFeatures } from "./features.ts";
import { KernelPlanFacts } from "./plan_facts.ts";
import {
  PROBE_TYPES,
  type ProbeType,
  type TrialResults,
  triedAs,
  tryProbeTypes,
} from "./trials.ts";
import { judgePlans, type PlanVerdict } from "./verdict.ts";

/** What is expected of a tool. */
export interface ToolVerdict {
  readonly tool: string;
  /** For whom: the arguments that were taken, where a tool has to be given some. */
  readonly args: Arguments;
  /** Its plans up to the first that works. */
  readonly plans: readonly PlanVerdict[];
  /** What stands against the tool, whatever its plans. */
  readonly error: BpfError | undefined;
}

/** What came of a probe type. */
export interface ProbeTypeVerdict {
  readonly type: ProbeType;
  /** The type whose attempt it was: the kernel does some by the same means. */
  readonly triedAs: ProbeType;
  /** Whether it was tried at all; where not, the error says why. */
  readonly wasTried: boolean;
  readonly error: BpfError | undefined;
}

/** The findings. */
export interface Diagnosis {
  readonly facts: readonly Fact[];
  readonly features: readonly Feature[];
  readonly probeTypes: readonly ProbeTypeVerdict[];
  readonly tools: readonly ToolVerdict[];
}

/** Finds out what can be traced here, and why the rest cannot be. */
export async function diagnose(tools: readonly Tool[]): Promise<Diagnosis> {
  const tried = tryAll();
  const facts = findFacts();
  if (tried instanceof BpfError) {
    return {
      facts,
      features: findFeatures(undefined),
      probeTypes: PROBE_TYPES.map((type) => ({
        type,
        triedAs: triedAs(type),
        wasTried: false,
        error: tried,
      })),
      tools: tools.map((tool) => ({ tool: tool.name, args: {}, plans: [], error: tried })),
    };
  }
  try {
    const { results } = tried;
    const judge = new Judge(results);
    return {
      facts,
      features: findFeatures(canTry(results) ? results : undefined),
      probeTypes: PROBE_TYPES.map((type) => ({
        type,
        triedAs: triedAs(type),
        wasTried: true,
        error: results.get(type),
      })),
      tools: tools.map((tool) => judge.verdict(tool)),
    };
  } finally {
    await tried.released;
  }
}

/** The trials; or what makes all of them vain. */
function tryAll(): ReturnType<typeof tryProbeTypes> | BpfError {
  try {
    requireCapabilities();
    return tryProbeTypes();
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
}

/** Where nothing at all loads, an attempt says of nothing that the kernel has not got it. */
function canTry(results: TrialResults): boolean {
  return [...results.values()].includes(undefined);
}

class Judge {
  readonly #facts: KernelPlanFacts;
  /** What stands against a kind of stream. Looking who reads the trace_pipe takes long enough to do it once. */
  readonly #streams = new Map<() => void, BpfError | undefined>();

  constructor(trials: TrialResults) {
    this.#facts = new KernelPlanFacts(trials);
  }

  verdict(tool: Tool): ToolVerdict {
    const args = tool.selftest.args?.(Deno.pid) ?? {};
    const plans = judgePlans(plansOf(tool, args), this.#facts.of(tool.skeleton));
    return { tool: tool.name, args, plans, error: this.#streamError(tool) };
  }

  #streamError({ stream }: Tool): BpfError | undefined {
    const require = stream?.require;
    if (require === undefined) return undefined;
    if (!this.#streams.has(require)) this.#streams.set(require, errorOf(require));
    return this.#streams.get(require);
  }
}

function errorOf(attempt: () => void): BpfError | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
}
