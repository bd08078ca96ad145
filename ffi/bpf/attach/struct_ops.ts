/** Tables of programs that the kernel calls in place of its own functions, such as a TCP congestion control. */

import { lastErrno } from "../../raw/libc.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import type { PointerValue } from "../../raw/memory.ts";
import { attachFailure } from "../failure.ts";
import { LibbpfAttachment, Link, type LinkSet } from "../link.ts";

/** {@linkcode LoadedObject.attachStructOps} */
export function attachStructOps(
  name: string,
  { pointer, links }: { readonly pointer: PointerValue; readonly links: LinkSet },
): Link {
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_map__attach_struct_ops(pointer);
  const target = `struct_ops:${name}`;
  if (link === null) throw attachFailure(name, { name: target, isHook: true }, lastErrno());
  return new Link(target, [new LibbpfAttachment(link, { isKernels: false })], links);
}
