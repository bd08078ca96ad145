/** What lists of probes are made from. Each source is read when it is first needed, and once. */

import type { Btf, BtfPrototype } from "../../btf/btf.ts";
import {
  distinct,
  type FunctionNames,
  KERNEL,
  readFilterFunctions,
  readKprobeBlacklist,
} from "../../host/filter_functions.ts";
import { tracefsPath } from "../../host/tracefs.ts";
import { kernelSymbols } from "../../symbols/kernel.ts";
import { modulesWithBtf, readKernelBtf, readModuleBtf } from "../kernel_btf.ts";

/** Functions of the kernel, and whether the kernel itself says that they can be traced. */
export interface KernelFunctions {
  readonly functions: FunctionNames;
  readonly verified: boolean;
}

/** A tracepoint as tracefs names it. */
export interface Tracepoint {
  readonly category: string;
  readonly event: string;
}

/** Types, and whose they are. */
export interface ModuleTypes {
  /** `vmlinux` for the kernel itself. */
  readonly module: string;
  readonly btf: Btf;
}

/** The sources of one listing. */
export class ProbeSources {
  /** The process that uprobes and USDT probes are looked for in. */
  readonly pid: number | undefined;
  #traceable: FunctionNames | undefined | null = null;
  #functions: KernelFunctions | undefined;
  #blacklist: ReadonlySet<string> | undefined;
  #tracepoints: readonly Tracepoint[] | undefined;
  #types: readonly ModuleTypes[] | undefined;
  readonly #prototypes = new Map<string, ReadonlyMap<string, number>>();

  constructor({ pid }: { pid?: number | undefined } = {}) {
    this.pid = pid;
  }

  /** The functions that can be traced, as the kernel tells; `undefined` where it does not. */
  get traceable(): FunctionNames | undefined {
    if (this.#traceable === null) this.#traceable = readFilterFunctions();
    return this.#traceable;
  }

  /** The functions that can be traced; where the kernel does not tell, those that it has and that its types name. */
  get functions(): KernelFunctions {
    return this.#functions ??= this.#readFunctions();
  }

  #readFunctions(): KernelFunctions {
    const { traceable } = this;
    if (traceable !== undefined) return { functions: traceable, verified: true };
    const described = new Set(this.types.flatMap(({ btf }) => btf.namesOfKind("func")));
    const functions = new Map<string, string[]>();
    for (const { name, type, module = KERNEL } of kernelSymbols().symbols()) {
      if (type !== "t" && type !== "T" || !described.has(name)) continue;
      const names = functions.get(module);
      if (names === undefined) functions.set(module, [name]);
      else names.push(name);
    }
    const sets = Array.from(
      functions,
      ([module, names]) => [module, distinct(names.sort())] as const,
    );
    return { functions: new Map(sets), verified: false };
  }

  /** The functions that the kernel allows no kprobe in. */
  get blacklist(): ReadonlySet<string> {
    return this.#blacklist ??= readKprobeBlacklist();
  }

  /** The tracepoints of tracefs. */
  get tracepoints(): readonly Tracepoint[] {
    return this.#tracepoints ??= readTracepoints();
  }

  /** The types of the kernel and of its loaded modules; none where the kernel has no BTF. */
  get types(): readonly ModuleTypes[] {
    return this.#types ??= readTypes();
  }

  /** How a function of the kernel (`vmlinux`) or of a module is called; `undefined` where BTF does not tell. */
  prototype(name: string, module = KERNEL): BtfPrototype | undefined {
    const id = this.#prototypeIds(module).get(name);
    const type = id === undefined ? undefined : this.btfOf(module)?.type(id);
    return type?.kind === "funcProto" ? type : undefined;
  }

  /** The functions of the kernel or of a module whose arguments BTF describes, where these are not more than `most`. */
  described(module: string, most: number): ReadonlySet<string> {
    return new Set(this.btfOf(module)?.namesOfFunctions(most));
  }

  #prototypeIds(module: string): ReadonlyMap<string, number> {
    const known = this.#prototypes.get(module);
    if (known !== undefined) return known;
    const btf = this.btfOf(module);
    const ids = btf === undefined ? new Map<string, number>() : prototypesOf(btf);
    this.#prototypes.set(module, ids);
    return ids;
  }

  /** The types of the kernel (`vmlinux`) or of a module. */
  btfOf(module: string): Btf | undefined {
    return this.types.find((types) => types.module === module)?.btf;
  }
}

/** Function name → id of its prototype. Static functions of one name are one here, the last. */
function prototypesOf(btf: Btf): Map<string, number> {
  const prototypes = new Map<string, number>();
  for (const { name, type } of btf.ofKind("func")) prototypes.set(name, type);
  return prototypes;
}

/** Reads lines like `sched:sched_switch`. */
export function parseAvailableEvents(text: string): Tracepoint[] {
  const tracepoints: Tracepoint[] = [];
  for (const line of text.split("\n")) {
    const [category, event] = line.split(":");
    if (category !== undefined && event !== undefined) tracepoints.push({ category, event });
  }
  return tracepoints;
}

function readTracepoints(): Tracepoint[] {
  return parseAvailableEvents(Deno.readTextFileSync(`${tracefsPath()}/available_events`));
}

function readTypes(): ModuleTypes[] {
  const base = readKernelBtf();
  if (base === undefined) return [];
  const modules = modulesWithBtf().flatMap((module): ModuleTypes[] => {
    const btf = readModuleBtf(module, base);
    return btf === undefined ? [] : [{ module, btf }];
  });
  return [{ module: KERNEL, btf: base }, ...modules];
}
