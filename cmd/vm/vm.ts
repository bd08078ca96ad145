/** Runs one command in a virtual machine with a kernel of choice, as root, with all that a tracer needs. */

import { messageOf } from "../../ffi/errors.ts";
import { cpioChunks } from "./cpio.ts";
import { imageEntries, type ImageFile } from "./initramfs.ts";
import { boot, type BootOutcome, failure } from "./qemu.ts";
import type { Accelerator, Disk, DiskImage } from "./qemu_arguments.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { VmError } from "./vm_error.ts";

/** What to run, and in what. */
export interface VmOptions {
  /** The kernel: a bzImage, or a vmlinux that can boot by PVH. */
  readonly kernel: string;
  /** `tcg` where not given; where a machine with `kvm` does not boot in time, it is started again with `tcg`. */
  readonly accel?: Accelerator;
  /** Its modules to load, .ko files, compressed or not, in the order of loading. */
  readonly modules?: readonly string[];
  /** The gimlet binary; the guest has it as `/gimlet`. */
  readonly binary: string;
  /** Files for the guest, at the same place where no target is given; the libraries that they need come along. */
  readonly files?: readonly (string | ImageFile)[];
  /** Libraries that are opened while running, by name or path; libbpf.so.1 where not given. */
  readonly libraries?: readonly string[];
  /** The folder of an unpacked system to take the libraries from, in place of the host. */
  readonly libraryRoot?: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Its environment, beside PATH, HOME and TERM. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory, `/` where not given. */
  readonly cwd?: string;
  /** The user that it runs as, 0 where not given. */
  readonly uid?: number;
  /** Empty disks: the guest has the first as `/dev/disk0`. */
  readonly disks?: readonly Disk[];
  /** In MiB, 1024 where not given; less than 384 does not hold a compiled binary. */
  readonly memory?: number;
  /** Processors, 2 where not given. */
  readonly cpus?: number;
  /** How long the guest may run after it has booted, in seconds; 60 where not given. */
  readonly timeout?: number;
  /** How long it may take to boot, in seconds; 20 where not given, more on a machine under load. */
  readonly bootTimeout?: number;
  /** How often it is started again when it has not booted in time; 2 where not given. */
  readonly retries?: number;
  /** More words for the kernel's command line. */
  readonly kernelArguments?: readonly string[];
  /** Called with what the command writes, as it comes. */
  readonly onStdout?: (bytes: Uint8Array) => void;
  readonly onStderr?: (bytes: Uint8Array) => void;
  /** Called with what the kernel says, as it comes. */
  readonly onConsole?: (bytes: Uint8Array) => void;
  /**
   * Ends the machine. Where there is none, SIGINT, SIGTERM and SIGHUP end it, and then this process as they would have
   * done without it.
   */
  readonly signal?: AbortSignal;
}

/** How long things took, in seconds from the start of QEMU. */
export interface VmTimes {
  /** PID 1 started. */
  readonly init: number;
  /** The command started. */
  readonly run: number;
  /** QEMU had ended. */
  readonly total: number;
}

/** How the command ended. */
export interface VmResult {
  /** Its exit status, 128 and more where a signal ended it. */
  readonly status: number;
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The same, byte for byte. */
  readonly stdoutBytes: Uint8Array;
  readonly stderrBytes: Uint8Array;
  /** What the kernel wrote to its console. */
  readonly console: string;
  readonly seconds: VmTimes;
  /** How often it was started: more than 1 where it had not booted in time. */
  readonly starts: number;
}

const LIBRARIES = ["libbpf.so.1"];

const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/",
  HOME: "/root",
  TERM: "dumb",
};

/**
 * Boots a kernel under QEMU and runs one command there. It takes two to three seconds beside the command, emulated.
 * Nothing of it is left behind.
 *
 * @example
 * ```ts
 * // Takes a kernel:
 * const result = await runVm({
 *   kernel: "/boot/vmlinuz",
 *   binary: "dist/gimlet",
 *   files: ["/bin/sh"],
 *   command: ["sh", "-c", "echo hello"],
 * });
 * console.log(result.status);
 * ```
 *
 * @throws {VmError} where the command did not come to its end; see its `kind`
 */
export async function runVm(options: VmOptions): Promise<VmResult> {
  requireKernel(options.kernel);
  using interruption = new Interruption(options.signal);
  const retries = options.retries ?? 2;
  for (let starts = 1;; starts++) {
    using folder = new TemporaryFolder();
    interruption.cleanUp = () => folder.remove();
    const accel = starts === 1 ? options.accel ?? "tcg" : "tcg";
    const outcome = await start({ ...options, accel }, { folder, signal: interruption.signal });
    const again = outcome.expired === "boot" && starts <= retries;
    if (!again) return result(outcome, starts);
  }
}

function start(
  options: VmOptions,
  means: { folder: TemporaryFolder; signal: AbortSignal },
): Promise<BootOutcome> {
  const { folder } = means;
  const disks = (options.disks ?? []).map((disk, i) => makeDisk(disk, `${folder.path}/disk${i}`));
  const initramfs = `${folder.path}/initramfs`;
  try {
    writeImage(initramfs, options, disks.map((disk) => disk.serial));
  } catch (error) {
    throw new VmError({ kind: "files", reason: messageOf(error) });
  }
  return boot({
    folder: folder.path,
    accel: options.accel ?? "tcg",
    kernel: options.kernel,
    initramfs,
    disks,
    memory: options.memory ?? 1024,
    cpus: options.cpus ?? 2,
    kernelArguments: options.kernelArguments ?? [],
    bootTimeout: 1000 * (options.bootTimeout ?? 20 * slowness()),
    timeout: 1000 * (options.timeout ?? 60),
    onStdout: options.onStdout,
    onStderr: options.onStderr,
    onConsole: options.onConsole,
    // QEMU needs the names no longer: whatever happens from now on, nothing is left behind.
    onRunning: () => folder.remove(),
    signal: means.signal,
  });
}

function writeImage(path: string, options: VmOptions, disks: readonly string[]): void {
  const entries = imageEntries({
    binary: options.binary,
    files: options.files ?? [],
    libraries: options.libraries ?? LIBRARIES,
    modules: options.modules ?? [],
    ...(options.libraryRoot !== undefined && { libraryRoot: options.libraryRoot }),
    job: {
      command: options.command,
      env: { ...ENVIRONMENT, ...options.env },
      cwd: options.cwd ?? "/",
      uid: options.uid ?? 0,
      disks,
    },
  });
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (const chunk of cpioChunks(entries)) writeAll(file, chunk);
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** A sparse file: it takes no room until the guest writes. */
function makeDisk(disk: Disk, path: string): DiskImage {
  Deno.writeFileSync(path, new Uint8Array(0), { createNew: true });
  Deno.truncateSync(path, disk.size);
  return { ...disk, path, serial: path.slice(path.lastIndexOf("/") + 1) };
}

function result(outcome: BootOutcome, starts: number): VmResult {
  const error = failure(outcome);
  if (error !== undefined) throw error;
  const { report, stdout, stderr } = outcome;
  if (report?.state !== "exit") throw new Error("unreachable: no failure, and no exit status");
  const decoder = new TextDecoder();
  return {
    status: report.status,
    signal: report.signal,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    stdoutBytes: stdout,
    stderrBytes: stderr,
    console: outcome.console,
    seconds: outcome.seconds,
    starts,
  };
}

function requireKernel(path: string): void {
  let reason: string;
  try {
    using file = Deno.openSync(path);
    if (file.statSync().isFile) return;
    reason = "it is not a file";
  } catch (error) {
    reason = messageOf(error);
  }
  throw new VmError({ kind: "no-kernel", reason: `no kernel at ${path}: ${reason}` });
}

/** How many times slower than alone this machine is now: the processes that wait for each of its processors. */
function slowness(): number {
  const [load = 0] = Deno.loadavg();
  return Math.max(1, load / navigator.hardwareConcurrency);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns the caller's wish to stop, or a signal where the caller has none, into the end of the machine. */
class Interruption implements Disposable {
  readonly signal: AbortSignal;
  /** What to remove before a signal ends this process. */
  cleanUp: () => void = () => {};
  readonly #handlers = new Map<Deno.Signal, () => void>();

  constructor(signal: AbortSignal | undefined) {
    if (signal !== undefined) {
      this.signal = signal;
      return;
    }
    const controller = new AbortController();
    this.signal = controller.signal;
    for (const name of SIGNALS) {
      const handler = () => {
        controller.abort(new Error(`Stopped by ${name}`));
        this.cleanUp();
        this[Symbol.dispose]();
        Deno.kill(Deno.pid, name);
      };
      this.#handlers.set(name, handler);
      Deno.addSignalListener(name, handler);
    }
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) Deno.removeSignalListener(name, handler);
    this.#handlers.clear();
  }
}
