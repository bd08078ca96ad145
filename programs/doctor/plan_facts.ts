/** The facts of the running kernel that verdicts on plans are made from. */

import { openObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { usdtProbes } from "../../ffi/elf/usdt.ts";
import { BpfError, FormatError } from "../../ffi/errors.ts";
import { readElfSymbols } from "../../ffi/host/elf_file.ts";
import { exists } from "../../ffi/host/files.ts";
import { hasTracepoint } from "../../ffi/host/tracefs.ts";
import { hasKernelBtf } from "../../ffi/probes/btf_trace.ts";
import { ProbeSources } from "../../ffi/probes/list/sources.ts";
import { explainPermission } from "../../ffi/probes/permission.ts";
import type { Plan } from "../../ffi/probes/plan.ts";
import type { ProbeSpec } from "../../ffi/probes/spec.ts";
import { findUserFile, findUserFunction } from "../../ffi/probes/user_function.ts";
import { explainWith } from "../../ffi/probes/why.ts";
import { readFacts, type ReasonInput } from "../../ffi/probes/why/facts.ts";
import type { ProbeType, TrialResults } from "./trials.ts";
import type { PlanFacts } from "./verdict.ts";

/** Which trial speaks for the probes of a provider. */
const TYPE_OF: Readonly<Record<ProbeSpec["provider"], ProbeType>> = {
  kprobe: "kprobe",
  kretprobe: "kretprobe",
  syscall: "kprobe",
  tracepoint: "tracepoint",
  tp_btf: "tp_btf",
  raw_tp: "rawtracepoint",
  fentry: "fentry",
  fexit: "fexit",
  uprobe: "uprobe",
  uretprobe: "uretprobe",
  usdt: "usdt",
};

/** Looks places up where the kernel and programs list them; what was asked once is remembered for all tools. */
export class KernelPlanFacts {
  readonly #trials: TrialResults;
  readonly #input: ReasonInput = readFacts(new ProbeSources());
  readonly #places = new Map<string, BpfError | undefined>();

  /** Locked down so far, the kernel refuses programs that read its memory. */
  readonly #mustLoad: boolean;

  constructor(trials: TrialResults) {
    this.#trials = trials;
    this.#mustLoad = !hasKernelBtf() || this.#input.lockdown === "confidentiality";
  }

  /** The facts for the plans of one tool. */
  of(skeleton: Skeleton): PlanFacts {
    return {
      refused: (provider) => this.#refused(provider),
      missing: (place) => this.#remembered(place),
      mustLoad: this.#mustLoad,
      unfit: (plan) => unfit(skeleton, plan),
    };
  }

  #refused(provider: ProbeSpec["provider"]): BpfError | undefined {
    const error = this.#trials.get(TYPE_OF[provider]);
    // That the place of the trial is not there says nothing of other places.
    return error?.code === "E_NO_PROBE" ? undefined : error;
  }

  #remembered(place: ProbeSpec): BpfError | undefined {
    const key = JSON.stringify(place);
    if (!this.#places.has(key)) this.#places.set(key, this.#missing(place));
    return this.#places.get(key);
  }

  #missing(place: ProbeSpec): BpfError | undefined {
    switch (place.provider) {
      case "kprobe":
      case "kretprobe":
        return this.#unusable(`${place.provider}:${place.symbol}`);
      case "syscall":
        return this.#unusable(`syscall:${place.syscall}`);
      case "tracepoint": {
        const { category, event } = place;
        if (hasTracepoint(category, event)) return undefined;
        return noProbe(`the kernel has no tracepoint ${category}:${event}`);
      }
      case "raw_tp":
        return undefined; // Those that plans name are in every kernel, with or without tracefs.
      case "tp_btf":
      case "fentry":
      case "fexit":
        return undefined; // It loaded, which it does only where they are there.
      case "uprobe":
      case "uretprobe":
        return refusal(() => findUserFunction(place.library, place.symbol));
      case "usdt":
        return refusal(() => requireStaticProbe(place));
    }
  }

  #unusable(probe: string): BpfError | undefined {
    const { usable, reasons } = explainWith(probe, this.#input);
    return usable ? undefined : noProbe(reasons[0]?.text ?? `the kernel has no ${probe}`);
  }
}

/** Loads the programs of a plan, without attaching them. */
function unfit(skeleton: Skeleton, plan: Plan): BpfError | undefined {
  return refusal(() => {
    openObject(skeleton).loadOnly(new Set(Object.keys(plan))).load()[Symbol.dispose]();
  });
}

function requireStaticProbe(
  { library, group, name }: Extract<ProbeSpec, { provider: "usdt" }>,
): void {
  const path = findUserFile(library);
  if (!exists(path)) throw noProbe(`there is no file ${path}`);
  const probes = usdtProbes(readElfSymbols(path));
  if (!probes.some((each) => each.provider === group && each.name === name)) {
    throw noProbe(`${path} has no USDT probe ${group}:${name}`);
  }
}

function refusal(attempt: () => unknown): BpfError | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof BpfError) return explainPermission(error);
    if (error instanceof FormatError) return noProbe(error.message);
    throw error;
  }
}

function noProbe(cause: string): BpfError {
  return new BpfError("attach", { step: "attach", code: "E_NO_PROBE", cause });
}
