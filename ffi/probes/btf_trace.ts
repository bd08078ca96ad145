/** Programs that attach by the kernel's BTF: tp_btf, fentry, fexit. */

import { BpfError } from "../errors.ts";
import { exists } from "../host/files.ts";

/** Whether the kernel describes its types and functions. */
export function hasKernelBtf(): boolean {
  return exists("/sys/kernel/btf/vmlinux");
}

/**
 * Looks whether the kernel describes its types and functions.
 *
 * @throws {BpfError} E_NO_BTF
 */
export function requireBtf(): void {
  if (hasKernelBtf()) return;
  throw noKernelBtf();
}

/** Says that the kernel does not describe its types and functions. */
export function noKernelBtf(): BpfError {
  return new BpfError("read the kernel's BTF", {
    step: "load",
    code: "E_NO_BTF",
    cause: "the kernel has no BTF in /sys/kernel/btf/vmlinux",
    hint: "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as those of most distributions are",
  });
}
