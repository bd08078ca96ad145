/** The kernel's clocks, in ns, exact. */

import { libc, succeeded } from "./libc.ts";

/** The name of a clock: `monotonic` is the one of `bpf_ktime_get_ns()`. */
export type ClockName = "realtime" | "monotonic" | "boottime" | "tai";

const CLOCK: Readonly<Record<ClockName, number>> = {
  realtime: 0,
  monotonic: 1,
  boottime: 7,
  tai: 11,
};

/** `clock_gettime(2)`, in ns. */
export function clockNow(name: ClockName): bigint {
  const time = new BigInt64Array(2);
  succeeded("clock_gettime", libc().clock_gettime(CLOCK[name], time));
  return time[0]! * 1_000_000_000n + time[1]!;
}
