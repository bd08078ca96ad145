/** What helps against what the doctor finds. */

import type { BpfError } from "../../ffi/errors.ts";
import type { Feature } from "../../programs/doctor/features.ts";
import type { ProbeType } from "../../programs/doctor/trials.ts";
import { ERROR_HELP } from "../error_help.ts";

/** What helps against an error: what it says itself, or else what usually helps. Lines. */
export function fixOf({ hint, code }: BpfError): string {
  return hint ?? (code === "E_NO_KPROBES" ? NEEDS_KPROBES : ERROR_HELP[code].fixes[0]!);
}

/** What helps where a type of probe does not work. */
export function probeTypeFix(type: ProbeType, error: BpfError): string {
  return type === "hardware" && error.code === "E_NO_PROBE" ? NEEDS_COUNTERS : fixOf(error);
}

const NEEDS_KPROBES =
  "Boot a kernel built with CONFIG_KPROBE_EVENTS=y, or use a tracepoint: gimlet list --why PROBE";
const NEEDS_COUNTERS =
  "Give the virtual machine counters (QEMU: -cpu host,pmu=on), or sample by profile or software events";

/** What helps where a feature is not there. */
export function featureFix({ kind, available }: Feature): string | undefined {
  if (available !== false) return undefined;
  return kind === "libbpf_function"
    ? "Install a newer libbpf, or name one: GIMLET_LIBBPF=/path/to/libbpf.so.1"
    : "Boot another kernel: this one is too old, was built without it, or refuses it when locked down";
}
