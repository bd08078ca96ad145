/** The kernel's link to many places of one file: libbpf makes it since 1.3, so it is asked for by `bpf(2)` itself. */

import { lastErrno, libc } from "./libc.ts";
import { addressOf, toCString } from "./memory.ts";

const SYS_BPF = { x86_64: 321n, aarch64: 280n } as const;
const BPF_LINK_CREATE = 28;
/** `BPF_TRACE_UPROBE_MULTI`, which libbpf has no name for before 1.3. */
export const TRACE_UPROBE_MULTI = 48;
const BPF_F_UPROBE_MULTI_RETURN = 1;
/** `union bpf_attr` up to `link_create.uprobe_multi.pid`, and what C fills it up with. */
const ATTR_SIZE = 64;

/** Where `link_create.uprobe_multi` goes. */
export interface UprobeMulti {
  readonly path: string;
  /** In bytes from the start of the file. */
  readonly offsets: readonly number[];
  /** One for each offset. */
  readonly cookies?: readonly bigint[] | undefined;
  readonly onReturn: boolean;
}

/** Makes a link (`BPF_LINK_CREATE`): gives its file descriptor, or the negative error number. Needs Linux >= 6.6. */
export function createUprobeMulti(
  programFd: number,
  { path, offsets, cookies, onReturn }: UprobeMulti,
): number {
  const name = toCString(path);
  const places = BigUint64Array.from(offsets, BigInt);
  const numbers = cookies && BigUint64Array.from(cookies);
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, programFd, true);
  attr.setUint32(8, TRACE_UPROBE_MULTI, true);
  attr.setBigUint64(16, addressOf(name), true);
  attr.setBigUint64(24, addressOf(places), true);
  if (numbers !== undefined) attr.setBigUint64(40, addressOf(numbers), true);
  attr.setUint32(48, places.length, true);
  attr.setUint32(52, onReturn ? BPF_F_UPROBE_MULTI_RETURN : 0, true);
  const held = [name, places, numbers]; // until the kernel has read what attr points to
  const fd = libc().bpf(SYS_BPF[Deno.build.arch], BPF_LINK_CREATE, attr, ATTR_SIZE);
  const result = fd < 0n ? -lastErrno() : Number(fd);
  held.length = 0;
  return result;
}
