/** One start of QEMU: from the files of a machine to the report of its guest. */

import { concat } from "../../ffi/wire/concat.ts";
import { diagnose, type Diagnosis } from "./kernel_log.ts";
import { parseReport, type PORTS, type Report } from "./job.ts";
import { type MachineOptions, qemuArguments } from "./qemu_arguments.ts";
import { VmError } from "./vm_error.ts";

/** The program. */
export const QEMU = "qemu-system-x86_64";

/** How to start QEMU. */
export interface BootOptions extends Omit<MachineOptions, "sockets" | "control"> {
  /** A private folder, for sockets. */
  readonly folder: string;
  /** How long PID 1 may take to start, in ms. */
  readonly bootTimeout: number;
  /** How long the guest may run from there, in ms. */
  readonly timeout: number;
  /** Called with what the command writes, as it comes. */
  readonly onStdout?: ((bytes: Uint8Array) => void) | undefined;
  readonly onStderr?: ((bytes: Uint8Array) => void) | undefined;
  /** Called with what the kernel says, as it comes. */
  readonly onConsole?: ((bytes: Uint8Array) => void) | undefined;
  /** Called once when the machine runs: QEMU has opened all of its files. */
  readonly onRunning?: () => void;
  /** Ends QEMU. */
  readonly signal?: AbortSignal | undefined;
}

/** How a start of QEMU ended. */
export interface BootOutcome {
  /** The last report of the guest, if any came. */
  readonly report: Report | undefined;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly console: string;
  /** The time from the start of QEMU to PID 1, to the start of the command, and to the end, in seconds. */
  readonly seconds: { readonly init: number; readonly run: number; readonly total: number };
  /** Which time was up, if one was. */
  readonly expired: "boot" | "run" | undefined;
  /** QEMU's own words. */
  readonly complaint: string;
}

/**
 * Starts a machine and waits for its end. Needs QEMU ≥ 5; QEMU ends when this process does, however it does.
 *
 * @throws {VmError} `no-qemu`
 */
export async function boot(options: BootOptions): Promise<BootOutcome> {
  options.signal?.throwIfAborted();
  await using qemu = await Qemu.start(options);
  return await qemu.outcome();
}

/** What is wrong with an outcome; `undefined` where its command came to its end on a healthy kernel. */
export function failure(outcome: BootOutcome): VmError | undefined {
  const { report, expired } = outcome;
  const diagnosis = diagnose(outcome.console);
  const failed = (kind: VmError["kind"], reason: string) =>
    new VmError({
      kind,
      reason,
      console: outcome.console,
      stdout: decode(outcome.stdout),
      stderr: decode(outcome.stderr),
    });
  if (diagnosis !== undefined && diagnosis.kind !== "hang") return failed(...said(diagnosis));
  if (report?.state === "exit") return undefined;
  if (report?.state === "error") return failed("boot", `the guest reports: ${report.message}`);
  if (diagnosis !== undefined) return failed(...said(diagnosis));
  if (expired === "run") return failed("timeout", "the command did not end in time");
  if (expired === "boot") return failed("boot", "PID 1 did not start in time");
  const words = outcome.complaint.trim();
  return failed("boot", `QEMU ended before the command did${words === "" ? "" : `: ${words}`}`);
}

function said(diagnosis: Diagnosis): [VmError["kind"], string] {
  return [diagnosis.kind, `the kernel says: ${diagnosis.line}`];
}

/** The serial ports, ttyS0 first. */
const PORT_NAMES = ["console", "stdout", "stderr", "reports"] as const satisfies readonly (
  keyof typeof PORTS
)[];

type PortName = typeof PORT_NAMES[number];
type SocketName = PortName | "control";

/**
 * QEMU answers the second one only in its main loop, when the machine is complete.
 *
 * @see https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
const CONTROL_COMMANDS = '{"execute":"qmp_capabilities"}\n{"execute":"query-status"}\n';
const CONTROL_RUNNING = '"status": "running"';

const encoder = new TextEncoder();

/** How long QEMU may take to end after the guest's last report, in ms. */
const GRACE = 5000;

class Qemu implements AsyncDisposable {
  readonly #options: BootOptions;
  readonly #child: Deno.ChildProcess;
  readonly #listeners: ReadonlyMap<SocketName, Deno.UnixListener>;
  readonly #received = new Map<PortName, Uint8Array[]>();
  readonly #started = performance.now();
  readonly #kill = () => this.#end();
  readonly #seconds = { init: NaN, run: NaN };
  #report: Report | undefined;
  #reportText = "";
  #expired: BootOutcome["expired"];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  private constructor(
    options: BootOptions,
    parts: { child: Deno.ChildProcess; listeners: ReadonlyMap<SocketName, Deno.UnixListener> },
  ) {
    this.#options = options;
    this.#child = parts.child;
    this.#listeners = parts.listeners;
    this.#limit(options.bootTimeout, "boot");
    options.signal?.addEventListener("abort", this.#kill);
  }

  static async start(options: BootOptions): Promise<Qemu> {
    const launch = await launcher();
    const listeners = new Map<SocketName, Deno.UnixListener>();
    const path = (name: SocketName) => `${options.folder}/${name}`;
    try {
      for (const name of [...PORT_NAMES, "control"] as const) {
        listeners.set(name, Deno.listen({ transport: "unix", path: path(name) }));
      }
      const [program = "", ...rest] = launch;
      const sockets = { sockets: PORT_NAMES.map(path), control: path("control") };
      const args = [...rest, ...qemuArguments({ ...options, ...sockets })];
      const child = new Deno.Command(program, {
        args,
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      return new Qemu(options, { child, listeners });
    } catch (error) {
      for (const listener of listeners.values()) listener.close();
      throw error;
    }
  }

  /** Waits until QEMU has ended and all it sent is here. */
  async outcome(): Promise<BootOutcome> {
    const complaint = new Response(this.#child.stderr).text();
    const ports = PORT_NAMES.map((name) => this.#receive(name));
    const received = Promise.all([this.#control(), ...ports]);
    received.catch(() => this.#end());
    await this.#child.status;
    this.#ended = true;
    // A port that QEMU never connected to is waited for no longer.
    this.#closeListeners();
    await received;
    this.#options.signal?.throwIfAborted();
    return {
      report: this.#report,
      stdout: this.#bytes("stdout"),
      stderr: this.#bytes("stderr"),
      console: decode(this.#bytes("console")),
      seconds: { ...this.#seconds, total: this.#elapsed() },
      expired: this.#expired,
      complaint: await complaint,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#kill);
    this.#end();
    await this.#child.status;
    this.#closeListeners();
  }

  async #receive(name: PortName): Promise<void> {
    const connection = await this.#connection(name);
    if (connection === undefined) return;
    const chunks: Uint8Array[] = [];
    this.#received.set(name, chunks);
    for await (const chunk of connection.readable) {
      chunks.push(chunk);
      if (name === "stdout") this.#options.onStdout?.(chunk);
      if (name === "stderr") this.#options.onStderr?.(chunk);
      if (name === "console") this.#options.onConsole?.(chunk);
      if (name === "reports") this.#readReports(decode(chunk));
    }
  }

  async #control(): Promise<void> {
    const connection = await this.#connection("control");
    if (connection === undefined) return;
    let text = "";
    try {
      await connection.write(encoder.encode(CONTROL_COMMANDS));
      for await (const chunk of connection.readable) {
        if (text.includes(CONTROL_RUNNING)) continue;
        text += decode(chunk);
        if (text.includes(CONTROL_RUNNING)) this.#options.onRunning?.();
      }
    } catch (error) {
      // QEMU leaves without a goodbye.
      if (!isDisconnection(error)) throw error;
    }
  }

  async #connection(name: SocketName): Promise<Deno.UnixConn | undefined> {
    try {
      return await this.#listeners.get(name)?.accept();
    } catch (error) {
      if (this.#ended) return undefined;
      throw error;
    }
  }

  #readReports(text: string): void {
    const lines = (this.#reportText + text).split("\n");
    this.#reportText = lines.pop() ?? "";
    for (const line of lines) this.#progress(parseReport(line));
  }

  #progress(report: Report): void {
    this.#report = report;
    switch (report.state) {
      case "init":
        this.#seconds.init = this.#elapsed();
        return this.#limit(this.#options.timeout, "run");
      case "run":
        this.#seconds.run = this.#elapsed();
        return;
      case "exit":
      case "error":
        return this.#limit(GRACE);
    }
  }

  #limit(milliseconds: number, expired?: "boot" | "run"): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#expired = expired;
      this.#end();
    }, milliseconds);
  }

  #end(): void {
    if (this.#ended) return;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }

  #closeListeners(): void {
    for (const listener of this.#listeners.values()) {
      try {
        listener.close();
      } catch {
        // Closed before.
      }
    }
  }

  #bytes(name: PortName): Uint8Array {
    return concat(this.#received.get(name) ?? []);
  }

  #elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }
}

let foundLauncher: Promise<readonly string[]> | undefined;

/** The command that starts QEMU so that the kernel ends it when this process ends, even by SIGKILL (prctl(2)). */
function launcher(): Promise<readonly string[]> {
  return foundLauncher ??= findLauncher();
}

async function findLauncher(): Promise<readonly string[]> {
  if (!await runs(QEMU, ["--version"])) {
    throw new VmError({
      kind: "no-qemu",
      reason: `${QEMU} is not installed: apt install qemu-system-x86`,
    });
  }
  const wrapper = ["setpriv", "--pdeathsig", "KILL"];
  // util-linux has it since 2.33, busybox has not.
  return await runs("setpriv", ["--pdeathsig", "KILL", "true"]) ? [...wrapper, QEMU] : [QEMU];
}

async function runs(program: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdin: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isDisconnection(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
