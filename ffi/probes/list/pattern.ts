/** Patterns of probes, as bpftrace's `-l` takes them: `kprobe:vfs_*`, `t:sched:*`, `uprobe:/bin/bash:*read*`, `*switch*`. */

/** The types of probes that are listed, in bpftrace's words and order. */
export const LISTED_TYPES = [
  "fentry",
  "fexit",
  "hardware",
  "interval",
  "iter",
  "kprobe",
  "kretprobe",
  "profile",
  "rawtracepoint",
  "software",
  "syscall",
  "tracepoint",
  "uprobe",
  "uretprobe",
  "usdt",
] as const;

/** A type of probes. */
export type ListedType = typeof LISTED_TYPES[number];

/** bpftrace's short names, and the older ones. */
const ALIASES: Readonly<Record<string, ListedType>> = {
  f: "fentry",
  fr: "fexit",
  h: "hardware",
  i: "interval",
  it: "iter",
  k: "kprobe",
  kr: "kretprobe",
  kfunc: "fentry",
  kretfunc: "fexit",
  p: "profile",
  rt: "rawtracepoint",
  s: "software",
  t: "tracepoint",
  tp: "tracepoint",
  u: "uprobe",
  ur: "uretprobe",
  U: "usdt",
};

/** Types that are listed only where a pattern names them: each is another way to see the same, or asks for a program. */
const ASKED_ONLY: readonly ListedType[] = [
  ...["fexit", "interval", "kretprobe", "profile", "syscall", "uretprobe"] as const,
];

/** What is looked for. */
export interface ProbePattern {
  readonly types: readonly ListedType[];
  /** Whether the types were named, and not found by a wildcard. */
  readonly named: boolean;
  /** What stands behind the type, parted at the colons; `["*"]` for all. */
  readonly parts: readonly string[];
}

/**
 * Reads patterns with commas between. A pattern without a type is looked for among all of them.
 *
 * @throws {SyntaxError} where the type is not known
 */
export function parsePatterns(text: string): ProbePattern[] {
  return splitPatterns(text).map((each) => each.trim()).filter((each) => each !== "")
    .map(parsePattern);
}

function parsePattern(text: string): ProbePattern {
  const [head = "", ...parts] = splitParts(text);
  const named = typeNamed(head);
  if (named !== undefined) {
    return { types: [named], named: true, parts: parts.length === 0 ? ["*"] : parts };
  }
  if (parts.length === 0) return { types: common(), named: false, parts: [head] };
  if (!hasWildcard(head)) {
    throw new SyntaxError(
      `Cannot read "${text}": there is no probe type "${head}"; known are ${
        LISTED_TYPES.join(", ")
      }`,
    );
  }
  const matches = glob(head);
  return { types: common().filter(matches), named: false, parts };
}

function typeNamed(name: string): ListedType | undefined {
  return LISTED_TYPES.find((type) => type === name) ?? ALIASES[name];
}

function common(): ListedType[] {
  return LISTED_TYPES.filter((type) => !ASKED_ONLY.includes(type));
}

/** Splits at commas, but not inside of `[…]`. */
function splitPatterns(text: string): string[] {
  return text.split(/,(?![^[]*\])/);
}

/** Splits at colons; two of them belong to a C++ name. */
function splitParts(text: string): string[] {
  return text.split(/(?<!:):(?!:)/);
}

/** `struct task_struct`, `enum bpf_*` */
export const TYPE_PATTERN = /^(struct|union|enum)\s+(\S+)$/;

/** Whether a pattern asks for types, not for probes: `struct task_struct`, `enum bpf_*`. */
export function isTypePattern(pattern: string): boolean {
  return TYPE_PATTERN.test(pattern.trim());
}

/** Whether a text has one of `*`, `?` and `[…]`. */
export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whether a pattern matches every name. */
export function isAll(pattern: string): boolean {
  return /^\*+$/.test(pattern);
}

/** Makes the test of a pattern: `*` is any text, `?` one character, `[a-c]` one of some, `[!a]` one of the others. */
export function glob(pattern: string): (text: string) => boolean {
  if (isAll(pattern)) return () => true;
  if (!hasWildcard(pattern)) return (text) => text === pattern;
  const source = pattern.replace(
    /\*+|\?|\[(!?)([^\]]+)\]|[^]/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
      if (part.startsWith("*")) return "[^]*?";
      return part === "?" ? "[^]" : part.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
    },
  );
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

/**
 * Makes the test of the parts of a pattern: as many as a name has match one by one; a single one matches the last part of the name, or all
 * of it.
 */
export function matcher(parts: readonly string[]): (name: string) => boolean {
  const whole = glob(parts.join(":"));
  if (parts.length > 1) return whole;
  return (name) => whole(name) || whole(name.slice(name.lastIndexOf(":") + 1));
}
