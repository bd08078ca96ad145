/** Lists of probes: what can be traced here. One file for each provider is in `list/`. */

import { listFixed } from "./list/fixed.ts";
import { listIterators } from "./list/iterators.ts";
import { listFentry, listKprobes } from "./list/kernel_functions.ts";
import type { Lister, ProbeList } from "./list/listed.ts";
import { type ListedType, parsePatterns, type ProbePattern } from "./list/pattern.ts";
import { ProbeSources } from "./list/sources.ts";
import { listRawTracepoints, listSyscalls, listTracepoints } from "./list/tracepoints.ts";
import { listUprobes, listUsdt } from "./list/user.ts";

export type { ProbeList } from "./list/listed.ts";

const LISTERS: Readonly<Record<ListedType, Lister>> = {
  fentry: listFentry,
  fexit: listFentry,
  hardware: listFixed,
  interval: listFixed,
  iter: listIterators,
  kprobe: listKprobes,
  kretprobe: listKprobes,
  profile: listFixed,
  rawtracepoint: listRawTracepoints,
  software: listFixed,
  syscall: listSyscalls,
  tracepoint: listTracepoints,
  uprobe: listUprobes,
  uretprobe: listUprobes,
  usdt: listUsdt,
};

/** Where probes are looked for. */
export interface ListOptions {
  /** A process: uprobes and USDT probes are those of its program and libraries. */
  readonly pid?: number | undefined;
}

/**
 * Lists the probes of patterns such as `kprobe:vfs_*,tracepoint:sched:*`: `bpftrace -l`. Without a pattern, all of the kernel's. One list for
 * each pattern and type.
 *
 * @throws {SyntaxError} where a type is not known
 * @throws {BpfError} E_NO_TRACEFS, E_NO_PROBE where a file is missing, E_NO_PROCESS
 */
export function listProbes(pattern = "*", options: ListOptions = {}): ProbeList[] {
  return listFrom(pattern, new ProbeSources(options));
}

/** As {@linkcode listProbes}, from sources that may have been read before. */
export function listFrom(pattern: string, sources: ProbeSources): ProbeList[] {
  return parsePatterns(pattern).flatMap((each) => listPattern(each, sources));
}

function listPattern({ types, parts, named }: ProbePattern, sources: ProbeSources): ProbeList[] {
  // Without a file or process there are none in user space: a wildcard that finds the type does not mean all of the machine.
  const possible = types.filter((type) => named || sources.pid !== undefined || !isOfUser(type));
  return possible.map((type) => LISTERS[type]({ type, parts, named, sources }));
}

function isOfUser(type: ListedType): boolean {
  return type === "uprobe" || type === "uretprobe" || type === "usdt";
}

/** The functions that a kprobe can be set in: BCC's `get_kprobe_functions`. The pattern has `*`, `?` and `[…]`. */
export function kprobeFunctions(pattern = "*"): string[] {
  return listProbes(`kprobe:${pattern}`).flatMap(({ names }) => names);
}

/** The tracepoints as `category:event`: BCC's `get_tracepoints`. The pattern is like `sched:*`. */
export function tracepoints(pattern = "*"): string[] {
  return listProbes(`tracepoint:${pattern}`).flatMap(({ names }) => names);
}
