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

/** Where a program was to be attached, as far as its error tells of it. */
export interface AttachTarget {
  /** As `kprobe:vfs_read`. */
  readonly name: string;
  /** What it takes, as "Linux >= 5.18 with CONFIG_FPROBE": told where the kernel says that it cannot. */
  readonly needs?: string;
  /** Whether a cookie was given, and what that takes. */
  readonly cookie?: { readonly given: boolean; readonly needs: string };
  /** What it means that there is none; that the kernel has no such name, where not given. */
  readonly missing?: string;
  /** What else to try where the target is not there or cannot be probed. */
  readonly hint?: string;
  /** No name that is looked up: that it is not valid does not mean that it is there and cannot be probed. */
  readonly isHook?: boolean;
}

/** The error of a program that did not attach to `target`. */
export function attachFailure(
  program: string,
  target: string | AttachTarget,
  errno: number,
): BpfError {
  const log = takeLog();
  const facts = typeof target === "string" ? { name: target } : target;
  return new BpfError(`attach ${program} to ${facts.name}`, {
    step: "attach",
    log,
    errno,
    ...(facts.hint === undefined ? {} : { hint: facts.hint }),
    ...limitReached(log, errno) ?? attachCause(facts, errno, log),
  });
}

const NOT_SUPPORTED: readonly number[] = [
  ERRNO.EOPNOTSUPP,
  ERRNO.ENOTSUPP,
  ERRNO.ENOPROTOOPT,
  ERRNO.EPROTONOSUPPORT,
  ERRNO.EAFNOSUPPORT,
];

function attachCause(
  { name, needs, cookie, missing, isHook }: AttachTarget,
  errno: number,
  log: string,
): Cause {
  const isRefusal = NOT_SUPPORTED.includes(errno) || errno === ERRNO.E2BIG;
  if (cookie?.given && (isRefusal || (isHook && errno === ERRNO.EINVAL))) {
    const cause = `a cookie needs ${cookie.needs} (${errnoName(errno)})`;
    return { code: "E_UNSUPPORTED", cause };
  }
  if (needs !== undefined && (isRefusal || (isHook && errno === ERRNO.EINVAL))) {
    return { code: "E_UNSUPPORTED", cause: `it needs ${needs} (${errnoName(errno)})` };
  }
  // libbpf's way without perf events of type kprobe is tracefs, and that has no file for them either.
  if (errno === ERRNO.ENOENT && /legacy kprobe event/.test(log)) {
    const cause = "this kernel is built without kprobes (CONFIG_KPROBE_EVENTS)";
    return { code: "E_NO_KPROBES", cause };
  }
  switch (errno) {
    case ERRNO.ENOENT:
      return { code: "E_NO_PROBE", cause: missing ?? `the kernel has no ${name}` };
    case ERRNO.EINVAL:
      if (isHook) break;
      return { code: "E_NO_PROBE", cause: `${name} is there, but cannot be probed (EINVAL)` };
    case ERRNO.EADDRNOTAVAIL:
      return {
        code: "E_NO_PROBE",
        cause: `several functions have the name ${name}`,
        hint: "Attach by address: attachKprobe({ address })",
      };
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return { code: "E_PERMISSION", cause: `the kernel did not permit it (${errnoName(errno)})` };
    case ERRNO.EBUSY:
      // What the kernel says as well of a function that is compiled without a place for ftrace to call from.
      return /^f(entry|exit|mod_ret)\b/.test(name)
        ? { code: "E_ATTACH", cause: "the function is not traceable, or is traced already (EBUSY)" }
        : { code: "E_ATTACH", cause: "something else is attached there (EBUSY)" };
  }
  return { code: "E_ATTACH", cause: errnoName(errno) };
}

/** The error of a program that did not attach to a static probe. libbpf gives no number of its own for "there is none". */
export function usdtFailure(
  program: string,
  { path, provider, name }: { path: string; provider: string; name: string },
  errno: number,
): BpfError {
  const failure = attachFailure(program, `usdt:${path}:${provider}:${name}`, errno);
  if (failure.log.includes("failed to find USDT support BPF maps")) {
    return new BpfError(`attach ${program} to ${provider}:${name}`, {
      step: "attach",
      code: "E_ATTACH",
      cause: "its object lacks the maps for USDT: the C should include <bpf/usdt.bpf.h>",
      log: failure.log,
      errno,
    });
  }
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

/** The error of a pinned link, or of one that was to be pinned. */
export function pinFailure(action: string, path: string, errno: number): BpfError {
  const code = errno === ERRNO.EPERM || errno === ERRNO.EACCES ? "E_PERMISSION" : "E_ATTACH";
  return new BpfError(`${action} ${path}`, {
    step: "attach",
    code,
    cause: errnoName(errno),
    hint: "Pinning needs a mounted bpffs: mount -t bpf bpf /sys/fs/bpf",
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

/** The error of an update that was to make a new entry, or to change an existing one. */
export function mapRefusal(map: string, name: "EEXIST" | "ENOENT"): BpfError {
  const cause = name === "EEXIST" ? "the key is there already" : "there is no such key";
  const action = `set a value in map ${map}`;
  return new BpfError(action, { step: "read", code: "E_MAP", cause, errno: ERRNO[name] });
}

/** The error of something used after it was closed. */
export function closed(what: string): BpfError {
  return new BpfError(`use ${what}`, { step: "read", code: "E_CLOSED", cause: "it is closed" });
}

function firstLine(log: string): string | undefined {
  const line = log.split("\n")[0]?.trim();
  return line ? line : undefined;
}
