/** The kernel's switches and numbers in /proc/sys. */

import { readText } from "./files.ts";

/** The value of a sysctl such as `kernel.kptr_restrict`; `undefined` where it is not there or may not be read. */
export function readSysctl(name: string): string | undefined {
  return readText(sysctlPath(name))?.trim();
}

/** The file of a sysctl. */
export function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll(".", "/")}`;
}
