/** What a compiler of scripts asks of the kernel: everything else about a script is in its text. */

import type { HelperName } from "../../ffi/asm/helpers.ts";
import type { UsdtArgument } from "../../ffi/elf/usdt.ts";
import type { UsdtPlace } from "./probes.ts";
import type { RecordLayout, Type } from "./types.ts";

/** What a key of a map has room for in every kernel, in bytes: the stack of a program. Longer ones need Linux >= 5.11. */
export const SHORT_KEY = 512;

/** Facts about the kernel that a script is compiled for. Answers do not change while a script is compiled. */
export interface KernelFacts {
  readonly arch: "x86_64" | "aarch64";
  /** How many CPUs there may ever be. */
  readonly cpus: number;
  /** Whether the kernel describes its types, so that programs can follow its pointers. */
  readonly hasBtf: boolean;
  /** The fields of a tracepoint; `undefined` where there is none of this name. */
  tracepoint(category: string, event: string): RecordLayout | undefined;
  /** `category:event` of all tracepoints, or of those of one category: these are found sooner. */
  tracepoints(category?: string): readonly string[];
  /** A struct, union, enum or typedef of the kernel: `struct task_struct`, `dev_t`. */
  type(name: string): Type | undefined;
  /** The value of a name in one of the kernel's enums. */
  constant(name: string): bigint | undefined;
  /** The parameters and result of a function of a module (`vmlinux` is the kernel itself), for fentry and fexit; `undefined` where it has no description. */
  kernelFunction(name: string, module: string): KernelFunction | undefined;
  /** What a raw tracepoint is given; `undefined` where the kernel's BTF does not tell. */
  rawTracepoint(event: string): KernelFunction | undefined;
  /** The modules whose BTF describes a function of this name; `vmlinux` alone where the kernel itself has one. */
  modulesOf(name: string): readonly string[];
  /** `vmlinux`, and the modules that are loaded and have BTF. */
  modules(): readonly string[];
  /** The names of functions that kprobes can be set on and that match a pattern; `module:name` where the pattern has a module. */
  kernelFunctions(pattern: string): readonly string[];
  /** The names of functions of a program or library that match a pattern. */
  userFunctions(path: string, pattern: string): readonly string[];
  /** A symbol of a program or library; `undefined` where there is none. */
  userSymbol(path: string, name: string): UserSymbol | undefined;
  /** The static probes of a program or library, by the provider's name (empty for any) and their own. */
  usdtProbes(path: string, group: string, name: string): readonly UsdtProbe[];
  /** The address of a symbol of the kernel. */
  kernelSymbol(name: string): bigint | undefined;
  /** Whether programs can call a helper; true where nobody could ask. */
  hasHelper(name: HelperName): boolean;
  /** Whether keys of maps can be longer than {@linkcode SHORT_KEY}; true where nobody could ask. */
  hasLongKeys(): boolean;
  /** The pid namespace that scripts are run in; `undefined` where that is the machine's first one. */
  pidNamespace(): PidNamespace | undefined;
  /** The number of a folder of cgroup v2. */
  cgroupId(path: string): bigint | undefined;
}

/** A pid namespace: the device and the number of its file. */
export interface PidNamespace {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A symbol of a program or library. */
export interface UserSymbol {
  /** As the file has it. */
  readonly address: bigint;
  /** In bytes. */
  readonly size: number;
  /** The file is loaded at this address plus another, which differs from time to time. */
  readonly moves: boolean;
}

/** A static probe in one place. */
export interface UsdtProbe {
  readonly group: string;
  readonly place: UsdtPlace;
  readonly args: readonly UsdtArgument[];
}

/** A function of the kernel, as its BTF describes it. */
export interface KernelFunction {
  readonly parameters: readonly { readonly name: string; readonly type: Type }[];
  readonly returns: Type;
}
