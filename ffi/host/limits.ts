/** The limits of this process. */

/** A limit: a number with its unit's meaning, or "unlimited". */
export interface Limit {
  readonly soft: string;
  readonly hard: string;
}

/** Finds a limit such as `Max locked memory` in the text of `/proc/PID/limits`. */
export function parseLimit(limits: string, name: string): Limit | undefined {
  const line = limits.split("\n").find((line) => line.startsWith(`${name} `));
  const [soft, hard] = line?.slice(name.length).trim().split(/\s+/) ?? [];
  return soft === undefined || hard === undefined ? undefined : { soft, hard };
}
