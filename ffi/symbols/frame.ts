/** What is known of an address, and how it is written. */

/** An address in code. Kernel and user space have the same shape. */
export interface Frame {
  /** As the processor has it. */
  readonly address: bigint;
  /** The function's name; `undefined` where none is known. */
  readonly name: string | undefined;
  /** In bytes from the function's start; 0 where there is no name. */
  readonly offset: number;
  /** The file that the code comes from, a module of the kernel, or `kernel`; `undefined` where none is known. */
  readonly module: string | undefined;
}

/** How much a {@linkcode frameText} tells. */
export interface FrameTextOptions {
  /** Adds `+0x1f`. */
  readonly showOffset?: boolean;
  /** Adds the last part of the module's path in brackets. */
  readonly showModule?: boolean;
}

/** Writes a frame as BCC does: `vfs_read+0x10 [kernel]`; where it has no name, the address. */
export function frameText(
  { address, name, offset, module }: Frame,
  { showOffset = false, showModule = false }: FrameTextOptions = {},
): string {
  const place = name === undefined
    ? `0x${address.toString(16)}`
    : `${name}${showOffset ? `+0x${offset.toString(16)}` : ""}`;
  if (!showModule || module === undefined) return place;
  return `${place} [${module.slice(module.lastIndexOf("/") + 1).replace(/^\[(.*)\]$/, "$1")}]`;
}
