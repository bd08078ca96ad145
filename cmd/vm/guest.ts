/**
 * The other side of `gimlet vm`: what gimlet does as PID 1 of the virtual machine. It mounts what a tracer needs, loads
 * the modules, runs the one command of its job, reports how that ended, and switches the machine off.
 */

import { messageOf } from "../../ffi/errors.ts";
import { isFile } from "../../ffi/host/files.ts";
import {
  drain,
  loadModule,
  loopbackUp,
  type Mount,
  mountFs,
  powerOff,
  setRaw,
} from "../../ffi/host/system.ts";
import { GUEST_BINARY, type Job, JOB_PATH, parseJob, PORTS, type Report } from "./job.ts";

/** Nothing works without these. */
const NEEDED: readonly Mount[] = [
  { type: "proc", target: "/proc" },
  { type: "sysfs", target: "/sys" },
  { type: "devtmpfs", target: "/dev" },
];

/** A kernel may lack these; the command finds out. */
const WANTED: readonly Mount[] = [
  { type: "tracefs", target: "/sys/kernel/tracing" },
  { type: "debugfs", target: "/sys/kernel/debug" },
  { type: "bpf", target: "/sys/fs/bpf" },
  { type: "cgroup2", target: "/sys/fs/cgroup" },
];

/** Probing for disks goes on beside everything else. */
const DISK_WAIT = { total: 10_000, step: 20 } as const;

/** As a shell has them. */
const STATUS = { notExecutable: 126, notFound: 127 } as const;

/** Whether this process is PID 1 of a virtual machine that {@linkcode runVm} made (and not, say, of a container). */
export function isGuestInit(): boolean {
  return Deno.pid === 1 && Deno.execPath() === GUEST_BINARY && isFile(JOB_PATH);
}

/** Does the guest's job, then switches the machine off. What goes wrong is reported too. */
export async function runGuest(): Promise<never> {
  try {
    NEEDED.forEach(mountFs);
    // One report now, so that the host knows that the kernel is up: what follows can take a while.
    [PORTS.stdout, PORTS.stderr, PORTS.reports].forEach(setRaw);
    report({ state: "init" });
    const job = parseJob(Deno.readTextFileSync(JOB_PATH));
    await prepare(job);
    report({ state: "run" });
    report(await run(job));
  } catch (error) {
    complain(error);
    report({ state: "error", message: messageOf(error) });
  }
  await drain(PORTS.reports);
  powerOff("restart");
}

async function prepare(job: Job): Promise<void> {
  for (const mount of WANTED) attempt(() => mountFs(mount));
  attempt(loopbackUp);
  for (const module of job.modules) loadModule(module);
  await linkDisks(job.disks);
}

/** Runs the command and waits until all that it wrote has left the machine. */
async function run(job: Job): Promise<Report> {
  using stdout = Deno.openSync(PORTS.stdout, { write: true });
  using stderr = Deno.openSync(PORTS.stderr, { write: true });
  const started = start(job);
  if (!(started instanceof Deno.ChildProcess)) {
    await stderr.write(new TextEncoder().encode(`gimlet vm: ${started.message}\n`));
    await drain(PORTS.stderr);
    return { state: "exit", status: started.status, signal: null };
  }
  // What the command left behind holds its pipes open: as in a container, it ends with the command.
  const ended = started.status.then((status) => {
    attempt(() => Deno.kill(-1, "SIGKILL"));
    return status;
  });
  const [status] = await Promise.all([
    ended,
    started.stdout.pipeTo(stdout.writable, { preventClose: true }),
    started.stderr.pipeTo(stderr.writable, { preventClose: true }),
  ]);
  await drain(PORTS.stdout);
  await drain(PORTS.stderr);
  return { state: "exit", status: status.code, signal: status.signal };
}

function start(job: Job): Deno.ChildProcess | { status: number; message: string } {
  const [program = "", ...args] = job.command;
  // A folder that is missing would look like a program that is missing.
  Deno.chdir(job.cwd);
  try {
    return new Deno.Command(program, {
      args,
      env: job.env,
      clearEnv: true,
      cwd: job.cwd,
      uid: job.uid,
      gid: job.uid,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    const status = error instanceof Deno.errors.NotFound ? STATUS.notFound : STATUS.notExecutable;
    const why = status === STATUS.notFound ? "no such program" : messageOf(error);
    return { status, message: `Cannot run ${program}: ${why}` };
  }
}

/** Waits for each disk and links it by its serial number: which is nvme0n1 and which is nvme1n1 changes. */
async function linkDisks(serials: readonly string[]): Promise<void> {
  for (const serial of serials) {
    Deno.symlinkSync(`/dev/${await findDisk(serial)}`, `/dev/${serial}`);
  }
}

async function findDisk(serial: string): Promise<string> {
  for (let waited = 0; waited < DISK_WAIT.total; waited += DISK_WAIT.step) {
    for (const { name } of Deno.readDirSync("/sys/block")) {
      if (diskSerial(name) === serial) return name;
    }
    await new Promise((resolve) => setTimeout(resolve, DISK_WAIT.step));
  }
  throw new Error(`Cannot find the disk ${serial}: is its driver's module among the modules?`);
}

function diskSerial(name: string): string | undefined {
  // virtio-blk has it at the disk, NVMe at the disk's device, padded with blanks.
  for (const path of [`/sys/block/${name}/serial`, `/sys/block/${name}/device/serial`]) {
    try {
      return Deno.readTextFileSync(path).trim();
    } catch {
      // The other place, or none: a disk of another kind.
    }
  }
  return undefined;
}

function report(value: Report): void {
  Deno.writeTextFileSync(PORTS.reports, JSON.stringify(value) + "\n", { create: false });
}

function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    complain(error);
  }
}

/** On the console, which the host shows with every failure. */
function complain(error: unknown): void {
  console.error(`gimlet vm: ${messageOf(error)}`);
}
