/** The kernel's lockdown mode. */

import { mountFs } from "./system.ts";
import { readText } from "./files.ts";

/** `undefined` where the kernel does not tell. */
export type Lockdown = "none" | "integrity" | "confidentiality" | undefined;

/** Reads "none [integrity] confidentiality". */
export function parseLockdown(text: string): Lockdown {
  const match = /\[(none|integrity|confidentiality)\]/.exec(text);
  return match?.[1] as Lockdown;
}

const FILE = "/sys/kernel/security/lockdown";

/** The mode of the running kernel. Where securityfs is not mounted it is mounted, if this process may do that. */
export function readLockdown(): Lockdown {
  const text = readText(FILE);
  if (text !== undefined) return parseLockdown(text);
  try {
    mountFs({ type: "securityfs", target: "/sys/kernel/security" });
  } catch {
    return undefined;
  }
  return parseLockdown(readText(FILE) ?? "");
}
