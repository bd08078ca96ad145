/** Large files of the kernel's. */

import { BpfError } from "../errors.ts";
import { mapForever } from "../raw/mmap.ts";

/** How to have the bytes of a file at once, where it cannot be mapped. */
export interface ReadKernelFileOptions {
  readonly copy?: () => Uint8Array | undefined;
}

/**
 * The bytes of a file in /sys that does not change; `undefined` where there is none. Some can be mapped, which copies nothing (BTF
 * since Linux 6.17): reading gives 4096 bytes at a time, and takes milliseconds for megabytes. So what else gives the same is asked
 * before that.
 */
export function readKernelFile(
  path: string,
  { copy }: ReadKernelFileOptions = {},
): Uint8Array | undefined {
  try {
    return mapForever(path, Deno.statSync(path).size);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!(error instanceof BpfError)) throw error;
  }
  try {
    return copy?.() ?? Deno.readFileSync(path);
  } catch {
    return undefined;
  }
}
