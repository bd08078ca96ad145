/** Why a function of the kernel cannot be probed. */

import type { FunctionNames } from "../../host/filter_functions.ts";
import { isFunction, type KernelSymbol } from "../../host/kallsyms.ts";
import type { ListedType } from "../list/pattern.ts";
import type { ProbeAnswer, Reason } from "./answer.ts";
import type { ReasonInput } from "./facts.ts";
import { nearestNames } from "./nearest.ts";
import { FUNCTIONS, PARTS } from "./successors.ts";

/** The types that are set in functions of the kernel. */
export type FunctionType = Extract<ListedType, "kprobe" | "kretprobe" | "fentry" | "fexit">;

/** What is asked: `module` where the probe names one. */
export interface FunctionQuestion {
  readonly type: FunctionType;
  readonly symbol: string;
  readonly module: string | undefined;
}

/** The names that the function of a system call has had. */
const SYSCALL = /^(?:sys|SyS|Sys|compat_sys|__se_sys|__do_sys)_(\w+)$/;
const SYSCALL_FUNCTION = "__x64_sys_";
/** What compilers put behind the name of a part, or a copy, of a function. */
const PARTIAL = /\.(?:part|cold)(?:\.|$)/;
const CALL_ADDRESSES = 3;

/** Explains a kprobe, kretprobe, fentry or fexit. */
export function explainFunction(question: FunctionQuestion, input: ReasonInput): ProbeAnswer {
  const { type, symbol, module } = question;
  const probe = [type, ...(module === undefined ? [] : [module]), symbol].join(":");
  const refused = typeReasons(type, input);
  const found = explainSymbol(question, input);
  const usable = refused.length === 0 && found.usable;
  const successors = usable ? [] : existing(FUNCTIONS[symbol]?.probes ?? [], input);
  return {
    probe,
    usable,
    reasons: [...refused, ...found.reasons],
    instead: [...new Set([...found.instead, ...successors])].filter((each) =>
      input.hasKprobes || !/^k(ret)?probe:/.test(each)
    ),
  };
}

/** What stands against all probes of a type. */
function typeReasons(
  type: FunctionType,
  { hasKprobes, lockdown, ...input }: ReasonInput,
): Reason[] {
  if (lockdown === "confidentiality") {
    return [{
      code: "lockdown",
      text: "the kernel is locked down (confidentiality): nothing may look into it",
      fix: "Boot without Secure Boot, or without lockdown=confidentiality",
    }];
  }
  if (type === "kprobe" || type === "kretprobe") {
    return hasKprobes ? [] : [{
      code: "config_off",
      text: "the kernel is built without kprobes (CONFIG_KPROBE_EVENTS)",
      fix: "Use a tracepoint, or a kernel that is built with kprobes",
    }];
  }
  return input.sources.types.length > 0 ? [] : [{
    code: "no_btf",
    text: "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which describes the arguments",
    fix: "Use a kprobe",
  }];
}

type Explained = Omit<ProbeAnswer, "probe">;

/** What only trying can tell. */
const MAYBE: readonly Reason["code"][] = ["unverified", "lockdown"];

function explainSymbol(question: FunctionQuestion, input: ReasonInput): Explained {
  const { symbol, module } = question;
  const all = [...input.symbols.find(symbol)];
  const functions = all.filter((each) =>
    isFunction(each) && (module === undefined || (each.module ?? "vmlinux") === module)
  );
  if (functions.length > 0) return explainPresent(question, functions, input);
  if (all.length > 0 && module === undefined) {
    const text = `${symbol} is a variable (type ${all[0]!.type}), and no function`;
    return unusable({ code: "not_a_function", text });
  }
  return explainMissing(question, input);
}

/** The kernel has it: what says that it cannot be probed all the same. */
function explainPresent(
  { type, symbol }: FunctionQuestion,
  functions: readonly KernelSymbol[],
  input: ReasonInput,
): Explained {
  const { sources } = input;
  const isKprobe = type === "kprobe" || type === "kretprobe";
  if (isKprobe && sources.blacklist.has(symbol)) {
    const text = `${symbol} is on the kernel's list of functions that must not be probed ` +
      "(/sys/kernel/debug/kprobes/blacklist): probes themselves run through it";
    return unusable({ code: "blacklisted", text });
  }
  const { functions: traceable, verified } = sources.functions;
  const isListed = hasName(traceable, symbol);
  if (!isListed && verified) {
    const alias = aliasOf(functions, input);
    if (alias === undefined) return unusable(notrace(symbol));
    if (isKprobe) {
      const text = `it begins where ${alias} does: lists of functions and stacks show that name`;
      return { usable: true, reasons: [{ code: "alias", text }], instead: [`${type}:${alias}`] };
    }
  }
  const reasons = [
    ...(isKprobe ? [] : describedReasons(symbol, functions, input)),
    ...severalReasons(symbol, functions),
  ];
  if (!verified) {
    const text =
      "available_filter_functions cannot be read: the kernel has the function, and whether it can be traced is known by trying only";
    reasons.push({ code: "unverified", text });
  }
  if (!isKprobe && input.lockdown === "integrity") {
    const text = "the kernel is locked down (integrity), and some kernels refuse fentry then: " +
      "gimlet doctor tries it";
    const fix = "Boot without Secure Boot, or without lockdown=";
    reasons.push({ code: "lockdown", text, fix });
  }
  const usable = reasons.every(({ code }) => isKprobe || MAYBE.includes(code));
  return { usable, reasons, instead: usable ? [] : [`kprobe:${symbol}`] };
}

function notrace(symbol: string): Reason {
  return {
    code: "notrace",
    text: `${symbol} is in /proc/kallsyms, but not in available_filter_functions: it is marked ` +
      "notrace or noinstr, or is what is left of an inline function; the kernel refuses it (EINVAL)",
  };
}

/** Another name of the same code, which lists of functions have in place of this one. */
function aliasOf(functions: readonly KernelSymbol[], input: ReasonInput): string | undefined {
  const addresses = new Set(functions.map(({ address }) => address));
  if (addresses.has(0n)) return undefined;
  const names = new Set<string>();
  for (const { name, address } of input.symbols.symbols()) {
    if (addresses.has(address)) names.add(name);
  }
  return allNames(input).find((name) => names.has(name));
}

function hasName(functions: FunctionNames, name: string): boolean {
  return functions.values().some((names) => names.includes(name));
}

function allNames({ sources }: ReasonInput): string[] {
  return [...sources.functions.functions.values()].flat();
}

/** A program that attaches by BTF needs the function's prototype. */
function describedReasons(
  symbol: string,
  functions: readonly KernelSymbol[],
  { sources }: ReasonInput,
): Reason[] {
  const [first] = functions;
  if (sources.types.length === 0 || sources.prototype(symbol, first?.module) !== undefined) {
    return [];
  }
  return [{
    code: "no_btf",
    text:
      `the kernel's BTF does not describe ${symbol}: it is written in assembler, or the compiler changed its arguments`,
    fix: `Use kprobe:${symbol}`,
  }];
}

function severalReasons(symbol: string, functions: readonly KernelSymbol[]): Reason[] {
  if (functions.length < 2) return [];
  const shown = functions.slice(0, CALL_ADDRESSES).map(({ address, module }) =>
    `0x${address.toString(16)}${module === undefined ? "" : ` [${module}]`}`
  );
  const more = functions.length > shown.length ? ", …" : "";
  return [{
    code: "several_symbols",
    text: `the kernel has ${functions.length} functions called ${symbol} (${
      shown.join(", ")
    }${more}): by its name alone none of them is meant`,
    fix: "Attach by address",
  }];
}

/** The kernel has no code of this name. */
function explainMissing(question: FunctionQuestion, input: ReasonInput): Explained {
  const { type, symbol } = question;
  const call = SYSCALL.exec(symbol)?.[1];
  if (call !== undefined) {
    const successor = `${SYSCALL_FUNCTION}${call}`;
    if (hasFunction(successor, input)) {
      const text = `functions of system calls are called ${successor} since Linux 4.17`;
      const tracepoint = `tracepoint:syscalls:sys_enter_${call}`;
      const instead = [`${type}:${successor}`, ...existing([tracepoint], input)];
      return unusable({ code: "renamed", text }, instead);
    }
  }
  const variants = variantsOf(symbol, input);
  if (variants.length > 0) {
    const whole = variants.filter((name) => !PARTIAL.test(name)).map((name) => `kprobe:${name}`);
    return unusable(variantReason(symbol, variants), existing(whole, input));
  }
  const known = FUNCTIONS[symbol];
  if (known !== undefined) {
    const what = known.kind === "renamed" ? "renamed" : "removed, or inlined into its callers,";
    const text = `${symbol} was ${what} in Linux ${known.since}`;
    return unusable({ code: known.kind, text });
  }
  const part = missingPart(symbol.split("_")[0] ?? "", input);
  if (part !== undefined) return unusable(part);
  const text =
    `the kernel has no function ${symbol}: it was inlined into its callers, or renamed, or belongs to a module that is not loaded`;
  return unusable(
    { code: "not_found", text },
    nearestNames(symbol, allNames(input)).map((name) => `${type}:${name}`),
  );
}

/** `finish_task_switch.isra.0` for `finish_task_switch`. */
function variantsOf(symbol: string, { symbols }: ReasonInput): string[] {
  const variants = new Set<string>();
  for (const { name } of symbols.symbols()) {
    if (name.startsWith(`${symbol}.`)) variants.add(name);
  }
  return [...variants];
}

function variantReason(symbol: string, variants: readonly string[]): Reason {
  const whole = variants.filter((name) => !PARTIAL.test(name));
  if (whole.length > 0) {
    const text = `the compiler made ${
      whole.join(", ")
    } of it, with other arguments than in the source`;
    return { code: "variant", text };
  }
  const text = `${symbol} was inlined into its callers: only the seldom used part ${
    variants.join(", ")
  } is code of its own, which not every call passes`;
  return { code: "inlined", text };
}

function unusable(reason: Reason, instead: readonly string[] = []): Explained {
  return { usable: false, reasons: [reason], instead };
}

/** Those of some probes that this kernel has. */
export function existing(probes: readonly string[], input: ReasonInput): string[] {
  const { hasKprobes, sources } = input;
  return probes.filter((probe) => {
    const [type, ...rest] = probe.split(":");
    const name = rest.join(":");
    if (type === "kprobe") return hasKprobes && isTraceable(name, input);
    return sources.tracepoints.some(({ category, event }) => `${category}:${event}` === name);
  });
}

function isTraceable(name: string, input: ReasonInput): boolean {
  const { functions, verified } = input.sources.functions;
  if (hasName(functions, name)) return true;
  return !verified
    ? false
    : hasFunction(name, input) && aliasOf([...input.symbols.find(name)], input) !== undefined;
}

function hasFunction(name: string, { symbols }: ReasonInput): boolean {
  const [first] = symbols.find(name);
  return first !== undefined;
}

/** A part of the kernel that is not loaded, or not built. */
export function missingPart(prefix: string, input: ReasonInput): Reason | undefined {
  const part = PARTS[prefix];
  if (part === undefined) return undefined;
  const { module, config } = part;
  const state = input.moduleState(module);
  if (state === "loaded") return undefined;
  if (state === "absent" && input.isConfigured(config) === false) {
    return { code: "config_off", text: `the kernel is built without ${module} (${config})` };
  }
  const text = `the module ${module} is not loaded`;
  return { code: "module_not_loaded", text, fix: `As root: modprobe ${module}` };
}
