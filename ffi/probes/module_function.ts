/** Functions of one module, or of the kernel itself, which it calls `vmlinux`: another may have one of the same name. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { BpfError } from "../errors.ts";
import { KERNEL } from "../host/filter_functions.ts";
import { isFunction, type KernelSymbol } from "../host/kallsyms.ts";
import { moduleState } from "../host/modules.ts";
import { kernelSymbols, requireAddresses } from "../symbols/kernel.ts";

/** A function, and whose it is. */
export interface ModuleFunction {
  /** The module's name; `vmlinux` for the kernel itself. */
  readonly module: string;
  readonly symbol: string;
}

/** The names of all functions of a module; empty where it is not loaded. */
export function moduleFunctions(module: string): string[] {
  return Array.from(kernelSymbols().symbols())
    .filter((symbol) => isFunctionOf(module, symbol)).map(({ name }) => name);
}

/** The modules that have symbols: those that are loaded. */
export function modulesWithSymbols(): string[] {
  const names = Array.from(kernelSymbols().symbols(), ({ module }) => module ?? KERNEL);
  return [...new Set(names)];
}

/**
 * Where the functions of a name begin: several where they are static.
 *
 * @throws {BpfError} E_NO_PROBE where the module is not loaded, or has no such function; E_PERMISSION
 */
export function moduleFunctionAddresses({ module, symbol }: ModuleFunction): readonly bigint[] {
  const symbols = kernelSymbols();
  requireAddresses(symbols);
  const found = [...symbols.find(symbol)].filter((each) => isFunctionOf(module, each));
  if (found.length === 0) throw notThere({ module, symbol });
  return found.map(({ address }) => address);
}

/**
 * Attaches a kprobe to a function of this module and of no other: by its address, as names are looked for in all of them.
 *
 * @throws {BpfError} as {@linkcode moduleFunctionAddresses}, and where it does not attach
 */
export function attachModuleFunction(
  program: Program,
  where: ModuleFunction,
  options: { readonly onReturn?: boolean; readonly offset?: number } = {},
): Link[] {
  return moduleFunctionAddresses(where)
    .map((address) => program.attachKprobe({ address }, options));
}

function isFunctionOf(wanted: string, symbol: KernelSymbol): boolean {
  return (symbol.module ?? KERNEL) === wanted && isFunction(symbol);
}

function notThere({ module, symbol }: ModuleFunction): BpfError {
  const isLoaded = modulesWithSymbols().includes(module);
  const reason = isLoaded ? { cause: `${module} has no function ${symbol}` } : notLoaded(module);
  return new BpfError(`attach to ${module}:${symbol}`, {
    step: "attach",
    code: "E_NO_PROBE",
    ...reason,
  });
}

function notLoaded(module: string): { readonly cause: string; readonly hint?: string } {
  switch (moduleState(module)) {
    case "loaded":
      return {
        cause: `${module} is no module of this kernel: it is built in`,
        hint: `Its functions are the kernel's own: ${KERNEL}:FUNCTION`,
      };
    case "loadable":
      return { cause: `the module ${module} is not loaded`, hint: `As root: modprobe ${module}` };
    case "absent":
      return { cause: `there is no module ${module}` };
  }
}
