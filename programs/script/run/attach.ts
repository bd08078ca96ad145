/** Sets the programs of a script in their places. */

import { isFile } from "../../../ffi/host/files.ts";
import type { Link } from "../../../ffi/bpf/link.ts";
import type { PerfEventName } from "../../../ffi/bpf/attach/perf_event.ts";
import type { Program } from "../../../ffi/bpf/program.ts";
import { onlineCpus } from "../../../ffi/host/cpus.ts";
import { requireBtf } from "../../../ffi/probes/btf_trace.ts";
import { attachKernelFunction, requireKprobes } from "../../../ffi/probes/kernel_function.ts";
import { attachModuleFunction } from "../../../ffi/probes/module_function.ts";
import { attachTracepoint } from "../../../ffi/probes/tracepoint.ts";
import {
  attachUserFunction,
  findUserFile,
  findUserFunction,
  requireUprobes,
} from "../../../ffi/probes/user_function.ts";
import { type Attachment, attachmentName } from "../probes.ts";

/** How probes attach. */
export interface AttachScriptOptions {
  /** The one process that probes in user space are set in. */
  readonly pid: number | undefined;
}

const EVENTS: Readonly<Record<string, PerfEventName>> = {
  "cpu": "cpu-clock",
  "faults": "page-faults",
  "cs": "context-switches",
  "cycles": "cpu-cycles",
  "branches": "branch-instructions",
  "frontend-stalls": "stalled-cycles-frontend",
  "backend-stalls": "stalled-cycles-backend",
};

/**
 * Attaches a program. BEGIN, END, signals and iterators attach nowhere: they are run by hand.
 *
 * @throws {BpfError} where that is not possible here
 */
export function attachScriptProgram(
  program: Program,
  attachment: Attachment,
  { pid }: AttachScriptOptions,
): Link[] {
  const whose = pid === undefined ? {} : { pid };
  switch (attachment.kind) {
    case "begin":
    case "end":
    case "signal":
    case "iter":
      return [];
    case "watchpoint": {
      const { address, length, access } = attachment;
      if (typeof address === "object") return []; // it is not known yet
      const event = { breakpoint: BigInt(address), length, access };
      return [program.attachPerfEvent({ event, period: 1n, ...whose })];
    }
    case "tracepoint":
      if (attachment.syscall !== undefined) {
        return [program.attachTrace(`tp_btf:sys_${attachment.syscall.direction}`)];
      }
      return attachTracepoint(program, attachment.category, attachment.event);
    case "rawtracepoint":
      if (attachment.byBtf) return [program.attachTrace(`tp_btf:${attachment.event}`)];
      return [program.attachRawTracepoint(attachment.event)];
    case "interval": {
      const [cpu = 0] = onlineCpus();
      const { nanoseconds } = attachment;
      return [program.attachPerfEvent({ event: "cpu-clock", period: nanoseconds, cpu })];
    }
    case "profile": {
      const { nanoseconds, hertz } = attachment;
      const rate = nanoseconds === undefined ? { frequency: hertz } : { period: nanoseconds };
      return [program.attachPerfEvent({ event: "cpu-clock", ...rate, ...whose })];
    }
    case "software":
    case "hardware": {
      const event = EVENTS[attachment.event] ?? attachment.event as PerfEventName;
      return [program.attachPerfEvent({ event, period: BigInt(attachment.count), ...whose })];
    }
    case "kprobe":
    case "kretprobe": {
      requireKprobes();
      const { kind, symbol, module, offset } = attachment;
      const onReturn = kind === "kretprobe";
      if (module !== "") {
        return attachModuleFunction(program, { module, symbol }, { onReturn, offset });
      }
      if (offset > 0) return [program.attachKprobe(symbol, { offset })];
      return attachKernelFunction(program, symbol, onReturn);
    }
    case "fentry":
    case "fexit":
      requireBtf();
      return [program.attachTrace(attachmentName(attachment))];
    case "uprobe":
    case "uretprobe":
      return attachUser(program, attachment, pid);
    case "usdt": {
      requireUprobes();
      const { places, group, name } = attachment;
      const path = findUserFile(inPath(attachment.path), { pid });
      return places.map((place) =>
        program.attachUprobe({ path, ...place, ...whose }, `${path}:${group}:${name}`)
      );
    }
  }
}

function attachUser(
  program: Program,
  { kind, path, symbol, offset }: Extract<Attachment, { kind: "uprobe" | "uretprobe" }>,
  pid: number | undefined,
): Link[] {
  requireUprobes();
  if (symbol === "") {
    const file = findUserFile(inPath(path), { pid });
    return [program.attachUprobe({ path: file, offset, ...(pid === undefined ? {} : { pid }) })];
  }
  const place = offset > 0 ? `${symbol}+${offset}` : symbol;
  const found = findUserFunction(inPath(path), place, { pid });
  return attachUserFunction(program, found, { onReturn: kind === "uretprobe", pid });
}

/** A program's name without a path is looked for where the shell does. */
export function inPath(name: string): string {
  if (name.includes("/")) return name;
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const found = folders.map((folder) => `${folder}/${name}`).find(isFile);
  return found ?? name;
}
