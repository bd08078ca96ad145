/** What tools and scripts give: typed values, printed as text or JSON by one printer each. */

/** Something that JSON can hold exactly; bigints are integers of any size. */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** The fields of one event, key or entry, by name. */
export type Fields = { readonly [field: string]: Plain };

/** The first value: what is going to be traced, and how. */
export interface HeaderValue {
  readonly type: "header";
  readonly tool: string;
  readonly version: string;
  readonly plan: string;
  readonly kernel: string;
  /** Add it to a `ts` to get ns since 1970. */
  readonly boot_to_wall_ns: bigint;
}

/** All probes are attached and armed. */
export interface AttachedValue {
  readonly type: "attached";
  readonly probes: readonly string[];
}

/** One event. `line` makes the text that a person sees: most consumers want one of the two. */
export interface EventValue {
  readonly type: "event";
  readonly fields: Fields;
  readonly line: () => string;
}

/** One bar of a histogram: values from `low` to `high`, both included; `high` is null for "and more". */
export interface Bucket {
  readonly low: bigint;
  readonly high: bigint | null;
  readonly count: bigint;
}

/** A histogram: buckets from the first to the last that is not empty. */
export interface HistValue {
  readonly type: "hist";
  readonly name: string;
  readonly scale: "log2" | "linear";
  /** What is measured, such as `kbytes`. */
  readonly unit: string;
  /** What a person reads above it. */
  readonly title: string;
  readonly buckets: readonly Bucket[];
}

/** The entries of a map, in the order in which a person reads them. `header` and `line` make that person's text. */
export interface MapValue {
  readonly type: "map";
  readonly name: string;
  readonly entries: readonly { readonly key: Plain; readonly value: Plain }[];
  readonly header: string | undefined;
  readonly line: (index: number) => string;
}

/** Events that were seen and could not be delivered, since the last such value. */
export interface LostValue {
  readonly type: "lost";
  readonly reason: LossReason;
  readonly count: bigint;
}

/** Why something was lost. */
export type LossReason =
  | "buffer_full"
  | "map_full"
  | "read_fault"
  | "print_failed"
  | "return_missed"
  | "trace_pipe_overwritten"
  | "trace_pipe_taken";

/** A remark for people. It is no part of the JSON. */
export interface StatusValue {
  readonly type: "status";
  /** `output` belongs to what the tool prints, such as its banner; `note` goes beside it. */
  readonly kind: "output" | "note";
  readonly text: string;
}

/** Why tracing can end. */
export const END_REASONS = [
  "interrupted",
  "duration",
  "max-events",
  "count",
  "max-overhead",
  "command",
  "stdin-closed",
  "stdout-closed",
] as const;

/** Why tracing ended. */
export type EndReason = typeof END_REASONS[number];

/** The last value. */
export interface SummaryValue {
  readonly type: "summary";
  readonly events: number;
  readonly lost: bigint;
  readonly duration_ns: bigint;
  readonly ended_by: EndReason;
}

/** How an expectation came out. */
export interface ExpectValue {
  readonly type: "expect";
  readonly expression: string;
  readonly ok: boolean;
  /** What its parts came to; null for nothing, as the largest of no events. */
  readonly seen: readonly {
    readonly expression: string;
    readonly value: number | bigint | "unbounded" | null;
  }[];
  /** Where it failed: a few of the events that counted, or of those that should have. */
  readonly matching: readonly Fields[];
  readonly nearest: readonly Fields[];
  /** Why it could not be decided. */
  readonly problem: string | null;
}

/** What tracing cost. */
export interface StatsValue {
  readonly type: "stats";
  /** The time that all of this was taken in, in ns. */
  readonly duration_ns: bigint;
  /** Of each program: how often it ran, how long in all (in ns), and how often it did not, because it was running already. */
  readonly programs: readonly {
    readonly program: string;
    readonly runs: bigint;
    readonly run_time_ns: bigint;
    readonly missed: bigint;
  }[];
  /** The tracer's own CPU time, in ns, and the most memory that it has had, in bytes. */
  readonly own_cpu_ns: bigint;
  readonly own_peak_bytes: bigint;
}

/** Everything that can be printed. */
export type Value =
  | HeaderValue
  | AttachedValue
  | EventValue
  | HistValue
  | MapValue
  | LostValue
  | StatusValue
  | ExpectValue
  | StatsValue
  | SummaryValue;

/** Whether a value shows that something happened: an event, or a report that is not empty. */
export function showsSomething(value: Value): boolean {
  return value.type === "event" ||
    value.type === "hist" && value.buckets.some(({ count }) => count > 0n) ||
    value.type === "map" && value.entries.length > 0;
}
