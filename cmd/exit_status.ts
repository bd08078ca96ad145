/** The exit statuses: an API that scripts and CI jobs rely on. */

import { ERRNO } from "../ffi/errno.ts";
import { BpfError, type ErrorCode, isLimit } from "../ffi/errors.ts";
import { UsageError } from "./usage.ts";
import { OutputError } from "./writer.ts";
import { VmError, type VmErrorKind } from "./vm/vm_error.ts";

/** What each status means. */
export const STATUS = {
  done: 0,
  expectation: 1,
  usage: 2,
  permission: 3,
  noProbe: 4,
  refused: 5,
  lost: 6,
  noLibbpf: 7,
  /** `EX_SOFTWARE`: a mistake in gimlet. */
  internal: 70,
  /** `EX_IOERR`: what was to be told could not be written. */
  output: 74,
  noEvents: 124,
} as const;

/** The codes of the command line itself, beside those of the kernel's refusals. */
type OwnCode =
  | "E_USAGE"
  | "E_SCRIPT"
  | "E_OUTPUT"
  | "E_INTERNAL"
  | "E_VM_BOOT"
  | "E_VM_PANIC"
  | "E_VM_OOPS"
  | "E_VM_HANG"
  | "E_VM_TIMEOUT"
  | "E_VM_NO_QEMU"
  | "E_VM_NO_KERNEL"
  | "E_VM_FILES";

/** All codes that people and programs may read. */
export type ReportedCode = ErrorCode | OwnCode;

const BY_CODE: Readonly<Record<ReportedCode, number>> = {
  E_CAPABILITY: STATUS.permission,
  E_LOCKDOWN: STATUS.permission,
  E_PERMISSION: STATUS.permission,
  E_NO_LIBBPF: STATUS.noLibbpf,
  E_OLD_LIBBPF: STATUS.noLibbpf,
  E_NO_BTF: STATUS.noLibbpf,
  E_NO_CLANG: STATUS.noLibbpf,
  E_NO_TRACEFS: STATUS.noProbe,
  E_TRACING_OFF: STATUS.noProbe,
  E_TRACE_PIPE_BUSY: STATUS.noProbe,
  E_NO_KPROBES: STATUS.noProbe,
  E_NO_PROBE: STATUS.noProbe,
  E_NO_PLAN: STATUS.noProbe,
  E_NO_PROCESS: STATUS.noProbe,
  E_ATTACH: STATUS.noProbe,
  E_UNSUPPORTED: STATUS.noProbe,
  E_VERIFIER: STATUS.refused,
  E_OBJECT: STATUS.refused,
  E_COMPILE: STATUS.refused,
  E_LOAD: STATUS.refused,
  E_LIMIT: STATUS.refused,
  E_MAP: STATUS.refused,
  E_READ: STATUS.refused,
  E_CLOSED: STATUS.refused,
  E_COMMAND: STATUS.usage,
  E_USAGE: STATUS.usage,
  E_SCRIPT: STATUS.usage,
  E_OUTPUT: STATUS.output,
  E_INTERNAL: STATUS.internal,
  // `git bisect run` takes 125 for "cannot be tested", the others for "bad".
  E_VM_BOOT: 120,
  E_VM_PANIC: 121,
  E_VM_OOPS: 122,
  E_VM_HANG: 123,
  E_VM_TIMEOUT: 124,
  E_VM_NO_QEMU: 125,
  E_VM_NO_KERNEL: 125,
  E_VM_FILES: 125,
};

const VM_CODES: Readonly<Record<VmErrorKind, OwnCode>> = {
  "boot": "E_VM_BOOT",
  "panic": "E_VM_PANIC",
  "oops": "E_VM_OOPS",
  "hang": "E_VM_HANG",
  "timeout": "E_VM_TIMEOUT",
  "no-qemu": "E_VM_NO_QEMU",
  "no-kernel": "E_VM_NO_KERNEL",
  "files": "E_VM_FILES",
};

/** The code of whatever was thrown. */
export function codeOf(error: unknown): ReportedCode {
  if (error instanceof BpfError) return error.code;
  if (error instanceof UsageError) return "E_USAGE";
  if (error instanceof OutputError) return "E_OUTPUT";
  if (error instanceof VmError) return VM_CODES[error.kind];
  return isLimit(errnoOf(error)) ? "E_LIMIT" : "E_INTERNAL";
}

/** The number of an error of the system's, which Deno gives by its name. */
function errnoOf(error: unknown): number | undefined {
  const known: Readonly<Record<string, number>> = ERRNO;
  return error instanceof Error && "code" in error ? known[String(error.code)] : undefined;
}

/** The exit status of a code. */
export function statusOfCode(code: ReportedCode): number {
  return BY_CODE[code];
}

/** The exit status of whatever was thrown. */
export function statusOf(error: unknown): number {
  return statusOfCode(codeOf(error));
}
