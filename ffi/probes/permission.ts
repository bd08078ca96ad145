/** Why the kernel does not let this process trace, and how to change that. */

import { ERRNO } from "../errno.ts";
import { BpfError, type ErrorCode } from "../errors.ts";
import { type CapabilityName, missingCapabilities, readEffective } from "../host/capabilities.ts";
import { hasSeccompFilter, isInUserNamespace } from "../host/confinement.ts";
import { readLockdown } from "../host/lockdown.ts";

/** Loading programs, attaching them, and reading tracefs: that belongs to root, who may read it as its owner. */
function needed(): readonly CapabilityName[] {
  const tracing = ["CAP_BPF", "CAP_PERFMON"] as const;
  return Deno.uid() === 0 ? tracing : [...tracing, "CAP_DAC_READ_SEARCH"];
}

/**
 * Looks whether this process has the capabilities that tracing needs, before anything is tried.
 *
 * @throws {BpfError} E_CAPABILITY, naming each that is missing and both ways to give it
 */
export function requireCapabilities(): void {
  const wanted = needed();
  const missing = missingCapabilities(readEffective(), wanted);
  if (missing.length === 0) return;
  const verb = missing.length === 1 ? "is" : "are";
  throw new BpfError("trace", {
    step: "setup",
    code: "E_CAPABILITY",
    cause: `${missing.join(", ")} ${verb} missing`,
    hint: [
      asRoot(),
      `Or give the file the capabilities: sudo setcap ${
        wanted.join(",").toLowerCase()
      }+ep ${Deno.execPath()}`,
    ].join("\n"),
  });
}

function asRoot(): string {
  return `Run it as root: sudo ${Deno.execPath()} …`;
}

/**
 * Tells why a step was not permitted, where this process has the capabilities: lockdown, a container, a policy. Filters
 * of containers may also answer that the kernel has no such system call.
 */
export function explainPermission(error: BpfError): BpfError {
  const hidden = error.errno === ERRNO.ENOSYS && hasSeccompFilter();
  if (error.code !== "E_PERMISSION" && !hidden) return error;
  const { code, cause, hint } = reasonForRefusal();
  return new BpfError(error.message.replace(/^Cannot /, "").replace(/: .*$/s, ""), {
    step: error.step,
    code,
    cause,
    hint,
    log: error.log,
    ...(error.errno === undefined ? {} : { errno: error.errno }),
  });
}

/** Does something; what is not permitted is told as {@linkcode explainPermission} does. */
export function explained<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof BpfError ? explainPermission(error) : error;
  }
}

function reasonForRefusal(): { code: ErrorCode; cause: string; hint: string } {
  if (isInUserNamespace()) {
    return {
      code: "E_PERMISSION",
      cause: "this process is root in its own user namespace only",
      hint: "Run it as root of the machine: outside of rootless containers and of unshare --user",
    };
  }
  if (missingCapabilities(readEffective(), ["CAP_SYS_ADMIN"]).length > 0) {
    return {
      code: "E_CAPABILITY",
      cause: "CAP_SYS_ADMIN is missing, which the kernel wants for this",
      hint: asRoot(),
    };
  }
  const lockdown = readLockdown();
  if (lockdown === "confidentiality") return lockedDown(lockdown);
  if (hasSeccompFilter()) {
    return {
      code: "E_PERMISSION",
      cause: "a seccomp filter, as containers and services have, does not let it through",
      hint: "docker run --security-opt seccomp=unconfined …; in a service: SystemCallFilter=",
    };
  }
  // This mode forbids less: it comes last.
  if (lockdown === "integrity") return lockedDown(lockdown);
  return {
    code: "E_PERMISSION",
    cause: "the kernel did not permit it, although this process has the capabilities",
    hint:
      "See what a policy refused: dmesg | grep -i denied; before Linux 5.11: ulimit -l unlimited",
  };
}

function lockedDown(mode: string): { code: ErrorCode; cause: string; hint: string } {
  return {
    code: "E_LOCKDOWN",
    cause: `the kernel is locked down (${mode})`,
    hint: "Boot without Secure Boot or lockdown=, or use another plan: see --plan list",
  };
}
