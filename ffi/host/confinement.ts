/** What holds this process in, beside its capabilities: what containers and services do. */

const SECCOMP_MODE_FILTER = "2";
/** `/proc/self/uid_map` of the first user namespace: every user is who it is. */
const WHOLE_MAP = ["0", "0", "4294967295"];

/** Reads the line `Seccomp:` of `/proc/PID/status`: whether a filter looks at each system call. */
export function parseSeccompFilter(status: string): boolean {
  return /^Seccomp:\t(\d)/m.exec(status)?.[1] === SECCOMP_MODE_FILTER;
}

/** Reads `/proc/PID/uid_map`: whether it is that of a user namespace other than the machine's first. */
export function parseUserNamespace(uidMap: string): boolean {
  return uidMap.trim().split(/\s+/).join() !== WHOLE_MAP.join();
}

/** The first pid namespace of a machine: the kernel gives it this number (`PROC_PID_INIT_INO`). */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/** Whether this process is in a pid namespace other than the machine's first: its numbers are not the kernel's. */
export function isInPidNamespace(): boolean {
  return Deno.readLinkSync("/proc/self/ns/pid") !== FIRST_PID_NAMESPACE;
}

/** Whether a seccomp filter looks at each system call of this process. */
export function hasSeccompFilter(): boolean {
  return parseSeccompFilter(Deno.readTextFileSync("/proc/self/status"));
}

/** Whether this process is in a user namespace, where capabilities are worth nothing to most of the kernel. */
export function isInUserNamespace(): boolean {
  return parseUserNamespace(Deno.readTextFileSync("/proc/self/uid_map"));
}
