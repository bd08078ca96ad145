/** The running kernel's facts: each is read when it is first asked for. */

import { HELPER, type HelperName } from "../../../ffi/asm/helpers.ts";
import { canMakeKeys } from "../../../ffi/bpf/attempts.ts";
import { hasHelper } from "../../../ffi/bpf/features.ts";
import { ELF_TYPE, parseElf } from "../../../ffi/elf/elf.ts";
import { fileOffset, findSymbol } from "../../../ffi/elf/symbols.ts";
import { parseUsdtArguments, usdtProbes } from "../../../ffi/elf/usdt.ts";
import { BpfError } from "../../../ffi/errors.ts";
import { hasKernelBtf } from "../../../ffi/probes/btf_trace.ts";
import { findUserFile } from "../../../ffi/probes/user_function.ts";
import { KERNEL } from "../../../ffi/host/filter_functions.ts";
import { parseCpuList } from "../../../ffi/host/cpus.ts";
import { ownPidNamespace } from "../../../ffi/host/process.ts";
import { eventsOf } from "../../../ffi/host/tracefs.ts";
import { readTracepointFormat } from "../../../ffi/host/tracepoint_format.ts";
import { modulesWithBtf, readModuleBtf } from "../../../ffi/probes/kernel_btf.ts";
import { kernelTypes } from "../../../ffi/probes/kernel_types.ts";
import { kprobeFunctions, listProbes, tracepoints } from "../../../ffi/probes/list.ts";
import { ksymname } from "../../../ffi/symbols/kernel.ts";
import { BtfTypes } from "../btf_types.ts";
import {
  type KernelFacts,
  type KernelFunction,
  type PidNamespace,
  SHORT_KEY,
  type UsdtProbe,
  type UserSymbol,
} from "../facts.ts";
import { inPath } from "./attach.ts";
import { tracepointRecord } from "../tracepoint_record.ts";
import type { RecordLayout, Type } from "../types.ts";

/** The kernel that this program runs on. */
export class RunningKernel implements KernelFacts {
  readonly arch: KernelFacts["arch"] = Deno.build.arch;
  readonly #records = new Map<string, RecordLayout | undefined>();
  readonly #helpers = new Map<HelperName, boolean>();
  #longKeys: boolean | undefined;
  readonly #modules = new Map<string, ModuleTypes | undefined>();
  #moduleNames: readonly string[] | undefined;
  #types: BtfTypes | undefined;
  #tracepoints: readonly string[] | undefined;

  get cpus(): number {
    return parseCpuList(Deno.readTextFileSync("/sys/devices/system/cpu/possible")).length;
  }

  get hasBtf(): boolean {
    return hasKernelBtf();
  }

  tracepoint(category: string, event: string): RecordLayout | undefined {
    const name = `${category}:${event}`;
    if (!this.#records.has(name)) {
      const format = readTracepointFormat(category, event);
      const lookUp = (type: string): Type | undefined => this.#btf().type(type);
      const record = format && tracepointRecord({ category, event, fields: format.fields }, lookUp);
      this.#records.set(name, record);
    }
    return this.#records.get(name);
  }

  tracepoints(category?: string): readonly string[] {
    if (category !== undefined) return eventsOf(category).map((event) => `${category}:${event}`);
    return this.#tracepoints ??= tracepoints();
  }

  type(name: string): Type | undefined {
    const own = this.#btf().type(name);
    if (own !== undefined) return own;
    for (const module of this.modules()) {
      const found = this.#module(module)?.types.type(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  constant(name: string): bigint | undefined {
    return this.#btf().constant(name);
  }

  kernelFunction(name: string, module: string): KernelFunction | undefined {
    if (module === KERNEL) return this.#btf().kernelFunction(name);
    const found = this.#module(module);
    return found?.functions.has(name) ? found.types.kernelFunction(name) : undefined;
  }

  rawTracepoint(event: string): KernelFunction | undefined {
    for (const prefix of TRACEPOINT_FUNCTIONS) {
      const found = this.#btf().kernelFunction(`${prefix}${event}`);
      if (found === undefined) continue;
      const [_data, ...parameters] = found.parameters;
      return { ...found, parameters };
    }
    return undefined;
  }

  modulesOf(name: string): readonly string[] {
    if (kernelTypes().find(name, "func") !== undefined) return [KERNEL];
    return this.modules().filter((module) => this.#module(module)?.functions.has(name));
  }

  modules(): readonly string[] {
    return this.#moduleNames ??= [KERNEL, ...modulesWithBtf()];
  }

  kernelFunctions(pattern: string): readonly string[] {
    return kprobeFunctions(pattern);
  }

  userFunctions(path: string, pattern: string): readonly string[] {
    return userFunctions(path, pattern);
  }

  userSymbol(path: string, name: string): UserSymbol | undefined {
    const elf = parseElf(Deno.readFileSync(findUserFile(inPath(path))));
    const found = findSymbol(elf, name);
    if (found === undefined) return undefined;
    const moves = elf.type !== ELF_TYPE.EXEC;
    return { address: BigInt(found.value), size: Number(found.size), moves };
  }

  usdtProbes(path: string, group: string, name: string): readonly UsdtProbe[] {
    try {
      return readUsdtProbes(path).filter((probe) =>
        probe.name === name && (group === "" || probe.group === group)
      );
    } catch (error) {
      if (error instanceof BpfError && error.code === "E_NO_PROBE") return [];
      throw error;
    }
  }

  kernelSymbol(name: string): bigint | undefined {
    return ksymname(name);
  }

  hasHelper(name: HelperName): boolean {
    const known = this.#helpers.get(name) ?? (cameWith(name) || tryHelper(name));
    this.#helpers.set(name, known);
    return known;
  }

  hasLongKeys(): boolean {
    return this.#longKeys ??= canMakeKeys(SHORT_KEY + 8) ?? true;
  }

  pidNamespace(): PidNamespace | undefined {
    return ownPidNamespace();
  }

  cgroupId(path: string): bigint | undefined {
    try {
      return BigInt(Deno.statSync(path).ino ?? 0);
    } catch {
      return undefined;
    }
  }

  #module(name: string): ModuleTypes | undefined {
    if (name === KERNEL) return undefined;
    if (!this.#modules.has(name)) this.#modules.set(name, readModuleTypes(name));
    return this.#modules.get(name);
  }

  #btf(): BtfTypes {
    return this.#types ??= new BtfTypes(kernelTypes());
  }
}

/** The functions that are called for a tracepoint, with its arguments behind a pointer of the kernel's: newer kernels, older ones. */
const TRACEPOINT_FUNCTIONS: readonly string[] = ["__probestub_", "__traceiter_"];

/** What the BTF of a module describes. */
interface ModuleTypes {
  readonly types: BtfTypes;
  /** The module's own: its types begin behind those of the kernel. */
  readonly functions: ReadonlySet<string>;
}

function readModuleTypes(module: string): ModuleTypes | undefined {
  const btf = readModuleBtf(module, kernelTypes());
  return btf && { types: new BtfTypes(btf), functions: new Set(btf.namesOfKind("func")) };
}

/** The Linux that brought a helper. An older one may have it all the same: that is tried, which takes longer than most compilations. */
const SINCE: Readonly<Partial<Record<HelperName, readonly [number, number]>>> = {
  get_current_task_btf: [5, 11],
  for_each_map_elem: [5, 13],
  loop: [5, 17],
  map_lookup_percpu_elem: [5, 19],
};

/** Whether this kernel is as new as a helper. */
function cameWith(name: HelperName): boolean {
  const since = SINCE[name];
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(Deno.osRelease()) ?? [];
  if (since === undefined || major === undefined) return false;
  const [sinceMajor, sinceMinor] = since;
  return Number(major) > sinceMajor || Number(major) === sinceMajor && Number(minor) >= sinceMinor;
}

/** Nobody but root may ask: then the kernel says so itself when it loads the script. */
function tryHelper(name: HelperName): boolean {
  try {
    return hasHelper("tracepoint", HELPER[name]);
  } catch (error) {
    if (error instanceof BpfError) return true;
    throw error;
  }
}

function readUsdtProbes(path: string): (UsdtProbe & { readonly name: string })[] {
  const elf = parseElf(Deno.readFileSync(findUserFile(inPath(path))));
  return usdtProbes(elf).flatMap(({ provider: group, name, location, semaphore, ...rest }) => {
    const offset = fileOffset(elf, location);
    if (offset === undefined) return [];
    const counterOffset = semaphore === undefined ? undefined : fileOffset(elf, semaphore);
    const place = { offset, ...(counterOffset === undefined ? {} : { counterOffset }) };
    return [{ group, name, place, args: parseUsdtArguments(rest.arguments, elf.machine) }];
  });
}

/** The names of functions of a program or library that match a pattern. */
export function userFunctions(path: string, pattern: string): readonly string[] {
  return listProbes(`uprobe:${path}:${pattern}`).flatMap(({ names }) => names)
    .map((name) => name.slice(name.lastIndexOf(":") + 1));
}
