/** Sockets and network interfaces, as far as programs attach to them. */

import { Fd } from "./fd.ts";
import { libcTable, succeeded } from "./libc.ts";
import { type Bytes, toCString } from "./memory.ts";

const SYMBOLS = {
  socket: {
    parameters: [
      "i32", // int domain
      "i32", // int type
      "i32", // int protocol
    ],
    result: "i32",
  },
  bind: {
    parameters: [
      "i32", // int sockfd
      "buffer", // const struct sockaddr *addr
      "u32", // socklen_t addrlen
    ],
    result: "i32",
  },
  setsockopt: {
    parameters: [
      "i32", // int sockfd
      "i32", // int level
      "i32", // int optname
      "buffer", // const void *optval
      "u32", // socklen_t optlen
    ],
    result: "i32",
  },
  if_nametoindex: { parameters: ["buffer" /* const char *ifname */], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const ETH_P_ALL = 3;
const SOCKADDR_LL_SIZE = 20;
const SOL_SOCKET = 1;
const SO_DETACH_FILTER = 27;
const SO_ATTACH_BPF = 50;

const sockets = libcTable(SYMBOLS);

/** The number of a network interface, `undefined` where there is none of that name: `if_nametoindex(3)`. */
export function interfaceIndex(name: string): number | undefined {
  return sockets().if_nametoindex(toCString(name)) || undefined;
}

/**
 * Opens a socket that sees every packet of an interface, link-layer header and all (`packet(7)`). It never waits.
 *
 * @throws {LibcError} EPERM without CAP_NET_RAW
 */
export function openPacketSocket(index: number): Fd {
  // Protocol 0: no packet comes in before the socket is bound to its one interface.
  const type = SOCK_RAW | SOCK_NONBLOCK_CLOEXEC;
  const fd = new Fd(succeeded("socket", sockets().socket(AF_PACKET, type, 0)));
  const address = new DataView(new ArrayBuffer(SOCKADDR_LL_SIZE));
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, ETH_P_ALL, false); // network byte order
  address.setInt32(4, index, true);
  try {
    succeeded("bind", sockets().bind(fd.number, address, SOCKADDR_LL_SIZE));
    return fd;
  } catch (error) {
    fd[Symbol.dispose]();
    throw error;
  }
}

/**
 * Sets the program that filters what a socket receives: SO_ATTACH_BPF.
 *
 * @throws {LibcError}
 */
export function attachSocketFilter(socket: number, program: number): void {
  setOption(socket, "SO_ATTACH_BPF", { option: SO_ATTACH_BPF, value: program });
}

/**
 * Takes the filter of a socket away: SO_DETACH_FILTER.
 *
 * @throws {LibcError} ENOENT where it has none
 */
export function detachSocketFilter(socket: number): void {
  setOption(socket, "SO_DETACH_FILTER", { option: SO_DETACH_FILTER, value: 0 });
}

function setOption(
  socket: number,
  name: string,
  { option, value }: { readonly option: number; readonly value: number },
): void {
  const bytes: Bytes = new Uint8Array(Int32Array.of(value).buffer);
  succeeded(name, sockets().setsockopt(socket, SOL_SOCKET, option, bytes, bytes.length));
}
