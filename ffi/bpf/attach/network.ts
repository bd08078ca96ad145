/** Programs in the way of packets: XDP, tcx, tc, cgroups, network namespaces, sockets. */

import { ERRNO } from "../../errno.ts";
import { BpfError, messageOf } from "../../errors.ts";
import { duplicate, type Fd, openReadOnly } from "../../raw/fd.ts";
import { lastErrno, LibcError } from "../../raw/libc.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct } from "../../raw/memory.ts";
import { attachSocketFilter, detachSocketFilter, interfaceIndex } from "../../raw/socket.ts";
import { attachFailure, type AttachTarget } from "../failure.ts";
import { type Attachment, FdAttachment, LibbpfAttachment, Link } from "../link.ts";
import type { Attachable } from "./attachable.ts";

/** A network interface, by name or number. */
export type Interface = string | number;

/** Which way packets go, seen from this machine. */
export type Direction = "ingress" | "egress";

/** Who runs an XDP program: the driver, or the kernel's own code for drivers that cannot; the best where not given. */
export type XdpMode = "generic" | "driver" | "offload";

const XDP_FLAGS = { generic: 2, driver: 4, offload: 8 } as const;
const ATTACH_TYPE = { xdp: 37, ingress: 46, egress: 47 } as const;

/** {@linkcode Program.attachXdp} */
export function attachXdp(
  program: Attachable,
  where: Interface,
  { mode }: { readonly mode?: XdpMode } = {},
): Link {
  const target = { name: `xdp:${where}`, needs: "Linux >= 5.9", isHook: true };
  return attachToInterface(program, where, {
    type: ATTACH_TYPE.xdp,
    flags: mode === undefined ? 0 : XDP_FLAGS[mode],
    target,
  });
}

/** {@linkcode Program.attachTcx} */
export function attachTcx(program: Attachable, where: Interface, direction: Direction): Link {
  const target = { name: `tcx/${direction}:${where}`, needs: "Linux >= 6.6", isHook: true };
  return attachToInterface(program, where, { type: ATTACH_TYPE[direction], flags: 0, target });
}

function attachToInterface(
  program: Attachable,
  where: Interface,
  { type, flags, target }: {
    readonly type: number;
    readonly flags: number;
    readonly target: AttachTarget;
  },
): Link {
  const options = new OptionStruct([{ type: "u32", value: flags }]);
  const index = indexOf(program, where);
  takeLog(); // what was said before does not explain this
  // libbpf's functions for these take no flags, or came after libbpf 1.0; all that they do is this.
  const fd = libbpf().bpf_link_create(program.fd, index, type, options.bytes);
  if (fd < 0) throw attachFailure(program.name, target, -fd);
  return new Link(target.name, [new FdAttachment(fd)], program.links);
}

/**
 * The number of a network interface.
 *
 * @throws {BpfError} E_NO_PROBE where there is none of that name
 */
export function indexOf({ name }: { readonly name: string }, where: Interface): number {
  if (typeof where === "number") return where;
  const index = interfaceIndex(where);
  if (index !== undefined) return index;
  throw new BpfError(`attach ${name} to ${where}`, {
    step: "attach",
    code: "E_NO_PROBE",
    cause: "there is no network interface of that name",
    hint: "Those that there are: ip link",
  });
}

/** {@linkcode Program.attachCgroup} */
export function attachCgroup(program: Attachable, path: string): Link {
  return attachToFile(program, path, {
    attach: libbpf().bpf_program__attach_cgroup,
    target: { name: `cgroup:${path}`, needs: "Linux >= 5.7", isHook: true },
  });
}

/** {@linkcode Program.attachNetns} */
export function attachNetns(program: Attachable, path: string): Link {
  return attachToFile(program, path, {
    attach: libbpf().bpf_program__attach_netns,
    target: { name: `netns:${path}`, needs: "Linux >= 5.8, sk_lookup 5.9", isHook: true },
  });
}

function attachToFile(
  program: Attachable,
  path: string,
  { attach, target }: {
    readonly attach: (program: Attachable["pointer"], fd: number) => Attachable["pointer"];
    readonly target: AttachTarget;
  },
): Link {
  using file = openTarget(program, path);
  takeLog(); // what was said before does not explain this
  const pointer = attach(program.pointer, file.number);
  if (pointer === null) throw attachFailure(program.name, target, lastErrno());
  return new Link(target.name, [new LibbpfAttachment(pointer)], program.links);
}

function openTarget({ name }: Attachable, path: string): Fd {
  try {
    return openReadOnly(path);
  } catch (error) {
    throw new BpfError(`attach ${name} to ${path}`, {
      step: "attach",
      code: error instanceof LibcError && error.errno === ERRNO.EACCES
        ? "E_PERMISSION"
        : "E_NO_PROBE",
      cause: messageOf(error),
    });
  }
}

/** How a program looks at the data of the sockets in a map: `enum bpf_attach_type`. */
export type SockmapHook =
  | "sk_skb_stream_parser"
  | "sk_skb_stream_verdict"
  | "sk_msg_verdict"
  | "sk_skb_verdict";

const SOCKMAP_TYPE: Readonly<Record<SockmapHook, number>> = {
  sk_skb_stream_parser: 4,
  sk_skb_stream_verdict: 5,
  sk_msg_verdict: 7,
  sk_skb_verdict: 38,
};

/** {@linkcode Program.attachSockmap} */
export function attachSockmap(
  program: Attachable,
  map: { readonly fd: number; readonly name: string },
  hook: SockmapHook,
): Link {
  const target = { name: `${hook}:${map.name}`, needs: "Linux >= 4.17, sk_skb_verdict 5.13" };
  takeLog(); // what was said before does not explain this
  const result = libbpf().bpf_prog_attach(program.fd, map.fd, SOCKMAP_TYPE[hook], 0);
  if (result < 0) throw attachFailure(program.name, { ...target, isHook: true }, -result);
  const attachment = new SockmapAttachment(duplicate(program.fd), duplicate(map.fd), hook);
  return new Link(target.name, [attachment], program.links);
}

/** The program of a map of sockets, which ends with the map at the latest. Older kernels have no link for it. */
class SockmapAttachment implements Attachment {
  readonly fd = undefined;
  readonly #program: Fd;
  readonly #map: Fd;
  readonly #hook: SockmapHook;

  constructor(program: Fd, map: Fd, hook: SockmapHook) {
    this.#program = program;
    this.#map = map;
    this.#hook = hook;
  }

  detach(): void {
    using program = this.#program;
    using map = this.#map;
    libbpf().bpf_prog_detach2(program.number, map.number, SOCKMAP_TYPE[this.#hook]);
  }
}

/** {@linkcode Program.attachSocket} */
export function attachSocket(program: Attachable, socket: number): Link {
  const target = { name: `socket:${socket}`, isHook: true };
  try {
    attachSocketFilter(socket, program.fd);
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    throw attachFailure(program.name, target, error.errno);
  }
  return new Link(target.name, [new SocketAttachment(socket)], program.links);
}

/** The filter of a socket, which ends with the socket at the latest. */
class SocketAttachment implements Attachment {
  readonly fd = undefined;
  readonly #socket: number;

  constructor(socket: number) {
    this.#socket = socket;
  }

  detach(): void {
    try {
      detachSocketFilter(this.#socket);
    } catch (error) {
      // The socket, and its filter with it, may be gone already.
      if (!(error instanceof LibcError)) throw error;
    }
  }
}
