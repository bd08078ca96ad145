/**
 * What the two sides of a virtual machine tell each other: the job, a file in the image that says what to run, and the
 * reports, lines on a serial port that say how far it has come.
 */

import { FormatError } from "../../ffi/errors.ts";

/** Where gimlet lies in the image; the kernel starts it as PID 1. */
export const GUEST_BINARY = "/gimlet";
/** The folder of what only PID 1 uses. */
export const GUEST_FOLDER = "/.gimlet";
/** Where the job lies in the image. */
export const JOB_PATH = `${GUEST_FOLDER}/job.json`;

/** The guest's serial ports. Each carries one thing, in raw mode, so that bytes come out as they were written. */
export const PORTS = {
  console: "/dev/ttyS0",
  stdout: "/dev/ttyS1",
  stderr: "/dev/ttyS2",
  reports: "/dev/ttyS3",
} as const;

/** What the guest is to do. */
export interface Job {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** The command's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The user to run the command as. */
  readonly uid: number;
  /** Paths of the kernel modules in the image, in the order of loading. */
  readonly modules: readonly string[];
  /** Serial numbers of the disks to wait for; disk `disk0` gets the link `/dev/disk0`. */
  readonly disks: readonly string[];
}

/** What the guest says of itself, in this order; the last is `exit` or `error`. */
export type Report =
  /** PID 1 has started. */
  | { readonly state: "init" }
  /** All is set up, the command starts. */
  | { readonly state: "run" }
  /** The command has ended: its exit status (128 and more by a signal), and which signal it was. */
  | { readonly state: "exit"; readonly status: number; readonly signal: string | null }
  /** The guest could not be set up. */
  | { readonly state: "error"; readonly message: string };

/**
 * Reads a job, and checks it.
 *
 * @throws {FormatError} where it is none
 */
export function parseJob(text: string): Job {
  const job = parseObject(text, "job");
  const { command, env, cwd, uid, modules, disks } = job;
  if (
    !isTexts(command) || command.length === 0 || !isTextMap(env) || typeof cwd !== "string" ||
    typeof uid !== "number" || !isTexts(modules) || !isTexts(disks)
  ) {
    throw new FormatError(`Cannot read the virtual machine's job: ${text}`);
  }
  return { command, env, cwd, uid, modules, disks };
}

/**
 * Reads one report.
 *
 * @throws {FormatError} where it is none
 */
export function parseReport(line: string): Report {
  const { state, status, signal, message } = parseObject(line, "report");
  if (state === "init" || state === "run") return { state };
  if (state === "error" && typeof message === "string") return { state, message };
  if (
    state === "exit" && typeof status === "number" &&
    (signal === null || typeof signal === "string")
  ) {
    return { state, status, signal };
  }
  throw new FormatError(`Cannot read the virtual machine's report: ${line}`);
}

function parseObject(text: string, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(`Cannot read the virtual machine's ${what}: it is not JSON: ${text}`);
  }
  if (!isObject(value)) {
    throw new FormatError(`Cannot read the virtual machine's ${what}: it is no object: ${text}`);
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((item) => typeof item === "string");
}
