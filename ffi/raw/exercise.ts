/** Functions of libc that `gimlet selftest` calls to make events happen. */

import { Fd } from "./fd.ts";
import { lastErrno, libc, LibcError, libcTable, succeeded } from "./libc.ts";
import { toCString } from "./memory.ts";

const SYMBOLS = {
  sync: { parameters: [], result: "void" },
  strlen: { parameters: ["buffer" /* const char *s */], result: "usize" },
  posix_memalign: {
    parameters: [
      "buffer", // void **memptr
      "usize", // size_t alignment
      "usize", // size_t size
    ],
    result: "i32",
  },
  free: { parameters: ["pointer" /* void *ptr */], result: "void" },
  read: {
    parameters: [
      "i32", // int fd
      "pointer", // void *buf
      "usize", // size_t count
    ],
    result: "isize",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const O_RDONLY_DIRECT = { x86_64: 0o40000, aarch64: 0o200000 } as const;
const O_CLOEXEC = 0o2000000;
const ALIGNMENT = 4096;

const library = libcTable(SYMBOLS);

/** `sync(2)`. */
export function sync(): void {
  library().sync();
}

/** Calls libc's `strlen()` on a text, `times` times. */
export function callStrlen(text: string, times: number): void {
  const { strlen } = library();
  const bytes = toCString(text);
  for (let i = 0; i < times; i++) strlen(bytes);
}

/**
 * Reads the first `size` bytes of a block device from the device itself (O_DIRECT), and throws them away.
 *
 * @throws {LibcError}
 */
export function readDirect(path: string, size: number): void {
  const { posix_memalign, free, read } = library();
  const flags = O_RDONLY_DIRECT[Deno.build.arch] | O_CLOEXEC;
  using fd = new Fd(succeeded(`open ${path}`, libc().open(toCString(path), flags, 0)));
  const address = new BigUint64Array(1);
  const errno = posix_memalign(address, BigInt(ALIGNMENT), BigInt(size));
  if (errno !== 0) throw new LibcError("posix_memalign", errno);
  const memory = Deno.UnsafePointer.create(address[0]!);
  try {
    if (read(fd.number, memory, BigInt(size)) < 0n) {
      throw new LibcError(`read ${path}`, lastErrno());
    }
  } finally {
    free(memory);
  }
}
