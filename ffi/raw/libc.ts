/** The functions of libc that gimlet calls: files that must not block, mapped memory, perf events, epoll. */

import { ERRNO, errnoName } from "../errno.ts";
import { BpfError, limitReached } from "../errors.ts";
import { openTable } from "./symbols.ts";

const SYMBOLS = {
  open: {
    parameters: [
      "buffer", // const char *path
      "i32", // int flags
      "i32", // mode_t mode
    ],
    result: "i32",
  },
  read: {
    parameters: [
      "i32", // int fd
      "buffer", // void *buf
      "usize", // size_t count
    ],
    result: "isize",
  },
  write: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *buf
      "usize", // size_t count
    ],
    result: "isize",
  },
  close: { parameters: ["i32" /* int fd */], result: "i32" },
  mmap: {
    parameters: [
      "pointer", // void *addr
      "usize", // size_t length
      "i32", // int prot
      "i32", // int flags
      "i32", // int fd
      "i64", // off_t offset
    ],
    result: "pointer",
  },
  munmap: {
    parameters: [
      "pointer", // void *addr
      "usize", // size_t length
    ],
    result: "i32",
  },
  ioctl: {
    parameters: [
      "i32", // int fd
      "u64", // unsigned long request
      "u64", // argument
    ],
    result: "i32",
  },
  fcntl: {
    parameters: [
      "i32", // int fd
      "i32", // int cmd
      "u64", // argument
    ],
    result: "i32",
  },
  perf_event_open: {
    name: "syscall",
    parameters: [
      "i64", // long number
      "buffer", // struct perf_event_attr *attr
      "i32", // pid_t pid
      "i32", // int cpu
      "i32", // int group_fd
      "u64", // unsigned long flags
    ],
    result: "i64",
  },
  bpf: {
    name: "syscall",
    parameters: [
      "i64", // long number
      "i32", // int cmd
      "buffer", // union bpf_attr *attr
      "u32", // unsigned int size
    ],
    result: "i64",
  },
  membarrier: {
    name: "syscall",
    parameters: [
      "i64", // long number
      "i32", // int cmd
      "u32", // unsigned int flags
      "i32", // int cpu_id
    ],
    result: "i64",
    nonblocking: true, // it takes as long as the kernel's slowest CPU
  },
  epoll_create1: { parameters: ["i32" /* int flags */], result: "i32" },
  epoll_ctl: {
    parameters: [
      "i32", // int epfd
      "i32", // int op
      "i32", // int fd
      "buffer", // struct epoll_event *event
    ],
    result: "i32",
  },
  epoll_wait: {
    parameters: [
      "i32", // int epfd
      "buffer", // struct epoll_event *events
      "i32", // int maxevents
      "i32", // int timeout, ms
    ],
    result: "i32",
    nonblocking: true,
  },
  eventfd: {
    parameters: [
      "u32", // unsigned int initval
      "i32", // int flags
    ],
    result: "i32",
  },
  eventfd_write: {
    parameters: [
      "i32", // int fd
      "u64", // eventfd_t value
    ],
    result: "i32",
  },
  getpriority: {
    parameters: [
      "i32", // int which
      "u32", // id_t who
    ],
    result: "i32",
  },
  setpriority: {
    parameters: [
      "i32", // int which
      "u32", // id_t who
      "i32", // int prio
    ],
    result: "i32",
  },
  sysconf: { parameters: ["i32" /* int name */], result: "i64" },
  clock_gettime: {
    parameters: [
      "i32", // clockid_t clk_id
      "buffer", // struct timespec *tp
    ],
    result: "i32",
  },
  vsnprintf: {
    parameters: [
      "buffer", // char *str
      "usize", // size_t size
      "pointer", // const char *format
      "buffer", // va_list ap: a pointer to its struct on x86-64 and arm64
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const LIBC = "libc.so.6";

const functions = libcTable(SYMBOLS);

/** libc's functions. Opened on first use. */
export function libc(): Libc {
  return functions();
}

/**
 * Makes a table of functions of libc, opened on first use. `errno` can be read behind each of its calls: what that
 * needs was opened before.
 */
export function libcTable<const S extends Deno.ForeignLibraryInterface>(
  symbols: S,
): () => Deno.DynamicLibrary<S>["symbols"] {
  let table: Deno.DynamicLibrary<S>["symbols"] | undefined;
  return () => {
    errnoLocation ??= openErrno(); // Later that could change the very errno that it is asked for.
    return table ??= openTable(LIBC, symbols);
  };
}

let errnoLocation: ReturnType<typeof openErrno> | undefined;

function openErrno() {
  return Deno.dlopen(LIBC, { __errno_location: { parameters: [], result: "pointer" } })
    .symbols.__errno_location;
}

/** A call of libc that failed: E_PERMISSION, E_LIMIT, or E_READ. */
export class LibcError extends BpfError {
  override readonly name = "LibcError";
  override readonly errno: number;

  constructor(call: string, errno: number) {
    const refused = errno === ERRNO.EPERM || errno === ERRNO.EACCES;
    super(`call ${call}`, {
      step: "setup",
      code: refused ? "E_PERMISSION" : "E_READ",
      cause: errnoName(errno),
      ...limitReached("", errno),
    });
    this.errno = errno;
  }
}

/**
 * `errno` as the last call left it. Deno has no API for it; read at once after the failing call, on the same thread, it
 * is right. It means nothing after a `nonblocking` call.
 */
export function lastErrno(): number {
  errnoLocation ??= openErrno();
  const location = errnoLocation();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

/** Gives back the result of a call that returns -1 where it fails. */
export function succeeded(call: string, result: number | bigint): number {
  const n = Number(result);
  if (n < 0) throw new LibcError(call, lastErrno());
  return n;
}
