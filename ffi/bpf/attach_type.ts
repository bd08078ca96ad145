/** What is settled of a program before it is loaded: what it attaches to. */

import { ERRNO } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";
import { type PointerValue, toCString } from "../raw/memory.ts";
import { TRACE_UPROBE_MULTI } from "../raw/uprobe_multi.ts";
import { loadFailure } from "./failure.ts";
import { type NumbersByName, numbersByName } from "./names.ts";
import type { ProgramFunction } from "./attach/extension.ts";

/** What a program of fentry, fexit, fmod_ret, tp_btf or lsm attaches to: a function of the kernel, or of a loaded program. */
export type AttachFunction = string | ProgramFunction;

/** A program that is not loaded. */
interface Unloaded {
  readonly name: string;
  readonly pointer: PointerValue;
}

/**
 * Chooses what a program attaches to, in place of what its section says: `bpf_program__set_attach_target`.
 *
 * @throws {BpfError} E_NO_PROBE where there is no such function
 */
export function setAttachTarget({ name, pointer }: Unloaded, target: AttachFunction): void {
  const [fd, symbol] = typeof target === "string"
    ? [0, target]
    : [target.program.fd, target.function];
  const result = libbpf().bpf_program__set_attach_target(pointer, fd, toCString(symbol));
  if (result === -ERRNO.ESRCH || result === -ERRNO.ENOENT) {
    const place = typeof target === "string" ? "the kernel" : `program ${target.program.name}`;
    throw new BpfError(`choose the target of ${name}`, {
      step: "open",
      code: "E_NO_PROBE",
      cause: `the BTF of ${place} has no function ${symbol}`,
      errno: -result,
    });
  }
  if (result < 0) throw loadFailure(`program ${name} for ${symbol}`, result);
}

/** Chooses what a program is to be attached as: `bpf_program__set_expected_attach_type`. */
export function setExpectedAttachType({ name, pointer }: Unloaded, type: string): void {
  const number = attachTypes().get(type);
  if (number === undefined) {
    throw new RangeError(
      `Cannot attach ${name} as ${type}: there are ${[...attachTypes().keys()].join(", ")}`,
    );
  }
  const result = libbpf().bpf_program__set_expected_attach_type(pointer, number);
  if (result < 0) throw loadFailure(`program ${name} as ${type}`, result);
}

/** The types that can be chosen, by name: `enum bpf_attach_type` without `BPF_`, in lower case. */
function attachTypes(): NumbersByName {
  const known = numbersByName(libbpf().libbpf_bpf_attach_type_str);
  return new Map(known).set("trace_uprobe_multi", TRACE_UPROBE_MULTI);
}
