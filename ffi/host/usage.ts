/** What this process has used itself. */

const CLOCK_TICK_NS = 10_000_000n; // USER_HZ is 100 for all that /proc tells, whatever the kernel's own HZ

/** Reads the CPU time of `/proc/PID/stat`, in ns: its own and the kernel's for it; told in steps of 10 ms. */
export function parseCpuTime(stat: string): bigint {
  // The name in it may hold spaces and brackets, so it ends at the last one; then utime and stime are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (BigInt(fields[11]!) + BigInt(fields[12]!)) * CLOCK_TICK_NS;
}

/** Reads the largest resident size so far from `/proc/PID/status`, in bytes. */
export function parsePeakMemory(status: string): bigint {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return BigInt(kib ?? 0) * 1024n;
}

/** The CPU time that this process has used, in ns. */
export function ownCpuTime(): bigint {
  return parseCpuTime(Deno.readTextFileSync("/proc/self/stat"));
}

/** The most memory that this process has had, in bytes. */
export function ownPeakMemory(): bigint {
  return parsePeakMemory(Deno.readTextFileSync("/proc/self/status"));
}
