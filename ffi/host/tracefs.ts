/** Where tracefs is, and what stands in it. */

import { BpfError } from "../errors.ts";
import { exists, isFile, list } from "./files.ts";
import { mountFs } from "./system.ts";

/** Where the kernel wants it. */
const HOME = "/sys/kernel/tracing";

/** Finds the mount points of tracefs in the text of /proc/self/mounts. */
export function parseTracefsMounts(mounts: string): string[] {
  return mounts.split("\n").map((line) => line.split(" "))
    .filter(([, , type]) => type === "tracefs").map(([, path]) => path!);
}

let known: string | undefined;

/**
 * The folder of tracefs. Where it is not mounted it is mounted, if this process may do that.
 *
 * @throws {BpfError} E_NO_TRACEFS
 */
export function tracefsPath(): string {
  if (known === undefined || !exists(`${known}/events`)) known = findTracefs();
  return known;
}

/** The events of a category that can be switched on, sorted; none where there is no such category. */
export function eventsOf(category: string): string[] {
  const folder = `${tracefsPath()}/events/${category}`;
  // The tracers' own, in the category ftrace, have no switch.
  if (!isFile(`${folder}/enable`)) return [];
  return list(folder).filter((name) => name !== "enable" && name !== "filter").sort();
}

function findTracefs(): string {
  // A mount may be hidden by another above it.
  const mounted = parseTracefsMounts(Deno.readTextFileSync("/proc/self/mounts"))
    .find((path) => exists(`${path}/events`));
  if (mounted !== undefined) return mounted;
  try {
    mountFs({ type: "tracefs", target: HOME });
    return HOME;
  } catch (error) {
    throw new BpfError("find tracefs", {
      step: "setup",
      code: "E_NO_TRACEFS",
      cause: "it is not mounted, and cannot be mounted from here",
      hint: `As root: mount -t tracefs tracefs ${HOME}`,
      log: String(error),
    });
  }
}

/** Whether the kernel has a tracepoint. */
export function hasTracepoint(category: string, event: string): boolean {
  return exists(`${tracefsPath()}/events/${category}/${event}/id`);
}
