/** The exit statuses: an API that scripts and CI jobs rely on. */

import { BpfError, type ErrorCode } from "../ffi/errors.ts";
import { UsageError } from "./usage.ts";

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

/** The exit status of an error. */
export function statusOf(error: unknown): number {
  if (error instanceof UsageError) return STATUS.usage;
  return error instanceof BpfError ? statusOfCode(error.code) : STATUS.internal;
}
