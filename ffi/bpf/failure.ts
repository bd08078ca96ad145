/** Errors of libbpf's calls: the error number and the log of the call, made into a {@linkcode BpfError}. */

import { ERRNO, errnoName } from "../errno.ts";
import { BpfError, type BpfErrorParts, type ErrorCode, limitReached } from "../errors.ts";
import { takeLog } from "../raw/log.ts";
import { verifierRefusal } from "./verifier_log.ts";

/**
 * The error of a program or object that did not load. Where rights are missing its code is E_PERMISSION: who knows
 * this process and machine can say more.
 */
export function loadFailure(object: string, result: number): BpfError {
  const log = takeLog();
  const errno = Math.abs(result);
  return new BpfError(`load ${object}`, { step: "load", log, errno, ...loadCause(errno, log) });
}

type Cause = Pick<BpfErrorParts, "code" | "cause"> & Partial<BpfErrorParts>;

function loadCause(errno: number, log: string): Cause {
  const limit = limitReached(log, errno);
  if (limit !== undefined) return limit;
  if (errno === ERRNO.ENOSYS) {
    return { code: "E_LOAD", cause: "the kernel has no system call bpf() (CONFIG_BPF_SYSCALL)" };
  }
  if (/vmlinux BTF|kernel BTF is missing|valid kernel BTF/.test(log)) {
    return {
      code: "E_NO_BTF",
      cause: "the kernel has no BTF in /sys/kernel/btf/vmlinux",
      hint: "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of most distributions are",
    };
  }
  const missing = /failed to find kernel BTF type ID of '([^']+)'/.exec(log) ??
    /'([^']+)' is not found in vmlinux BTF/.exec(log);
  if (missing) return { code: "E_NO_PROBE", cause: `the kernel has no ${missing[1]}` };
  const refusal = verifierRefusal(log);
  // What a program of tp_btf, fentry or fexit sees when it asks for an argument that its event has not.
  if (refusal?.reason.startsWith("invalid bpf_context access")) {
    const cause = `program ${refusal.program} does not fit: its event has other arguments here`;
    return { code: "E_NO_PROBE", cause };
  }
  if (refusal && errno !== ERRNO.EPERM) {
    return {
      code: "E_VERIFIER",
      cause: `the kernel's verifier refused program ${refusal.program}: ${refusal.reason}${
        refusal.source === undefined ? "" : `, at: ${refusal.source}`
      }`,
      hint: "Run it again with -v to see all that the verifier said",
    };
  }
  if (errno === ERRNO.EPERM) return { code: "E_PERMISSION", cause: "the kernel did not permit it" };
  return { code: "E_LOAD", cause: firstLine(log) ?? errnoName(errno) };
}

/** The error of a program that did not attach to `target`. */
export function attachFailure(program: string, target: string, errno: number): BpfError {
  const log = takeLog();
  return new BpfError(`attach ${program} to ${target}`, {
    step: "attach",
    log,
    errno,
    ...limitReached(log, errno) ?? attachCause(target, errno),
  });
}

function attachCause(target: string, errno: number): Cause {
  switch (errno) {
    case ERRNO.ENOENT:
      return { code: "E_NO_PROBE", cause: `the kernel has no ${target}` };
    case ERRNO.EINVAL:
      return { code: "E_NO_PROBE", cause: `${target} is there, but cannot be probed (EINVAL)` };
    case ERRNO.EADDRNOTAVAIL:
      return { code: "E_NO_PROBE", cause: `several functions have the name ${target}` };
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return { code: "E_PERMISSION", cause: `the kernel did not permit it (${errnoName(errno)})` };
    default:
      return { code: "E_ATTACH", cause: errnoName(errno) };
  }
}

/** The error of a program that did not attach to a static probe. libbpf gives no number of its own for "there is none". */
export function usdtFailure(
  program: string,
  { path, provider, name }: { path: string; provider: string; name: string },
  errno: number,
): BpfError {
  const failure = attachFailure(program, `usdt:${path}:${provider}:${name}`, errno);
  const isMissing = errno === ERRNO.ENOENT || failure.log.includes("no USDT notes section");
  if (!isMissing) return failure;
  return new BpfError(`attach ${program} to ${provider}:${name}`, {
    step: "attach",
    code: "E_NO_PROBE",
    cause: `${path} has no USDT probe ${provider}:${name}`,
    log: failure.log,
    errno,
  });
}

/** The error of a map operation. */
export function mapFailure(action: string, result: number): BpfError {
  const errno = Math.abs(result);
  const code: ErrorCode = errno === ERRNO.EPERM ? "E_PERMISSION" : "E_MAP";
  const reason = limitReached("", errno) ?? { code, cause: errnoName(errno) };
  return new BpfError(action, { step: "read", errno, ...reason });
}

/** The error of something used after it was closed. */
export function closed(what: string): BpfError {
  return new BpfError(`use ${what}`, { step: "read", code: "E_CLOSED", cause: "it is closed" });
}

function firstLine(log: string): string | undefined {
  const line = log.split("\n")[0]?.trim();
  return line ? line : undefined;
}
