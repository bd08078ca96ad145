/** Large files of the kernel's. */

import { BpfError } from "../errors.ts";
import { mapForever } from "../raw/mmap.ts";

/**
 * The bytes of a file in /sys that does not change; `undefined` where there is none. Some can be mapped, which copies nothing (BTF
 * since Linux 6.17): reading gives 4096 bytes at a time, and takes milliseconds for megabytes.
 */
export function readKernelFile(path: string): Uint8Array | undefined {
  try {
    return mapForever(path, Deno.statSync(path).size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof BpfError)) throw error;
  }
  try {
    return Deno.readFileSync(path);
  } catch {
    return undefined;
  }
}
