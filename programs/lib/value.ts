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
  /** Which value it is. */
  readonly type: "header";
  /** The tool's name. */
  readonly tool: string;
  /** Of gimlet. */
  readonly version: string;
  /** The plan that works here. */
  readonly plan: string;
  /** The kernel's release, as `uname -r` has it. */
  readonly kernel: string;
  /** Add it to a `ts` to get ns since 1970. */
  readonly boot_to_wall_ns: bigint;
}

/** All probes are attached and armed. */
export interface AttachedValue {
  /** Which value it is. */
  readonly type: "attached";
  /** Where programs are attached, as `kprobe:vfs_read`. */
  readonly probes: readonly string[];
}

/** One event. `line` makes the text that a person sees: most consumers want one of the two. */
export interface EventValue {
  /** Which value it is. */
  readonly type: "event";
  /** What is known of it, by name. */
  readonly fields: Fields;
  /** The text that a person sees. */
  readonly line: () => string;
}

/** One bar of a histogram: values from `low` to `high`, both included; `high` is null for "and more". */
export interface Bucket {
  /** The smallest value that is counted here. */
  readonly low: bigint;
  /** The largest one; `null` where there is no end. */
  readonly high: bigint | null;
  /** How many there were. */
  readonly count: bigint;
}

/** A histogram: buckets from the first to the last that is not empty. */
export interface HistValue {
  /** Which value it is. */
  readonly type: "hist";
  /** The map's name. */
  readonly name: string;
  /** Whether buckets are powers of two, or single values. */
  readonly scale: "log2" | "linear";
  /** What is measured, such as `kbytes`. */
  readonly unit: string;
  /** What a person reads above it. */
  readonly title: string;
  /** In ascending order. */
  readonly buckets: readonly Bucket[];
}

/** The entries of a map, in the order in which a person reads them. `header` and `line` make that person's text. */
export interface MapValue {
  /** Which value it is. */
  readonly type: "map";
  /** The map's name. */
  readonly name: string;
  /** Keys and values. */
  readonly entries: readonly { readonly key: Plain; readonly value: Plain }[];
  /** The line above them, where there is one. */
  readonly header: string | undefined;
  /** The text of the entry of that index. */
  readonly line: (index: number) => string;
}

/** Events that were seen and could not be delivered, since the last such value. */
export interface LostValue {
  /** Which value it is. */
  readonly type: "lost";
  /** Why. */
  readonly reason: LossReason;
  /** How many. */
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
  /** Which value it is. */
  readonly type: "status";
  /** `output` belongs to what the tool prints, such as its banner; `note` goes beside it. */
  readonly kind: "output" | "note";
  /** A line, without its newline. */
  readonly text: string;
}

/** What a script prints: text with its own line ends, and the same for machines. */
export interface OutputValue {
  /** Which value it is. */
  readonly type: "output";
  /** What a person reads. */
  readonly text: () => string;
  /** The line of bpftrace's JSON, if it has one. */
  readonly foreign: () => string | undefined;
  /** As this program's own record. */
  readonly value: () => EventValue | MapValue | HistValue | undefined;
  /** Of a map, for expectations: its keys as what they are, not as text. */
  readonly report?: () => MapValue | HistValue | GatheredValue;
}

/** Of a map of a script, for expectations: what it gathered, for each key. */
export interface GatheredValue {
  /** Which value it is. */
  readonly type: "gathered";
  /** The map's name. */
  readonly name: string;
  /** The only key is null where the map has none. */
  readonly entries: readonly { readonly key: Plain; readonly value: Gathered }[];
}

/** A histogram by its buckets, or `stats()` by what they are made of. */
export type Gathered =
  | { readonly kind: "hist"; readonly buckets: readonly Bucket[] }
  | { readonly kind: "stats"; readonly count: bigint; readonly total: bigint };

/** Why tracing ended. */
export type EndReason =
  | "interrupted"
  | "duration"
  | "max-events"
  | "count"
  | "exit"
  | "command"
  | "max-overhead"
  | "dry-run"
  | "process"
  | "stdin-closed"
  | "stdout-closed";

/** Why tracing can end. */
export const END_REASONS: readonly EndReason[] = [
  "interrupted",
  "duration",
  "max-events",
  "count",
  "exit",
  "max-overhead",
  "command",
  "dry-run",
  "process",
  "stdin-closed",
  "stdout-closed",
];

/** The last value. */
export interface SummaryValue {
  /** Which value it is. */
  readonly type: "summary";
  /** How many events were emitted. */
  readonly events: number;
  /** How many were lost. */
  readonly lost: bigint;
  /** From arming to the end, in ns. */
  readonly duration_ns: bigint;
  /** Why it ended. */
  readonly ended_by: EndReason;
}

/** How an expectation came out. */
export interface ExpectValue {
  /** Which value it is. */
  readonly type: "expect";
  /** Its source. */
  readonly expression: string;
  /** Whether it holds. */
  readonly ok: boolean;
  /** What its parts came to; null for nothing, as the largest of no events. */
  readonly seen: readonly {
    readonly expression: string;
    readonly value: number | bigint | "unbounded" | null;
  }[];
  /** Where it failed: a few of the events that counted. */
  readonly matching: readonly Fields[];
  /** Where it failed: a few of those that should have counted. */
  readonly nearest: readonly Fields[];
  /** Why it could not be decided. */
  readonly problem: string | null;
}

/** What tracing cost. */
export interface StatsValue {
  /** Which value it is. */
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
  /** The tracer's own CPU time, in ns. */
  readonly own_cpu_ns: bigint;
  /** The most memory that the tracer has had, in bytes. */
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
  | OutputValue
  | ExpectValue
  | StatsValue
  | SummaryValue;

/** Whether a value shows that something happened: an event, or a report that is not empty. */
export function showsSomething(value: Value): boolean {
  return value.type === "event" || value.type === "output" ||
    value.type === "hist" && value.buckets.some(({ count }) => count > 0n) ||
    value.type === "map" && value.entries.length > 0;
}
