/** Whom to trace. The kernel's side of it is in `gimlet.bpf.h`: what is filtered out costs no more than the test. */

import type { OpenObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { ownPidNamespace } from "../../ffi/host/process.ts";

/** The filters; an event must pass all that are given. Ids are those of this process's own pid namespace. */
export interface Filters {
  /** A thread: the kernel's pid. */
  readonly pid?: number;
  /** A process: the kernel's tgid. */
  readonly tgid?: number;
  /** A user, by number. */
  readonly uid?: number;
  /** The command's name as the kernel has it: at most 15 bytes. */
  readonly comm?: string;
  /** The id of a cgroup v2, which is the inode number of its folder; its descendants are not part of it. */
  readonly cgroup?: bigint;
}

/** Writes the filters into an object's constants. The tracer itself is never traced. */
export function applyFilters(
  object: OpenObject<Skeleton>,
  { pid = 0, tgid = 0, uid, comm = "", cgroup = 0n }: Filters,
): OpenObject<Skeleton> {
  const namespace = ownPidNamespace();
  return object
    .setGlobal("gimlet_self", Deno.pid)
    .setGlobal("gimlet_pidns_dev", namespace?.dev ?? 0n)
    .setGlobal("gimlet_pidns_ino", namespace?.ino ?? 0n)
    .setGlobal("gimlet_pid", pid)
    .setGlobal("gimlet_tgid", tgid)
    .setGlobal("gimlet_has_uid", uid !== undefined)
    .setGlobal("gimlet_uid", uid ?? 0)
    .setGlobal("gimlet_comm", comm)
    .setGlobal("gimlet_cgroup", cgroup);
}
