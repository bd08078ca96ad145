/** Addresses of the kernel: to names, and back. */

import { BpfError } from "../errors.ts";
import { type Kallsyms, readKallsyms } from "../host/kallsyms.ts";
import { type Frame, frameText, type FrameTextOptions } from "./frame.ts";

let known: Kallsyms | undefined;

/** The kernel's symbols, read when they are first asked for. `fresh` reads them again: modules and BPF programs come and go. */
export function kernelSymbols({ fresh = false }: { fresh?: boolean } = {}): Kallsyms {
  if (fresh) known = undefined;
  return known ??= readKallsyms();
}

/** What is known of an address in the kernel. Without a name where the kernel hides its addresses from this process. */
export function kernelFrame(address: bigint): Frame {
  const symbol = kernelSymbols().at(address);
  if (symbol === undefined) return { address, name: undefined, offset: 0, module: undefined };
  const { name, module = "kernel" } = symbol;
  return { address, name, offset: Number(BigInt.asUintN(64, address) - symbol.address), module };
}

/**
 * The function of an address in the kernel, such as `vfs_read`: BCC's `BPF.ksym`. Where none is known, the address in hexadecimal.
 *
 * @example
 * ```ts
 * ksym(0xffffffff813a2b40n, { showOffset: true, showModule: true }); // vfs_read+0x10 [kernel]
 * ```
 */
export function ksym(address: bigint, options: FrameTextOptions = {}): string {
  return frameText(kernelFrame(address), options);
}

/**
 * The address of a symbol of the kernel, the first of its name; `undefined` where there is none: BCC's `BPF.ksymname`.
 *
 * @throws {BpfError} E_PERMISSION where the kernel hides addresses from this process
 */
export function ksymname(name: string): bigint | undefined {
  const symbols = kernelSymbols();
  requireAddresses(symbols);
  const [first] = symbols.find(name);
  return first?.address;
}

/**
 * Looks whether the kernel shows its addresses.
 *
 * @throws {BpfError} E_PERMISSION
 */
export function requireAddresses(symbols: Kallsyms): void {
  if (symbols.hasAddresses) return;
  throw new BpfError("read the kernel's symbols", {
    step: "read",
    code: "E_PERMISSION",
    cause: "/proc/kallsyms shows zeros in place of addresses",
    hint: "Run it as root, and allow it: sysctl kernel.kptr_restrict=1",
  });
}
