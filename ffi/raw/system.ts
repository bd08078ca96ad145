/**
 * The functions of libc that change the whole machine: mounts, modules, serial ports, power. Only the guest of
 * `gimlet vm` calls them, as PID 1 of a machine that exists for one command; so they have a table of their own.
 */

import { libcTable, succeeded } from "./libc.ts";
import { toCString } from "./memory.ts";

const SYMBOLS = {
  mount: {
    parameters: [
      "buffer", // const char *source
      "buffer", // const char *target
      "buffer", // const char *filesystemtype
      "u64", // unsigned long mountflags
      "buffer", // const void *data
    ],
    result: "i32",
  },
  reboot: { parameters: ["i32" /* int op */], result: "i32" },
  sync: { parameters: [], result: "void" },
  open: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // int flags
    ],
    result: "i32",
  },
  close: { parameters: ["i32" /* int fd */], result: "i32" },
  // glibc has no finit_module.
  finit_module: {
    name: "syscall",
    parameters: [
      "i64", // long number
      "i32", // int fd
      "buffer", // const char *param_values
      "i32", // int flags
    ],
    result: "i64",
  },
  tcgetattr: {
    parameters: [
      "i32", // int fd
      "buffer", // struct termios *termios_p
    ],
    result: "i32",
  },
  tcsetattr: {
    parameters: [
      "i32", // int fd
      "i32", // int optional_actions
      "buffer", // const struct termios *termios_p
    ],
    result: "i32",
  },
  cfmakeraw: { parameters: ["buffer" /* struct termios *termios_p */], result: "void" },
  cfsetspeed: {
    parameters: [
      "buffer", // struct termios *termios_p
      "u32", // speed_t speed
    ],
    result: "i32",
  },
  tcdrain: { parameters: ["i32" /* int fd */], result: "i32", nonblocking: true },
  socket: {
    parameters: [
      "i32", // int domain
      "i32", // int type
      "i32", // int protocol
    ],
    result: "i32",
  },
  ioctl: {
    parameters: [
      "i32", // int fd
      "u64", // unsigned long request
      "buffer", // struct ifreq *
    ],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

const RB_AUTOBOOT = 0x01234567;
const RB_POWER_OFF = 0x4321fedc;
const O_RDONLY = 0;
const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const TCSANOW = 0;
const B115200 = 0o10002;
/** `struct termios` has 60 bytes in glibc; the rest is room for another libc. */
const TERMIOS_SIZE = 256;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SIOCSIFFLAGS = 0x8914n;
const IFREQ_SIZE = 40;
const IFR_FLAGS = 16;
const IFF_UP = 1;
/** The system call's number, of each architecture that a Deno binary is built for. */
const NR_FINIT_MODULE = { x86_64: 313n, aarch64: 273n } as const;

const system = libcTable(SYMBOLS);

/** What is mounted where. */
export interface Mount {
  /** The file system's type, such as `tmpfs`; its source has the same name. */
  readonly type: string;
  readonly target: string;
  /** The file system's own options, such as `mode=1777`. */
  readonly data?: string;
}

/** Mounts a file system that needs no device (`mount(2)`). */
export function mountFs(mount: Mount): void {
  const type = toCString(mount.type);
  const data = mount.data === undefined ? null : toCString(mount.data);
  const result = system().mount(type, toCString(mount.target), type, 0n, data);
  succeeded(`mount ${mount.type} on ${mount.target}`, result);
}

/** Writes what is cached and switches the machine off (`reboot(2)`), or restarts it, which QEMU's -no-reboot ends too. */
export function powerOff(how: "off" | "restart" = "off"): never {
  system().sync();
  succeeded("reboot", system().reboot(how === "off" ? RB_POWER_OFF : RB_AUTOBOOT));
  throw new Error("Cannot power off: reboot(2) came back");
}

/** Loads a kernel module from an uncompressed .ko file (`finit_module(2)`). */
export function loadModule(path: string, parameters = ""): void {
  const fd = open(path, O_RDONLY);
  try {
    const number = NR_FINIT_MODULE[Deno.build.arch];
    const result = system().finit_module(number, fd, toCString(parameters), 0);
    succeeded(`finit_module ${path}`, result);
  } finally {
    system().close(fd);
  }
}

/** Puts a serial port into raw mode (`cfmakeraw(3)`): bytes go out as they are. It stays so after this call. */
export function setRaw(path: string): void {
  const fd = open(path, O_RDWR | O_NOCTTY);
  try {
    const termios = new Uint8Array(TERMIOS_SIZE);
    succeeded(`tcgetattr ${path}`, system().tcgetattr(fd, termios));
    system().cfmakeraw(termios);
    // The kernel polls a slow port less often for whether all is out.
    succeeded(`cfsetspeed ${path}`, system().cfsetspeed(termios, B115200));
    succeeded(`tcsetattr ${path}`, system().tcsetattr(fd, TCSANOW, termios));
  } finally {
    system().close(fd);
  }
}

/** Waits until all that was written to a serial port is out (`tcdrain(3)`). */
export async function drain(path: string): Promise<void> {
  const fd = open(path, O_RDWR | O_NOCTTY);
  try {
    // No errno: the call runs on another thread.
    if (await system().tcdrain(fd) < 0) throw new Error(`Cannot drain ${path}`);
  } finally {
    system().close(fd);
  }
}

/** Brings the loopback interface up (`SIOCSIFFLAGS`, netdevice(7)). */
export function loopbackUp(): void {
  const fd = succeeded("socket", system().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  try {
    const request = new Uint8Array(IFREQ_SIZE);
    request.set(toCString("lo"));
    new DataView(request.buffer).setUint16(IFR_FLAGS, IFF_UP, true);
    succeeded("ioctl SIOCSIFFLAGS", system().ioctl(fd, SIOCSIFFLAGS, request));
  } finally {
    system().close(fd);
  }
}

function open(path: string, flags: number): number {
  return succeeded(`open ${path}`, system().open(toCString(path), flags | O_CLOEXEC));
}
