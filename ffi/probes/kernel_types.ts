/** Questions about the types of the running kernel: what its structs and enums have. */

import type { Btf, BtfOf } from "../btf/btf.ts";
import { unqualifiedType } from "../btf/btf.ts";
import { noKernelBtf } from "./btf_trace.ts";
import { readKernelBtf } from "./kernel_btf.ts";

let known: Btf | undefined;

/**
 * Whether a struct or union of the running kernel has a field, also one of an unnamed struct or union inside: BCC's
 * `kernel_struct_has_field`. `false` where there is no such struct.
 *
 * @example
 * ```ts
 * // As root:
 * kernelHasField("task_struct", "__state"); // true since Linux 5.14
 * ```
 * @throws {BpfError} E_NO_BTF
 */
export function kernelHasField(struct: string, field: string): boolean {
  const btf = kernelTypes();
  const type = btf.find(struct, "struct", "union");
  return type !== undefined && hasField(btf, type, field);
}

/**
 * Whether an enum of the running kernel has a value of this name: BCC's `kernel_enum_has_val`. `false` where there is no such enum.
 *
 * @throws {BpfError} E_NO_BTF
 */
export function kernelHasEnumerator(name: string, enumerator: string): boolean {
  const type = kernelTypes().find(name, "enum");
  return type?.values.some(({ name }) => name === enumerator) ?? false;
}

function hasField(btf: Btf, { members }: BtfOf<"struct" | "union">, field: string): boolean {
  return members.some(({ name, type }) => {
    if (name !== "") return name === field;
    const inside = unqualifiedType(btf, type);
    return (inside.kind === "struct" || inside.kind === "union") && hasField(btf, inside, field);
  });
}

/**
 * The types of the running kernel, read once.
 *
 * @throws {BpfError} E_NO_BTF
 */
export function kernelTypes(): Btf {
  known ??= readKernelBtf();
  if (known === undefined) throw noKernelBtf();
  return known;
}
