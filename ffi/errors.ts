/**
 * The errors of everything below the command line.
 *
 * Each has four parts: the `step` that failed, its `cause` (a sentence made from the error number, the step and what the
 * kernel says of itself), a `hint` (what to do about it: a command where there is one) and the `log` (libbpf's and
 * the verifier's own words). Their `code` is stable: scripts and `gimlet help CODE` rely on it.
 */

import { ERRNO } from "./errno.ts";

/** What the program was doing when it failed. */
export type Step = "setup" | "compile" | "open" | "load" | "attach" | "read" | "command";

/** The stable codes. */
export type ErrorCode =
  | "E_CAPABILITY"
  | "E_LOCKDOWN"
  | "E_PERMISSION"
  | "E_NO_LIBBPF"
  | "E_OLD_LIBBPF"
  | "E_NO_BTF"
  | "E_NO_TRACEFS"
  | "E_TRACING_OFF"
  | "E_TRACE_PIPE_BUSY"
  | "E_NO_KPROBES"
  | "E_NO_PROBE"
  | "E_NO_PLAN"
  | "E_NO_PROCESS"
  | "E_ATTACH"
  | "E_UNSUPPORTED"
  | "E_VERIFIER"
  | "E_OBJECT"
  | "E_COMPILE"
  | "E_NO_CLANG"
  | "E_LOAD"
  | "E_MAP"
  | "E_READ"
  | "E_LIMIT"
  | "E_COMMAND"
  | "E_CLOSED";

/** The parts of a {@linkcode BpfError}. */
export interface BpfErrorParts {
  /** What was being done. */
  readonly step: Step;
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Why: a sentence without a final period. */
  readonly cause: string;
  /** What to do: one suggestion a line, each with a command where there is one. */
  readonly hint?: string;
  /** The words of libbpf and of the kernel, as they came. */
  readonly log?: string;
  /** The error number of the failed call, positive, where there was one. */
  readonly errno?: number;
}

/** Something that the kernel, libbpf or this machine refused. Its message is `Cannot …: cause`. */
export class BpfError extends Error {
  /** `BpfError`, or that of a more special one. */
  override readonly name: string = "BpfError";
  /** What was being done. */
  readonly step: Step;
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Why: a sentence without a final period. */
  override readonly cause: string;
  /** What to do: one suggestion a line; `undefined` where there is none. */
  readonly hint: string | undefined;
  /** The words of libbpf and of the kernel, as they came; often empty. */
  readonly log: string;
  /** The error number of the failed call, positive, where there was one. */
  readonly errno: number | undefined;

  /** `action` completes "Cannot …": "load program on_clone". */
  constructor(action: string, parts: BpfErrorParts) {
    super(`Cannot ${action}: ${parts.cause}`);
    this.step = parts.step;
    this.code = parts.code;
    this.cause = parts.cause;
    this.hint = parts.hint;
    this.log = parts.log ?? "";
    this.errno = parts.errno;
  }
}

const LIMITS: readonly number[] = [ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.ENOMEM];
// Words of libc, and of libbpf where the kernel would not even make the small map that it tries the kernel with.
const LIMIT_WORDS = /Too many open files|Cannot allocate memory|is referenced but wasn't created/;

/** Whether an error number says that this process or machine has run out of open files or memory. */
export function isLimit(errno = 0): boolean {
  return LIMITS.includes(errno);
}

/** Why something failed, where this process or machine has run out of open files or memory. */
export function limitReached(
  log: string,
  errno?: number,
): Pick<BpfErrorParts, "code" | "cause" | "hint"> | undefined {
  const [words] = LIMIT_WORDS.exec(log) ?? [];
  if (words === undefined && !isLimit(errno)) return undefined;
  const isMemory = words?.startsWith("Cannot") || errno === ERRNO.ENOMEM;
  return {
    code: "E_LIMIT",
    cause: isMemory ? "there is not enough memory" : "too many files are open, or maps exist",
    hint: isMemory
      ? "Raise the limit: ulimit -l unlimited; in a container or a service its memory limit"
      : "Raise the limit: ulimit -n 1024",
  };
}

/** Bytes that are not what they should be: a broken ELF file, BTF, cache or recording. */
export class FormatError extends Error {
  /** `FormatError` */
  override readonly name = "FormatError";
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
