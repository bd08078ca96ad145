/** What a probe's name means: `tracepoint:sched:sched_switch`, `interval:s:1`. */

import type { UsdtArgument } from "../../ffi/elf/usdt.ts";
import { NANOSECONDS } from "./lexer.ts";
import type { Diagnostics, Span } from "./source.ts";

/** Where a program goes. */
export type Attachment =
  | { readonly kind: "begin" | "end" }
  | TracepointPlace
  | RawTracepointPlace
  /** Once for each of the kernel's objects of one kind. */
  | { readonly kind: "iter"; readonly iterator: string }
  /** When gimlet itself is sent a signal. */
  | { readonly kind: "signal"; readonly signal: string }
  /** When memory is read, written or executed. */
  | {
    readonly kind: "watchpoint";
    /** A number, a symbol of the kernel, or what a function of the traced program is given. */
    readonly address: bigint | string | WatchedArgument;
    readonly length: number;
    readonly access: WatchedAccess;
    /** Who calls the function goes on meanwhile: `asyncwatchpoint`. */
    readonly async: boolean;
  }
  | { readonly kind: "interval"; readonly nanoseconds: bigint }
  | { readonly kind: "profile"; readonly nanoseconds: bigint | undefined; readonly hertz: number }
  | { readonly kind: "software"; readonly event: string; readonly count: number }
  | { readonly kind: "hardware"; readonly event: string; readonly count: number }
  | {
    readonly kind: "kprobe" | "kretprobe";
    readonly symbol: string;
    readonly module: string;
    readonly offset: number;
  }
  | { readonly kind: "fentry" | "fexit"; readonly symbol: string; readonly module: string }
  | {
    readonly kind: "uprobe" | "uretprobe";
    readonly path: string;
    readonly symbol: string;
    /** The name is one of C++, without its parameters. */
    readonly cpp: boolean;
    readonly offset: number;
  }
  | {
    readonly kind: "usdt";
    readonly path: string;
    readonly group: string;
    readonly name: string;
    /** Where it stands in the file: known once it was looked for. */
    readonly places: readonly UsdtPlace[];
    /** Where its arguments are; the same at all of these places. */
    readonly args: readonly UsdtArgument[];
  };

/** A tracepoint. */
export interface TracepointPlace {
  readonly kind: "tracepoint";
  readonly category: string;
  readonly event: string;
  /** Where that is seen through the raw tracepoint of all system calls. */
  readonly syscall?: SyscallPlace;
}

/** A raw tracepoint. */
export interface RawTracepointPlace {
  readonly kind: "rawtracepoint";
  readonly event: string;
  /** The kernel is to know what its arguments are: then some helpers take them. */
  readonly byBtf?: true;
}

/** One of the system calls that pass a raw tracepoint. */
export interface SyscallPlace {
  readonly direction: "enter" | "exit";
  readonly number: number;
}

/** An argument of a function of the traced program, which is an address: that is known when it is called. */
export interface WatchedArgument {
  readonly symbol: string;
  readonly index: number;
}

/** What is done to memory: any of `r` and `w`, or `x`. */
export type WatchedAccess = "r" | "w" | "rw" | "x";

/** A place of a static probe in a file, in bytes. */
export interface UsdtPlace {
  readonly offset: number;
  /** The counter of those who watch it. */
  readonly counterOffset?: number;
}

/** The provider of a probe. */
export type ProviderName = Attachment["kind"];

interface Provider {
  readonly kind: ProviderName;
  /** What it is like, for those who wrote it otherwise. */
  readonly example: string;
  /** From the words behind its name; undefined where they make no sense. */
  readonly read: (words: readonly string[]) => Attachment | undefined;
}

/** The units that a probe may name before the number; any of time may stand behind it. */
const UNITS: readonly string[] = ["s", "ms", "us", "ns"];
/** In ns. */
const SHORTEST_PERIOD = 1000n;

const SOFTWARE_COUNTS: Readonly<Record<string, number>> = {
  "cpu-clock": 1_000_000,
  "cpu": 1_000_000,
  "task-clock": 1_000_000,
  "page-faults": 100,
  "faults": 100,
  "context-switches": 1000,
  "cs": 1000,
  "cpu-migrations": 1,
  "minor-faults": 100,
  "major-faults": 1,
  "alignment-faults": 1,
  "emulation-faults": 1,
  "dummy": 1,
  "bpf-output": 1,
};

const HARDWARE_COUNTS: Readonly<Record<string, number>> = {
  "cpu-cycles": 1_000_000,
  "cycles": 1_000_000,
  "instructions": 1_000_000,
  "cache-references": 1_000_000,
  "cache-misses": 1_000_000,
  "branch-instructions": 100_000,
  "branches": 100_000,
  "branch-misses": 100_000,
  "bus-cycles": 100_000,
  "frontend-stalls": 1_000_000,
  "backend-stalls": 1_000_000,
  "ref-cycles": 1_000_000,
};

const PROVIDERS: ReadonlyMap<string, Provider> = new Map<string, Provider>([
  ...many(["BEGIN", "begin"], {
    kind: "begin",
    example: "BEGIN",
    read: (words) => words.length === 0 ? { kind: "begin" } : undefined,
  }),
  ...many(["END", "end"], {
    kind: "end",
    example: "END",
    read: (words) => words.length === 0 ? { kind: "end" } : undefined,
  }),
  ...many(["tracepoint", "t"], {
    kind: "tracepoint",
    example: "tracepoint:sched:sched_switch",
    read: ([category, event, ...more]) =>
      category && event && more.length === 0 ? { kind: "tracepoint", category, event } : undefined,
  }),
  ...many(["rawtracepoint", "rt"], {
    kind: "rawtracepoint",
    example: "rawtracepoint:sched_switch",
    read: (words) => {
      const event = words.at(-1);
      return event && words.length <= 2 ? { kind: "rawtracepoint", event } : undefined;
    },
  }),
  ...many(["interval", "i"], {
    kind: "interval",
    example: "interval:s:1",
    read: (words) => {
      const period = readPeriod(words);
      if (period === undefined) return undefined;
      return { kind: "interval", nanoseconds: period.nanoseconds ?? fromHertz(period.hertz) };
    },
  }),
  ...many(["profile", "p"], {
    kind: "profile",
    example: "profile:hz:99",
    read: (words) => {
      const period = readPeriod(words);
      return period && { kind: "profile", ...period };
    },
  }),
  ...many(["software", "s"], {
    kind: "software",
    example: "software:page-faults:100",
    read: (words) => readCounter("software", SOFTWARE_COUNTS, words),
  }),
  ...many(["hardware", "h"], {
    kind: "hardware",
    example: "hardware:cache-misses:1000000",
    read: (words) => readCounter("hardware", HARDWARE_COUNTS, words),
  }),
  ...many(["iter", "it"], {
    kind: "iter",
    example: "iter:task",
    read: ([iterator, ...more]) =>
      iterator && more.length === 0 ? { kind: "iter", iterator } : undefined,
  }),
  ...many(["self"], {
    kind: "signal",
    example: "self:signal:SIGUSR1",
    read: ([what, signal, ...more]) =>
      what === "signal" && signal && more.length === 0 ? { kind: "signal", signal } : undefined,
  }),
  ...many(["watchpoint", "w"], watchProvider(false)),
  ...many(["asyncwatchpoint", "aw"], watchProvider(true)),
  ...many(["kprobe", "k"], functionProvider("kprobe")),
  ...many(["kretprobe", "kr"], functionProvider("kretprobe")),
  ...many(["fentry", "kfunc", "f"], traceProvider("fentry")),
  ...many(["fexit", "kretfunc", "fr"], traceProvider("fexit")),
  ...many(["uprobe", "u"], userProvider("uprobe")),
  ...many(["uretprobe", "ur"], userProvider("uretprobe")),
  ...many(["usdt", "U"], {
    kind: "usdt",
    example: "usdt:/usr/bin/python3:python:function__entry",
    read: (words) => {
      const [path, group, name] = words.length === 2 ? [words[0], "", words[1]] : words;
      return path && name && words.length <= 3
        ? { kind: "usdt", path, group: group ?? "", name, places: [], args: [] }
        : undefined;
    },
  }),
]);

/** Those that bpftrace has and gimlet has not. */
const UNSUPPORTED: readonly string[] = ["test", "bench"];

/** The names of all providers, long and short. */
export const PROVIDER_NAMES: readonly string[] = [...PROVIDERS.keys()];

/** Reads a probe's name; what cannot be read is noted, and `undefined`. */
export function readAttachPoint(
  text: string,
  span: Span,
  { diagnostics, suggest }: {
    diagnostics: Diagnostics;
    suggest: (name: string, known: readonly string[]) => string;
  },
): Attachment | undefined {
  const [name = "", ...words] = splitAttachPoint(text);
  const provider = PROVIDERS.get(name);
  if (provider === undefined) {
    if (UNSUPPORTED.includes(name)) diagnostics.unsupported(span, `${name} probes`);
    else diagnostics.error(span, `Invalid probe type: ${name}`, suggest(name, PROVIDER_NAMES));
    return undefined;
  }
  const attachment = provider.read(words);
  if (attachment === undefined) {
    diagnostics.error(span, `Cannot read probe ${text}`, `It should be like ${provider.example}`);
  }
  return attachment;
}

/** The words between colons; `::` belongs to a C++ name, and quotes keep anything together. */
export function splitAttachPoint(text: string): string[] {
  const words = [""];
  let inQuotes = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"') inQuotes = !inQuotes;
    else if (char !== ":" || inQuotes) words[words.length - 1] += char;
    else if (text[i + 1] === ":") {
      words[words.length - 1] += "::";
      i++;
    } else words.push("");
  }
  return words;
}

/** The name of a probe in full, as `probe` has it. */
export function probeName(attachment: Attachment, text: string): string {
  if (attachment.kind === "begin") return "BEGIN";
  if (attachment.kind === "end") return "END";
  const [spelled, ...words] = splitAttachPoint(text);
  switch (attachment.kind) {
    case "fentry":
    case "fexit": {
      const isOld = spelled === "kfunc" || spelled === "kretfunc";
      const provider = isOld ? spelled : attachment.kind;
      return [provider, attachment.module || "vmlinux", attachment.symbol].join(":");
    }
    case "signal":
      return ["self", ...words].join(":");
    case "watchpoint":
      return [attachment.async ? "asyncwatchpoint" : "watchpoint", ...words].join(":");
    default:
      return [attachment.kind, ...words].join(":");
  }
}

/** The name of one of the places that a wildcard stands for. */
export function attachmentName(attachment: Attachment): string {
  switch (attachment.kind) {
    case "kprobe":
    case "kretprobe":
    case "fentry":
    case "fexit":
      return `${attachment.kind}:${inModule(attachment)}`;
    case "uprobe":
    case "uretprobe":
      return `${attachment.kind}:${attachment.path}:${attachment.symbol}`;
    case "tracepoint":
      return `tracepoint:${attachment.category}:${attachment.event}`;
    case "iter":
      return `iter:${attachment.iterator}`;
    case "usdt":
      return `usdt:${attachment.path}:${attachment.group}:${attachment.name}`;
    default:
      return attachment.kind;
  }
}

/** A function of the kernel, with its module where that is known. */
export function inModule({ module, symbol }: KernelPlace): string {
  return module === "" ? symbol : `${module}:${symbol}`;
}

/** A function of the kernel or of a module; without a module it may be in any. */
export interface KernelPlace {
  readonly module: string;
  readonly symbol: string;
}

function many(names: readonly string[], provider: Provider): (readonly [string, Provider])[] {
  return names.map((name) => [name, provider] as const);
}

/** `s:1`, `hz:99`, or a duration: `100ms`, `1000000`. */
function readPeriod(
  words: readonly string[],
): { nanoseconds: bigint | undefined; hertz: number } | undefined {
  if (words.length === 1) return readDuration(words[0]!);
  const [unit = "", count = ""] = words;
  if (words.length !== 2 || !/^[1-9]\d*$/.test(count)) return undefined;
  if (unit === "hz") return { nanoseconds: undefined, hertz: Number(count) };
  if (!UNITS.includes(unit)) return undefined;
  return { nanoseconds: NANOSECONDS[unit]! * BigInt(count), hertz: 0 };
}

function readDuration(word: string): { nanoseconds: bigint; hertz: number } | undefined {
  const [, count, unit = "ns"] = /^(\d+)([a-z]+)?$/.exec(word) ?? [];
  const each = NANOSECONDS[unit];
  if (count === undefined || each === undefined) return undefined;
  const nanoseconds = BigInt(count) * each;
  return nanoseconds < SHORTEST_PERIOD ? undefined : { nanoseconds, hertz: 0 };
}

function fromHertz(hertz: number): bigint {
  return 1_000_000_000n / BigInt(hertz);
}

function readCounter(
  kind: "software" | "hardware",
  counts: Readonly<Record<string, number>>,
  [event = "", count = "", ...more]: readonly string[],
): Attachment | undefined {
  const usual = counts[event];
  if (usual === undefined || more.length > 0 || !/^\d*$/.test(count)) return undefined;
  return { kind, event, count: count === "" ? usual : Number(count) };
}

/** The processor watches as many bytes as this at once. */
const WATCHED_LENGTHS: readonly number[] = [1, 2, 4, 8];
const ACCESSES: readonly WatchedAccess[] = ["r", "w", "rw", "x"];

function watchProvider(async: boolean): Provider {
  return {
    kind: "watchpoint",
    example: "watchpoint:0x10000000:8:rw",
    read: (words) => readWatchpoint(words, async),
  };
}

function readWatchpoint(
  [place = "", length, mode = "", ...more]: readonly string[],
  async: boolean,
): Attachment | undefined {
  const access = ACCESSES.find((each) => each === [...mode].sort().join(""));
  const bytes = Number(length);
  if (!WATCHED_LENGTHS.includes(bytes) || access === undefined || more.length > 0) return undefined;
  const watched = { kind: "watchpoint", length: bytes, access, async } as const;
  const [, symbol, index] = /^([\w.]+)\+arg(\d)$/.exec(place) ?? [];
  if (symbol !== undefined) return { ...watched, address: { symbol, index: Number(index) } };
  if (/^(?:0x[0-9a-fA-F]+|\d+)$/.test(place)) return { ...watched, address: BigInt(place) };
  return /^\w+$/.test(place) ? { ...watched, address: place } : undefined;
}

function functionProvider(kind: "kprobe" | "kretprobe"): Provider {
  return {
    kind,
    example: `${kind}:vfs_read`,
    read: (words) => {
      const [module, target] = words.length === 1 ? ["", words[0]!] : words;
      const [, symbol, offset] = /^([^+]+)(?:\+(0x[0-9a-fA-F]+|\d+))?$/.exec(target ?? "") ?? [];
      if (symbol === undefined || words.length > 2) return undefined;
      if (kind === "kretprobe" && offset !== undefined) return undefined;
      return { kind, module: module ?? "", symbol, offset: Number(offset ?? 0) };
    },
  };
}

function traceProvider(kind: "fentry" | "fexit"): Provider {
  return {
    kind,
    example: `${kind}:vfs_read`,
    read: (words) => {
      const [module, symbol] = words.length === 1 ? ["", words[0]] : words;
      return symbol && words.length <= 2 ? { kind, module: module ?? "", symbol } : undefined;
    },
  };
}

function userProvider(kind: "uprobe" | "uretprobe"): Provider {
  return {
    kind,
    example: `${kind}:/bin/bash:readline`,
    read: (words) => {
      const [path, ...rest] = words;
      // In between there may be the language of the symbol: uprobe:FILE:cpp:NAME
      const cpp = rest.length === 2 && rest[0] === "cpp";
      const target = cpp ? rest[1] : rest[0];
      if (!path || !target || rest.length > 2) return undefined;
      const [, symbol = "", offset] =
        /^(.*?)(?:\+(0x[0-9a-fA-F]+|\d+))?$/.exec(target.replace(/^(?=0x|\d)/, "+")) ?? [];
      if (kind === "uretprobe" && offset !== undefined) return undefined;
      return { kind, path, symbol, cpp, offset: Number(offset ?? 0) };
    },
  };
}
