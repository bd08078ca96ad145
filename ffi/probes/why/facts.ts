/** What the reasons are found in. Read when it is needed; tests give recorded facts instead. */

import { BpfError } from "../../errors.ts";
import type { Kallsyms } from "../../host/kallsyms.ts";
import { readKernelConfig } from "../../host/kernel_config.ts";
import { type Lockdown, readLockdown } from "../../host/lockdown.ts";
import { type ModuleState, moduleState } from "../../host/modules.ts";
import { kernelSymbols } from "../../symbols/kernel.ts";
import { requireKprobes } from "../kernel_function.ts";
import type { ProbeSources } from "../list/sources.ts";

/** The kernel, as the reasons look at it. */
export interface WhyFacts {
  readonly symbols: Kallsyms;
  readonly hasKprobes: boolean;
  readonly lockdown: Lockdown;
  /** Whether a switch of the kernel's configuration is on; `undefined` where that cannot be read. */
  isConfigured(name: string): boolean | undefined;
  moduleState(name: string): ModuleState;
}

/** The facts of the running kernel, and the sources of its lists. */
export type ReasonInput = WhyFacts & { readonly sources: ProbeSources };

/** Reads the facts of the running kernel. */
export function readFacts(sources: ProbeSources): ReasonInput {
  let config: ReturnType<typeof readKernelConfig> | null = null;
  return {
    sources,
    get symbols() {
      return kernelSymbols();
    },
    get hasKprobes() {
      return kprobesAreThere();
    },
    get lockdown() {
      return readLockdown();
    },
    isConfigured(name) {
      if (config === null) config = readKernelConfig();
      return config === undefined ? undefined : config.has(name);
    },
    moduleState,
  };
}

function kprobesAreThere(): boolean {
  try {
    requireKprobes();
    return true;
  } catch (error) {
    if (error instanceof BpfError) return false;
    throw error;
  }
}
