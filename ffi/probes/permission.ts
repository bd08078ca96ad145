/** Why the kernel does not let this process trace, and how to change that. */

import { BpfError, type ErrorCode } from "../errors.ts";
import { type CapabilityName, missingCapabilities, readEffective } from "../host/capabilities.ts";
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

/** Tells why a step was not permitted, where this process has the capabilities: lockdown, a container, a policy. */
export function explainPermission(error: BpfError): BpfError {
  if (error.code !== "E_PERMISSION") return error;
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

function reasonForRefusal(): { code: ErrorCode; cause: string; hint: string } {
  if (missingCapabilities(readEffective(), ["CAP_SYS_ADMIN"]).length > 0) {
    return {
      code: "E_CAPABILITY",
      cause: "CAP_SYS_ADMIN is missing, which the kernel wants for this",
      hint: asRoot(),
    };
  }
  const lockdown = readLockdown();
  if (lockdown === "integrity" || lockdown === "confidentiality") {
    return {
      code: "E_LOCKDOWN",
      cause: `the kernel is locked down (${lockdown})`,
      hint: "Boot without Secure Boot or lockdown=, or use another plan: see --plan list",
    };
  }
  return {
    code: "E_PERMISSION",
    cause: "the kernel did not permit it, although this process has the capabilities",
    hint:
      "Look for lockdown, a seccomp filter, or a user namespace: containers need --cap-add and seccomp=unconfined",
  };
}
