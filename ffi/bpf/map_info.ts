/** What the kernel says of a map: `struct bpf_map_info`. */

import { MAP_TYPES, type MapType } from "../btf/map_types.ts";
import { cstring } from "../wire/cstring.ts";
import { objectInfo } from "./object_info.ts";

/** A map as the kernel describes it; sizes are in bytes. */
export interface KernelMapInfo {
  /** The kernel's number of it. */
  readonly id: number;
  /** The kernel's name without `BPF_MAP_TYPE_`, in lower case. */
  readonly type: MapType;
  /** At most 15 characters */
  readonly name: string;
  /** The size of a key. */
  readonly keySize: number;
  /** The size of a value; in a per-CPU map that of one CPU's. */
  readonly valueSize: number;
  /** How many entries it can have; for a ring buffer, bytes. */
  readonly maxEntries: number;
  /** `BPF_F_…` */
  readonly flags: number;
}

// Offsets in struct bpf_map_info, and its size in Linux 4.15, which later ones only make longer.
const AT = { type: 0, id: 4, key: 8, value: 12, entries: 16, flags: 20, name: 24 } as const;
const NAME_LENGTH = 16;
const SIZE = 80;

/**
 * Describes a map: `bpf_obj_get_info_by_fd`.
 *
 * @throws {BpfError} E_UNSUPPORTED where the descriptor is none of BPF
 */
export function mapInfo(fd: number): KernelMapInfo {
  const view = objectInfo("a map", fd, { size: SIZE });
  const u32 = (at: number) => view.getUint32(at, true);
  return {
    id: u32(AT.id),
    type: MAP_TYPES[u32(AT.type)] ?? "unspec",
    name: cstring(view, AT.name, NAME_LENGTH),
    keySize: u32(AT.key),
    valueSize: u32(AT.value),
    maxEntries: u32(AT.entries),
    flags: u32(AT.flags),
  };
}
