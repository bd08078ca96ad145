/** Reads what a kernel's console says about its own end. */

/** How a kernel ends, or stops. */
export type KernelFailure = "panic" | "oops" | "hang";

/** What went wrong with a kernel. */
export interface Diagnosis {
  readonly kind: KernelFailure;
  /** The kernel's own line, without its time. */
  readonly line: string;
}

/** In this order: an oops that became a panic is an oops. */
const SIGNS: readonly { readonly kind: KernelFailure; readonly pattern: RegExp }[] = [
  { kind: "oops", pattern: /\bOops: |BUG: kernel |BUG: unable |kernel BUG at |general protection/ },
  { kind: "panic", pattern: /Kernel panic - not syncing/ },
  {
    kind: "hang",
    pattern: /soft lockup|hard LOCKUP|detected stalls|self-detected stall|blocked for more than/,
  },
];

/** How much of a console an error shows, in lines. */
const EXCERPT = { before: 10, total: 30 } as const;

/** Looks for an oops, a panic or a lock-up, in this order; `undefined` where there is none. */
export function diagnose(console: string): Diagnosis | undefined {
  return find(linesOf(console))?.diagnosis;
}

/** The lines of a console around what went wrong, or its last ones. */
export function excerpt(console: string): string {
  const lines = linesOf(console.trimEnd());
  const at = find(lines)?.at;
  const start = at === undefined ? lines.length - EXCERPT.total : at - EXCERPT.before;
  const from = Math.max(0, start);
  return lines.slice(from, from + EXCERPT.total).join("\n");
}

function linesOf(console: string): string[] {
  return console.split(/\r*\n/);
}

function find(lines: readonly string[]): { at: number; diagnosis: Diagnosis } | undefined {
  for (const { kind, pattern } of SIGNS) {
    const at = lines.findIndex((line) => pattern.test(line));
    const line = lines[at];
    if (line !== undefined) {
      return { at, diagnosis: { kind, line: line.replace(/^\[[^\]]*\]\s*/, "") } };
    }
  }
  return undefined;
}
