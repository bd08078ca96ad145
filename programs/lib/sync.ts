/** The lines of the lessons that time sync(). */

/** Two syncs, close together: `ns` since the first line, `ms` since the sync before. */
export function quickSyncLine(ns: bigint, ms: bigint): string {
  const seconds = (Number(ns) / 1e9).toFixed(2);
  return `At time ${seconds} s: multiple syncs detected, last ${ms} ms ago`;
}

/** The first of all: there is no other one to time it by, and time begins with it. */
export function firstSyncLine(): string {
  return "At time 0.00 s: first sync detected";
}
