/** Programs that walk over what the kernel has (tasks, maps, sockets, …) and write of each what they like. */

import { errnoName } from "../../errno.ts";
import { BpfError } from "../../errors.ts";
import { Fd, readAvailable } from "../../raw/fd.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { LibcError } from "../../raw/libc.ts";
import { takeLog } from "../../raw/log.ts";
import { type Bytes, OptionStruct } from "../../raw/memory.ts";
import type { Link } from "../link.ts";
import { type Attachable, linked } from "./attachable.ts";

/** Which cgroups are visited, seen from one: `enum bpf_cgroup_iter_order`. */
export type CgroupOrder = "self" | "parentsFirst" | "childrenFirst" | "upwards";

const CGROUP_ORDER = { self: 1, parentsFirst: 2, childrenFirst: 3, upwards: 4 } as const;

/** What an iterator visits, for those that ask: the entries of a map, one task or process, the cgroups from one on. */
export type IteratorTarget =
  | { readonly map: { readonly fd: number } }
  | { readonly tid: number }
  | { readonly pid: number }
  | { readonly cgroup: bigint; readonly order?: CgroupOrder };

const LINK_INFO_SIZE = 16;
const CHUNK = 1 << 16;

/** {@linkcode Program.attachIterator} */
export function attachIterator(program: Attachable, target?: IteratorTarget): Link {
  const info = target === undefined ? null : linkInfo(target);
  const options = new OptionStruct([
    { type: "pointer", value: info },
    { type: "u32", value: info?.length ?? 0 },
  ]);
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach_iter(program.pointer, options.bytes);
  return linked(program, link, {
    name: "iterator",
    needs: "Linux >= 5.8; the task or cgroup to begin with, Linux >= 6.1",
    isHook: true,
  });
}

/** `union bpf_iter_link_info` */
function linkInfo(target: IteratorTarget): Bytes {
  const bytes = new Uint8Array(LINK_INFO_SIZE);
  const view = new DataView(bytes.buffer);
  if ("map" in target) view.setUint32(0, target.map.fd, true);
  else if ("tid" in target) view.setUint32(0, target.tid, true);
  else if ("pid" in target) view.setUint32(4, target.pid, true);
  else {
    view.setUint32(0, CGROUP_ORDER[target.order ?? "self"], true);
    view.setBigUint64(8, target.cgroup, true);
  }
  return bytes;
}

/**
 * Walks once, as it is read: `bpf_iter_create`. Whoever does not read it to its end cancels it. The link may go before.
 *
 * @throws {BpfError} E_CLOSED, E_ATTACH
 */
export function iteratorStream(link: Link): ReadableStream<Bytes> {
  const fd = beginWalk(link);
  return new ReadableStream<Bytes>({
    pull(controller) {
      const chunk = nextOf(fd);
      if (chunk !== undefined) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: () => fd[Symbol.dispose](),
  }, { highWaterMark: 0 });
}

/**
 * Walks once, and gives all that the program has written.
 *
 * @throws {BpfError} E_CLOSED, E_ATTACH, E_READ
 */
export function readIterator(link: Link): Bytes[] {
  const fd = beginWalk(link);
  const chunks: Bytes[] = [];
  for (let chunk = nextOf(fd); chunk !== undefined; chunk = nextOf(fd)) chunks.push(chunk);
  return chunks;
}

function beginWalk(link: Link): Fd {
  const result = libbpf().bpf_iter_create(link.fd);
  if (result < 0) throw readFailure("begin", -result);
  return new Fd(result);
}

/** The next piece; `undefined` at the end. There, and where reading fails, the descriptor is closed. */
function nextOf(fd: Fd): Bytes | undefined {
  try {
    const chunk = new Uint8Array(CHUNK);
    let size = readAvailable(fd, chunk);
    // The kernel asks for another call where it was interrupted, or has skipped a million objects.
    while (size === undefined) size = readAvailable(fd, chunk);
    if (size > 0) return chunk.subarray(0, size);
    fd[Symbol.dispose]();
    return undefined;
  } catch (error) {
    fd[Symbol.dispose]();
    throw error instanceof LibcError ? readFailure("read", error.errno) : error;
  }
}

function readFailure(action: string, errno: number): BpfError {
  return new BpfError(`${action} an iterator`, {
    step: "read",
    code: "E_READ",
    cause: errnoName(errno),
    errno,
  });
}
