/** What this process may do: its effective capabilities, as /proc/self/status tells them. Never its user id. */

/** The capabilities that tracing needs, and their bits (`linux/capability.h`). */
export const CAPABILITY = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

/** The name of a capability. */
export type CapabilityName = keyof typeof CAPABILITY;

/** Finds the effective set in the text of `/proc/PID/status`; empty where it is not there. */
export function parseEffective(status: string): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(status);
  return match ? BigInt(`0x${match[1]}`) : 0n;
}

/** Those of `wanted` that a set does not hold. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in the kernel. */
export function missingCapabilities(
  effective: bigint,
  wanted: readonly CapabilityName[],
): CapabilityName[] {
  const holds = (name: CapabilityName) => (effective >> BigInt(CAPABILITY[name]) & 1n) === 1n;
  const implied = (name: CapabilityName) =>
    (name === "CAP_BPF" || name === "CAP_PERFMON") && holds("CAP_SYS_ADMIN");
  return wanted.filter((name) => !holds(name) && !implied(name));
}

/** This process's effective set. */
export function readEffective(): bigint {
  return parseEffective(Deno.readTextFileSync("/proc/self/status"));
}
