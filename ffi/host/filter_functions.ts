/** Which functions of the kernel can be traced: tracefs's `available_filter_functions`, and which may not be probed. */

import { readText } from "./files.ts";
import { tracefsPath } from "./tracefs.ts";

/** A function that ftrace, and so kprobes and fentry, can attach to. */
export interface FilterFunction {
  readonly name: string;
  /** `undefined` for the kernel itself. */
  readonly module: string | undefined;
}

/** Reads lines like `vfs_read` and `nfs_read [nfs]`. Static functions of one name are there several times. */
export function parseFilterFunctions(text: string): FilterFunction[] {
  const functions: FilterFunction[] = [];
  for (const line of text.split("\n")) {
    const blank = line.search(/[ \t]/);
    const name = blank < 0 ? line : line.slice(0, blank);
    // Places of code that was thrown away after the start.
    if (name === "" || name.startsWith("__ftrace_invalid_address_")) continue;
    functions.push({ name, module: blank < 0 ? undefined : /\[(.*)\]/.exec(line)?.[1] });
  }
  return functions;
}

/** The functions that can be traced; `undefined` where the list may not be read, as root too where the kernel is locked down. */
export function readFilterFunctions(): FilterFunction[] | undefined {
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
  return new Set(Array.from(text.matchAll(/^0x\S+\s+(\S+)/gm), ([, name]) => name!));
}

/** The functions that the kernel allows no kprobe in; none known where debugfs is not mounted. */
export function readKprobeBlacklist(): Set<string> {
  return parseKprobeBlacklist(readText("/sys/kernel/debug/kprobes/blacklist") ?? "");
}
