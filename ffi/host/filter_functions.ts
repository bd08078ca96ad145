/** Which functions of the kernel can be traced: tracefs's `available_filter_functions`, and which may not be probed. */

import { readText } from "./files.ts";
import { tracefsPath } from "./tracefs.ts";

/** What the kernel itself is called among its modules. */
export const KERNEL = "vmlinux";

/** Names of functions by the module that they stand in, {@linkcode KERNEL} for the kernel itself: in the order of their bytes, each once. */
export type FunctionNames = ReadonlyMap<string, readonly string[]>;

/** Places of code that was thrown away after the start. */
const GONE = "__ftrace_invalid_address_";

/**
 * Reads lines like `vfs_read` and `nfs_read [nfs]`: the functions that ftrace, and so kprobes and fentry, can attach to. Static
 * functions of one name are there several times. The kernel's own, tens of thousands, come first.
 */
export function parseFilterFunctions(text: string): FunctionNames {
  const bracket = text.indexOf("[");
  if (bracket < 0) return new Map([[KERNEL, namesOf(text)]]);
  const ownEnd = text.lastIndexOf("\n", bracket) + 1;
  const modules = Map.groupBy(
    text.slice(ownEnd).split("\n"),
    (line) => /\[(.*)\]$/.exec(line)?.[1] ?? KERNEL,
  );
  const functions = new Map([[KERNEL, namesOf(text.slice(0, ownEnd))]]);
  for (const [module, lines] of modules) {
    const names = lines.map((line) => line.replace(/[ \t].*/, ""));
    functions.set(module, namesOf([...functions.get(module) ?? [], ...names].join("\n")));
  }
  return functions;
}

/** Of a name a line. */
function namesOf(text: string): string[] {
  const lines = text.split("\n");
  const names = text.includes(GONE) ? lines.filter((name) => !name.startsWith(GONE)) : lines;
  const sorted = distinct(names.sort());
  return sorted[0] === "" ? sorted.slice(1) : sorted; // What stood behind the last line end.
}

/** Each of sorted names once. */
export function distinct(names: readonly string[]): string[] {
  return names.filter((name, i) => name !== names[i - 1]);
}

/** The functions that can be traced; `undefined` where the list may not be read, as root too where the kernel is locked down. */
export function readFilterFunctions(): FunctionNames | undefined {
  try {
    return parseFilterFunctions(
      Deno.readTextFileSync(`${tracefsPath()}/available_filter_functions`),
    );
  } catch {
    return undefined;
  }
}

/** Reads lines like `0xffffffff81001030-0xffffffff81001050	asm_exc_divide_error`. */
export function parseKprobeBlacklist(text: string): Set<string> {
  const lines = text.split("\n").filter((line) => line.startsWith("0x"));
  return new Set(lines.map((line) => line.slice(line.indexOf("\t") + 1)));
}

/** The functions that the kernel allows no kprobe in; none known where debugfs is not mounted. */
export function readKprobeBlacklist(): Set<string> {
  return parseKprobeBlacklist(readText("/sys/kernel/debug/kprobes/blacklist") ?? "");
}
