/** What a process has mapped: /proc/PID/maps. */

import { readText } from "./files.ts";

/** One mapping. Addresses and offsets are in bytes; user space lies below 2^53. */
export interface Mapping {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
  /** `r-xp` */
  readonly permissions: string;
  /** Where in its file it begins. */
  readonly offset: number;
  /** `major:minor` of the file's device, and the file's number there: together they name it. */
  readonly device: string;
  readonly inode: number;
  /** From the root of the process's mount namespace, or `[vdso]`, `[heap]`, `//anon`; empty for anonymous memory. */
  readonly path: string;
  /** The file has been removed or replaced since. */
  readonly deleted: boolean;
}

const LINE = /^([\da-f]+)-([\da-f]+) (\S+) ([\da-f]+) (\S+) (\d+)(?: +(.*))?$/;
const DELETED = " (deleted)";

/** Reads the text of /proc/PID/maps, in the order of the addresses. */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    const [, start, end, permissions, offset, device, inode, name = ""] = LINE.exec(line) ?? [];
    if (start === undefined) continue;
    const deleted = name.endsWith(DELETED);
    mappings.push({
      start: parseInt(start, 16),
      end: parseInt(end!, 16),
      permissions: permissions!,
      offset: parseInt(offset!, 16),
      device: device!,
      inode: Number(inode),
      path: deleted ? name.slice(0, -DELETED.length) : name,
      deleted,
    });
  }
  return mappings;
}

/** The mappings of a process; none where it has ended, or is not ours to look at. */
export function readMaps(pid: number): Mapping[] {
  return parseMaps(readText(`/proc/${pid}/maps`) ?? "");
}

/** Where a mapping is found below /proc/PID/map_files. */
export function rangeOf({ start, end }: Mapping): string {
  return `${start.toString(16)}-${end.toString(16)}`;
}
