import { type Fd, readAvailable } from "../raw/fd.ts";
import type { Bytes } from "../raw/memory.ts";
import { openPacketSocket } from "../raw/socket.ts";
import { indexOf, type Interface } from "./attach/network.ts";

const LARGEST_PACKET = 1 << 16;

/**
 * A socket that sees every packet of a network interface, from the link-layer header on (`packet(7)`): what a program of
 * section `socket` filters. Needs CAP_NET_RAW. Whoever opens it closes it.
 */
export class PacketSocket implements Disposable {
  readonly #fd: Fd;

  /**
   * Opens it.
   *
   * @throws {BpfError} E_NO_PROBE where there is no such interface
   */
  constructor(where: Interface) {
    this.#fd = openPacketSocket(indexOf({ name: "a packet socket" }, where));
  }

  /** The file descriptor, for {@linkcode Program.attachSocket} and those who watch it. */
  get fd(): number {
    return this.#fd.number;
  }

  /** The next packet, as far as the filter lets it through; `undefined` where none is waiting. */
  read(): Bytes | undefined {
    const packet = new Uint8Array(LARGEST_PACKET);
    const size = readAvailable(this.#fd, packet);
    return size === undefined ? undefined : packet.slice(0, size);
  }

  /** Closes it; twice is safe. */
  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}
