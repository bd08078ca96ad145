/** kprobes and kretprobes, also on the functions of system calls. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { BpfError } from "../errors.ts";
import { exists, readText } from "../host/files.ts";
import { tracefsPath } from "../host/tracefs.ts";

const SYSCALL_PREFIX = { x86_64: "__x64_sys_", aarch64: "__arm64_sys_" } as const;

/** The kernel function of a system call: `clone` is `__x64_sys_clone` on x86-64. BCC's `get_syscall_fnname`. */
export function syscallFunction(
  name: string,
  arch: typeof Deno.build.arch = Deno.build.arch,
): string {
  return SYSCALL_PREFIX[arch] + name;
}

/** While it holds a 0, probes can be set, and none of them ever fires. */
const SWITCH = "/sys/kernel/debug/kprobes/enabled";

/**
 * Looks whether this kernel has kprobes at all, and lets them fire.
 *
 * @throws {BpfError} E_NO_KPROBES
 */
export function requireKprobes(): void {
  const isBuiltIn = exists("/sys/bus/event_source/devices/kprobe/type") ||
    exists(`${tracefsPath()}/kprobe_events`);
  if (!isBuiltIn) throw noKprobes("this kernel is built without kprobes (CONFIG_KPROBE_EVENTS)");
  if (readText(SWITCH)?.trim() === "0") {
    throw noKprobes(`kprobes are switched off: ${SWITCH} is 0`, `As root: echo 1 > ${SWITCH}`);
  }
}

function noKprobes(cause: string, hint?: string): BpfError {
  return new BpfError("use kprobes", {
    step: "attach",
    code: "E_NO_KPROBES",
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Attaches to the entry or return of one function. */
export function attachKernelFunction(program: Program, symbol: string, onReturn = false): Link[] {
  return [program.attachKprobe(symbol, { onReturn })];
}
