/** The exit statuses: an API that scripts and CI jobs rely on. */

import { BpfError, type ErrorCode } from "../ffi/errors.ts";
import { UsageError } from "./usage.ts";
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
  noEvents: 124,
} as const;

const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  E_CAPABILITY: STATUS.permission,
  E_LOCKDOWN: STATUS.permission,
  E_PERMISSION: STATUS.permission,
  E_NO_LIBBPF: STATUS.noLibbpf,
  E_OLD_LIBBPF: STATUS.noLibbpf,
  E_NO_BTF: STATUS.noLibbpf,
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
  E_LOAD: STATUS.refused,
  E_MAP: STATUS.refused,
  E_READ: STATUS.refused,
  E_CLOSED: STATUS.refused,
  E_COMMAND: STATUS.usage,
};

/** The exit status of an error code. */
export function statusOfCode(code: ErrorCode): number {
  return BY_CODE[code];
}

/** How `gimlet vm` ends where its command did not. `git bisect run` takes 125 for "cannot be tested", the others for "bad". */
export const VM_FAILURES: Readonly<Record<VmErrorKind, { code: string; status: number }>> = {
  "boot": { code: "E_VM_BOOT", status: 120 },
  "panic": { code: "E_VM_PANIC", status: 121 },
  "oops": { code: "E_VM_OOPS", status: 122 },
  "hang": { code: "E_VM_HANG", status: 123 },
  "timeout": { code: "E_VM_TIMEOUT", status: 124 },
  "no-qemu": { code: "E_VM_NO_QEMU", status: 125 },
  "no-kernel": { code: "E_VM_NO_KERNEL", status: 125 },
  "files": { code: "E_VM_FILES", status: 125 },
};

/** The exit status of an error. */
export function statusOf(error: unknown): number {
  if (error instanceof UsageError) return STATUS.usage;
  if (error instanceof BpfError) return statusOfCode(error.code);
  return error instanceof VmError ? VM_FAILURES[error.kind].status : STATUS.internal;
}
