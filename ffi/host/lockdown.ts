/** The kernel's lockdown mode. */

/** `undefined` where the kernel does not tell. */
export type Lockdown = "none" | "integrity" | "confidentiality" | undefined;

/** Reads "none [integrity] confidentiality". */
export function parseLockdown(text: string): Lockdown {
  const match = /\[(none|integrity|confidentiality)\]/.exec(text);
  return match?.[1] as Lockdown;
}

/** The mode of the running kernel. Needs securityfs. */
export function readLockdown(): Lockdown {
  try {
    return parseLockdown(Deno.readTextFileSync("/sys/kernel/security/lockdown"));
  } catch {
    return undefined;
  }
}
