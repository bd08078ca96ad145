/**
 * The probe types of the script language, each tried with a program that does nothing: loaded, attached where next to nothing
 * happens, and detached at once. The kernel takes some 50 ms to let go of a tracepoint, and no longer for several: so
 * they are let go of together, while other things are found out.
 */

import { tryWatchpoint } from "../../ffi/bpf/attempts.ts";
import type { Link } from "../../ffi/bpf/link.ts";
import { type LoadedObject, openObject } from "../../ffi/bpf/object.ts";
import type { Program } from "../../ffi/bpf/program.ts";
import { BpfError, type ErrorCode } from "../../ffi/errors.ts";
import { onlineCpus } from "../../ffi/host/cpus.ts";
import { requireBtf } from "../../ffi/probes/btf_trace.ts";
import { requireKprobes } from "../../ffi/probes/kernel_function.ts";
import { explainPermission } from "../../ffi/probes/permission.ts";
import { attachTracepoint } from "../../ffi/probes/tracepoint.ts";
import { findUserFile, requireUprobes } from "../../ffi/probes/user_function.ts";
import { trials } from "./trials/trials.gen.ts";

type Trials = typeof trials;
type TrialProgram = keyof Trials["programs"];

/** How a probe type is tried. */
interface Trial {
  readonly program: TrialProgram;
  /** A cheap look at the kernel before. */
  readonly require?: () => void;
  /** Attaches it; nothing comes back where nothing has to be let go of. */
  readonly attach: (program: Program) => Link | readonly Link[] | void;
}

/** A type that the kernel does by the same means as another: what that one shows holds for it as well. */
interface SameTrial {
  readonly as: string;
}

/** Nothing else can be tried either. */
const NO_ANSWER: readonly ErrorCode[] = ["E_NO_LIBBPF", "E_OLD_LIBBPF", "E_OBJECT"];

/** A function that every kernel has, and that seldom runs. */
const FUNCTION = "vfs_fsync";
const EVENT = "sched_process_exec";
/** Probes in user space are set in this process alone. */
const OWN = { pid: Deno.pid } as const;
/** So seldom that it does not come in the time that it is attached. */
const SELDOM = { period: 1n << 40n } as const;

const TRIALS = {
  kprobe: {
    program: "on_kprobe",
    require: requireKprobes,
    attach: (program) => program.attachKprobe(FUNCTION),
  },
  kretprobe: { as: "kprobe" },
  "kprobe.multi": {
    program: "on_kprobe_multi",
    require: requireKprobes,
    attach: (program) => program.attachKprobeMulti({ symbols: [FUNCTION] }),
  },
  fentry: {
    program: "on_fentry",
    require: requireBtf,
    attach: (program) => program.attachTrace(`fentry:${FUNCTION}`),
  },
  fexit: { as: "fentry" },
  tp_btf: {
    program: "on_tp_btf",
    require: requireBtf,
    attach: (program) => program.attachTrace(`tp_btf:${EVENT}`),
  },
  tracepoint: {
    program: "on_tracepoint",
    attach: (program) => attachTracepoint(program, "sched", EVENT),
  },
  rawtracepoint: {
    program: "on_raw_tracepoint",
    attach: (program) => program.attachRawTracepoint(EVENT),
  },
  uprobe: {
    program: "on_uprobe",
    require: requireUprobes,
    attach: (program) =>
      program.attachUprobe({ path: findUserFile("c"), symbol: "getpgid", ...OWN }),
  },
  uretprobe: { as: "uprobe" },
  usdt: { as: "uprobe" },
  profile: {
    program: "on_perf_event",
    attach: (program) =>
      program.attachPerfEvent({ event: "cpu-clock", cpu: onlineCpus()[0]!, ...SELDOM }),
  },
  interval: { as: "profile" },
  software: {
    program: "on_perf_event",
    attach: (program) => program.attachPerfEvent({ event: "page-faults", ...OWN, ...SELDOM }),
  },
  hardware: {
    program: "on_perf_event",
    attach: (program) => program.attachPerfEvent({ event: "cpu-cycles", ...OWN, ...SELDOM }),
  },
  watchpoint: { program: "on_perf_event", attach: () => tryWatchpoint() },
  iter: { program: "on_task", require: requireBtf, attach: (program) => program.attachIterator() },
  begin: { program: "on_raw_tracepoint", attach: (program) => void program.testRun() },
} as const satisfies Readonly<Record<string, Trial | SameTrial>>;

/** A probe type that is tried. */
export type ProbeType = keyof typeof TRIALS;

/** All of them, in the order of the report. */
export const PROBE_TYPES = Object.keys(TRIALS) as ProbeType[];

/** How each came out: the error, or `undefined` where it works. */
export type TrialResults = ReadonlyMap<ProbeType, BpfError | undefined>;

/** What was tried. `released` is settled once nothing is attached any more. */
export interface Tried {
  readonly results: TrialResults;
  readonly released: Promise<void>;
}

/**
 * Tries all probe types, for who has the capabilities.
 *
 * @throws {BpfError} E_NO_LIBBPF, E_OLD_LIBBPF
 */
export function tryProbeTypes(): Tried {
  const results = new Map<ProbeType, BpfError | undefined>();
  const attached: Attached[] = [];
  for (const type of PROBE_TYPES) {
    const trial: Trial | { readonly as: ProbeType } = TRIALS[type];
    results.set(type, "as" in trial ? results.get(trial.as) : outcome(trial, attached));
  }
  return { results, released: release(attached) };
}

/** The type whose trial holds for this one: itself, for most. */
export function triedAs(type: ProbeType): ProbeType {
  const trial: Trial | { readonly as: ProbeType } = TRIALS[type];
  return "as" in trial ? trial.as : type;
}

/** What has to be let go of. */
interface Attached {
  readonly object: Disposable;
  readonly links: readonly Link[];
}

function outcome({ program, require, attach }: Trial, attached: Attached[]): BpfError | undefined {
  let object: LoadedObject<Trials> | undefined;
  try {
    require?.();
    object = openObject(trials).loadOnly(new Set([program])).load();
    attached.push({ object, links: [attach(object.program(program)) ?? []].flat() });
    return undefined;
  } catch (error) {
    object?.[Symbol.dispose]();
    if (error instanceof BpfError && !NO_ANSWER.includes(error.code)) {
      return explainPermission(error);
    }
    if (error instanceof Deno.errors.NotFound) return hidden(error);
    throw error;
  }
}

/** A file of /sys or /proc is not there, as in containers that hide them. */
function hidden(error: Error): BpfError {
  return new BpfError("attach", { step: "attach", code: "E_ATTACH", cause: error.message });
}

async function release(attached: readonly Attached[]): Promise<void> {
  await Promise.all(attached.flatMap(({ links }) => links.map((link) => link.detach())));
  for (const { object } of attached) object[Symbol.dispose]();
}
