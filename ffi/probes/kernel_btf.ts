/** The BTF of the running kernel and of its modules. */

import { copyKernelBtf } from "../bpf/btf_info.ts";
import { type Btf, parseBtf } from "../btf/btf.ts";
import { readKernelFile } from "../host/kernel_file.ts";

const FOLDER = "/sys/kernel/btf";

/** The kernel's own types; `undefined` where it has no BTF. */
export function readKernelBtf(): Btf | undefined {
  const bytes = readKernelFile(`${FOLDER}/vmlinux`, { copy: copyKernelBtf });
  return bytes && parseBtf(bytes);
}

/** The types of a loaded module, behind those of the kernel; `undefined` where it has none. */
export function readModuleBtf(module: string, base: Btf): Btf | undefined {
  const bytes = readKernelFile(`${FOLDER}/${module}`);
  return bytes && parseBtf(bytes, { base });
}

/** The loaded modules that have types. */
export function modulesWithBtf(): string[] {
  try {
    return Array.from(Deno.readDirSync(FOLDER), ({ name }) => name)
      .filter((name) => name !== "vmlinux").sort();
  } catch {
    return [];
  }
}
