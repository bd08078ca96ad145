/** Lines of the kernel's trace_pipe, which `bpf_printk()` writes to. */

/** A line, taken apart. */
export interface TraceLine {
  /** The name of the thread that printed it, at most 15 bytes. */
  readonly comm: string;
  /** The kernel's pid (user space says thread id). */
  readonly pid: number;
  /** The CPU that it ran on. */
  readonly cpu: number;
  /** Latency flags such as `...1.` (irqs off, need resched, in irq, preempt depth, migrate disable). */
  readonly flags: string;
  /** ns on the trace clock, which counts from boot; the kernel prints µs. */
  readonly ts: bigint;
  /** The text after the caller's address or name. */
  readonly message: string;
}

/** The kernel's word that a CPU's buffer was overwritten before it was read. */
export interface LostLines {
  /** The CPU that it ran on. */
  readonly cpu: number;
  readonly lost: number;
}

// "            bash-13364   [002] d...1 24573433.052937: bpf_trace_printk: Hello"
// The name may hold spaces, dashes and brackets, so it ends at the last dash with a pid; kernels that record process ids put
// "(  123)" or "(-----)" behind; old ones write ": " or "0x00000001: " in place of the event's name.
const LINE =
  /^\s*(?<comm>.*)-(?<pid>\d+)\s+(?:\([ \d-]+\)\s+)?\[(?<cpu>\d+)\]\s+(?<flags>\S+)\s+(?<sec>\d+)\.(?<usec>\d{6}):\s(?<text>.*)$/s;
const CALLER = /^(?:[^\s:]*:\s?)/;
const LOST = /^CPU:(?<cpu>\d+) \[LOST (?<lost>\d+) EVENTS\]$/;

/** Takes a line apart; `undefined` for one that is no event (a lost-events line, a header, an empty one). */
export function parseTraceLine(line: string): TraceLine | undefined {
  const groups = LINE.exec(line)?.groups;
  if (groups === undefined) return undefined;
  const { comm, pid, cpu, flags, sec, usec, text } = groups as Record<string, string>;
  return {
    comm: comm!,
    pid: Number(pid),
    cpu: Number(cpu),
    flags: flags!,
    ts: BigInt(sec!) * 1_000_000_000n + BigInt(usec!) * 1_000n,
    message: text!.replace(CALLER, ""),
  };
}

/** Reads `CPU:1 [LOST 23 EVENTS]`; `undefined` for any other line. */
export function parseLostLine(line: string): LostLines | undefined {
  const groups = LOST.exec(line)?.groups;
  return groups && { cpu: Number(groups["cpu"]), lost: Number(groups["lost"]) };
}

/** Finds "now ts: 581.086082" in a CPU's `stats` file: the trace clock, in ns. */
export function parseTraceClock(stats: string): bigint | undefined {
  const match = /^now ts:\s*(\d+)\.(\d{6})$/m.exec(stats);
  return match ? BigInt(match[1]!) * 1_000_000_000n + BigInt(match[2]!) * 1_000n : undefined;
}
