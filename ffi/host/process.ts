/** What /proc says of processes. */

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
