/** Which BPF programs, maps and links there are in the kernel, whoever made them. Needs CAP_SYS_ADMIN. */

import { ERRNO } from "../errno.ts";
import { libbpf } from "../raw/libbpf.ts";
import { mapFailure } from "./failure.ts";

/** The kernel's ids, each kind in ascending order. An id is not used again soon. */
export interface Census {
  /** Of programs. */
  readonly programs: readonly number[];
  /** Of maps. */
  readonly maps: readonly number[];
  /** Of links. */
  readonly links: readonly number[];
}

type NextId = (start: number, next: Uint32Array<ArrayBuffer>) => number;

/**
 * Lists the ids of everything that is loaded: `bpf_prog_get_next_id` and its sisters.
 *
 * @throws {BpfError} E_PERMISSION
 */
export function census(): Census {
  const { bpf_prog_get_next_id, bpf_map_get_next_id, bpf_link_get_next_id } = libbpf();
  return {
    programs: [...ids("programs", bpf_prog_get_next_id)],
    maps: [...ids("maps", bpf_map_get_next_id)],
    links: [...ids("links", bpf_link_get_next_id)],
  };
}

/**
 * The ids of a kind, in ascending order, by what libbpf has to find the next one.
 *
 * @throws {BpfError} E_PERMISSION
 */
export function* ids(kind: string, nextId: NextId): Generator<number> {
  const next = new Uint32Array(1);
  for (;;) {
    const result = nextId(next[0]!, next);
    if (result === -ERRNO.ENOENT) return;
    if (result < 0) throw mapFailure(`list the kernel's ${kind}`, result);
    yield next[0]!;
  }
}
