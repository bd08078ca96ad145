/** How a virtual machine fails, as opposed to the command that runs in it. */

import { excerpt, type KernelFailure } from "./kernel_log.ts";

/**
 * - `no-qemu`: QEMU is not installed
 * - `no-kernel`: the kernel's file cannot be read
 * - `files`: what the guest is to have cannot be put together
 * - `boot`: PID 1 was not reached, or could not set the guest up
 * - `panic`, `oops`: the kernel said so
 * - `hang`: out of time, and the kernel had complained about a task or a processor that was stuck
 * - `timeout`: out of time, and nothing else
 */
export type VmErrorKind =
  | "no-qemu"
  | "no-kernel"
  | "files"
  | "boot"
  | KernelFailure
  | "timeout";

/** The parts of a {@linkcode VmError}. */
export interface VmErrorParts {
  readonly kind: VmErrorKind;
  /** Why: a sentence without a final period. */
  readonly reason: string;
  /** All that the guest wrote to its console. */
  readonly console?: string;
  /** What the command had written until then. */
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A virtual machine that did not come to the end of its command. Its message shows what the console says of it. */
export class VmError extends Error {
  override readonly name = "VmError";
  readonly kind: VmErrorKind;
  readonly reason: string;
  readonly console: string;
  readonly stdout: string;
  readonly stderr: string;

  constructor(parts: VmErrorParts) {
    const tail = excerpt(parts.console ?? "");
    super(`Cannot run the virtual machine: ${parts.reason}${tail === "" ? "" : `\n${tail}`}`);
    this.kind = parts.kind;
    this.reason = parts.reason;
    this.console = parts.console ?? "";
    this.stdout = parts.stdout ?? "";
    this.stderr = parts.stderr ?? "";
  }
}
