/** `membarrier(2)`, as far as gimlet needs it. */

import { libc } from "./libc.ts";

const SYS_MEMBARRIER = { x86_64: 324n, aarch64: 283n } as const;
const MEMBARRIER_CMD_GLOBAL = 1;

/**
 * Waits, without stopping this thread, until every BPF program that runs at this moment has ended: an RCU grace period. Programs
 * that may sleep do not count.
 *
 * @returns `false` where this kernel does not do that: it has `nohz_full` CPUs, or a seccomp filter is in the way
 */
export async function programsHaveEnded(): Promise<boolean> {
  const number = SYS_MEMBARRIER[Deno.build.arch];
  return await libc().membarrier(number, MEMBARRIER_CMD_GLOBAL, 0, 0) === 0n;
}
