/** Pages that this program shares with the kernel. */

import { openReadOnly } from "./fd.ts";
import { lastErrno, libc, LibcError } from "./libc.ts";
import { memoryAt } from "./memory.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const SC_PAGESIZE = 30;

let size: number | undefined;

/** The size of a page, in bytes. */
export function pageSize(): number {
  return size ??= Number(libc().sysconf(SC_PAGESIZE));
}

/** What to map: `length` and `offset` in bytes. */
export interface MappingOptions {
  readonly fd: number;
  readonly length: number;
  readonly offset?: number;
  readonly writable: boolean;
  /** What the kernel gives to read only it may not give to share. */
  readonly isPrivate?: boolean;
}

/**
 * `mmap(2)` of a file descriptor, shared unless it is asked for otherwise. Whoever holds one must not touch its `buffer` after disposing of it: the pages are
 * gone then, and the program would die.
 */
export class Mapping implements Disposable {
  readonly buffer: ArrayBuffer;
  #pointer: Deno.PointerValue;
  readonly #length: number;

  /** @throws {LibcError} */
  constructor({ fd, length, offset = 0, writable, isPrivate = false }: MappingOptions) {
    const protection = PROT_READ | (writable ? PROT_WRITE : 0);
    const flags = isPrivate ? MAP_PRIVATE : MAP_SHARED;
    const pointer = libc().mmap(null, BigInt(length), protection, flags, fd, BigInt(offset));
    if (pointer === null || Deno.UnsafePointer.value(pointer) === MAP_FAILED) {
      throw new LibcError("mmap", lastErrno());
    }
    this.#pointer = pointer;
    this.#length = length;
    this.buffer = memoryAt(pointer, length);
  }

  [Symbol.dispose](): void {
    if (this.#pointer === null) return;
    libc().munmap(this.#pointer, BigInt(this.#length));
    this.#pointer = null;
  }
}

/**
 * The bytes of a file of the kernel's that does not change, for as long as the program runs: nothing is copied. They must not be
 * written to.
 *
 * @throws {LibcError} where this file cannot be mapped
 */
export function mapForever(path: string, length: number): Uint8Array {
  using fd = openReadOnly(path);
  const mapping = new Mapping({ fd: fd.number, length, writable: false, isPrivate: true });
  return new Uint8Array(mapping.buffer);
}
