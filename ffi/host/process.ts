/** What /proc says of processes. */

import { type Mapping, rangeOf, readMaps } from "./proc_maps.ts";

/** The job control fields of `/proc/PID/stat`. */
export interface JobControl {
  readonly processGroup: number;
  /** The device number of the controlling terminal; 0 for none. */
  readonly terminal: number;
  /** The process group that the terminal's Ctrl-C goes to; -1 for none. */
  readonly foregroundGroup: number;
}

/** Reads `/proc/PID/stat`. The name in it may hold spaces and brackets, so it ends at the last one. */
export function parseJobControl(stat: string): JobControl {
  // After the name: state, parent, group, session, terminal, foreground group.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    processGroup: Number(fields[2]),
    terminal: Number(fields[4]),
    foregroundGroup: Number(fields[5]),
  };
}

/** Whether Ctrl-C on the terminal reaches this process's whole group: then its children got it as well. */
export function isForeground(): boolean {
  const job = parseJobControl(Deno.readTextFileSync("/proc/self/stat"));
  return job.terminal !== 0 && job.foregroundGroup === job.processGroup;
}

/** A pid namespace, as `bpf_get_ns_current_pid_tgid()` wants it. */
export interface PidNamespace {
  readonly dev: bigint;
  readonly ino: bigint;
}

// PROC_PID_INIT_INO: the number of the machine's first pid namespace is part of the ABI.
const FIRST_NAMESPACE = 0xeffffffc;

/** The pid namespace of this process; `undefined` where that is the machine's first one, as outside of containers. */
export function ownPidNamespace(): PidNamespace | undefined {
  const { dev, ino } = Deno.statSync("/proc/self/ns/pid");
  if (ino === null || ino === FIRST_NAMESPACE) return undefined;
  return { dev: BigInt(dev), ino: BigInt(ino) };
}

/** Whether a process, or a thread, of this number is there and has not ended; one that nobody has waited for is a name only. */
export function hasProcess(pid: number): boolean {
  try {
    return !hasEnded(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch (error) {
    // ESRCH is what reading gives where it ends at this very moment.
    return !(error instanceof Deno.errors.NotFound || String(error).includes("os error 3"));
  }
}

/** Whether `/proc/PID/stat` is that of a zombie. */
export function hasEnded(stat: string): boolean {
  return /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

/** A file that a process has mapped. */
export interface MappedFile {
  /** From the root of its mount namespace; there may be another file by now, as after an upgrade. */
  readonly path: string;
  /** Where it is mapped first, as it is called in `/proc/PID/map_files`. */
  readonly range: string;
}

/** Finds the files among mappings, each once: what has no path of its own is no file. */
export function filesAmong(mappings: readonly Mapping[]): MappedFile[] {
  const files = new Map<string, MappedFile>();
  for (const mapping of mappings) {
    const { path } = mapping;
    if (!path.startsWith("/") || files.has(path)) continue;
    files.set(path, { path, range: rangeOf(mapping) });
  }
  return [...files.values()];
}

/** The files that a process has mapped: its program and its libraries. None where it is not ours to look at. */
export function mappedFiles(pid: number): MappedFile[] {
  return filesAmong(readMaps(pid));
}

/** The path by which this process reaches a file that another one has mapped, whatever its root, its mounts, and the file's name now. */
export function pathOfMapped(pid: number, { path, range }: MappedFile): string {
  const mapped = `/proc/${pid}/map_files/${range}`;
  // Following that link takes CAP_SYS_ADMIN, and its name says little.
  if (!isSameFile(mapped, mapped)) return pathSeenBy(pid, path);
  const names = [path, `/proc/${pid}/root${path}`];
  return names.find((name) => isSameFile(name, mapped)) ?? mapped;
}

/** The path by which this process reaches what is at `path` for another one, which may have another root or other mounts. */
export function pathSeenBy(pid: number, path: string): string {
  const through = `/proc/${pid}/root${path}`;
  return isSameFile(path, through) ? path : through;
}

function isSameFile(a: string, b: string): boolean {
  try {
    const [left, right] = [Deno.statSync(a), Deno.statSync(b)];
    return left.dev === right.dev && left.ino === right.ino;
  } catch {
    return false;
  }
}

/** The processes that have a file open, other than this one; those that this process may not look at are passed over. */
export function readersOf(path: string): number[] {
  const pids: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== Deno.pid && hasOpen(pid, path)) pids.push(pid);
  }
  return pids;
}

function hasOpen(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (linkTarget(`${folder}/${name}`) === path) return true;
    }
  } catch {
    // Ended meanwhile, or not ours to look at.
  }
  return false;
}

function linkTarget(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
