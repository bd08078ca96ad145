/** What the kernel tells of a loaded program: `struct bpf_prog_info`. */

import { errnoName } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { Fd } from "../raw/fd.ts";
import { libbpf } from "../raw/libbpf.ts";
import { addressOf, type Bytes, fromCString } from "../raw/memory.ts";
import { cstring } from "../wire/cstring.ts";
import { objectInfo } from "./object_info.ts";

/** A program as the kernel knows it. Sizes are in bytes. */
export interface ProgramInfo {
  /** The kernel's number of it. */
  readonly id: number;
  /** At most 15 characters: the kernel keeps no more. */
  readonly name: string;
  /** As `kprobe` or `xdp`: the kernel's name without `BPF_PROG_TYPE_`, in lower case. */
  readonly type: string;
  /** A hash of its instructions, as 16 hexadecimal digits. */
  readonly tag: string;
  /** The size of its machine code; 0 where it is interpreted, or this process may not know. */
  readonly jitedSize: number;
  /** The size of its BPF instructions, as the verifier left them. */
  readonly translatedSize: number;
  /** When it was loaded, in ns since boot. */
  readonly loadTimeNs: bigint;
  /** The kernel's numbers of the maps that it uses. */
  readonly mapIds: readonly number[];
}

/** How often a program ran, and how long in all. The kernel counts while {@linkcode enableStats} lives. */
export interface ProgramStats {
  /** How often it ran. */
  readonly runCount: bigint;
  /** How long in all, in ns. */
  readonly runTimeNs: bigint;
  /** Runs that did not happen because the program was running already on that CPU; needs Linux >= 5.12. */
  readonly recursionMisses: bigint;
}

const SIZE = 232;
const TAG_SIZE = 8;
const NAME_SIZE = 16;
const BPF_STATS_RUN_TIME = 0;

/** A program that the kernel is asked about. */
interface Asked {
  readonly name: string;
  readonly fd: number;
}

/** {@linkcode Program.info} */
export function programInfo({ name, fd }: Asked): ProgramInfo {
  const what = `program ${name}`;
  const mapCount = objectInfo(what, fd, { size: SIZE }).getUint32(52, true);
  const mapIds = new Uint32Array(mapCount);
  const info = objectInfo(what, fd, {
    size: SIZE,
    fill(view) {
      if (mapCount === 0) return;
      view.setUint32(52, mapCount, true);
      view.setBigUint64(56, addressOf(mapIds), true);
    },
  });
  return {
    id: info.getUint32(4, true),
    name: cstring(info, 64, NAME_SIZE),
    type: fromCString(libbpf().libbpf_bpf_prog_type_str(info.getUint32(0, true))),
    tag: hexadecimal(new Uint8Array(info.buffer, 8, TAG_SIZE)),
    jitedSize: info.getUint32(16, true),
    translatedSize: info.getUint32(20, true),
    loadTimeNs: info.getBigUint64(40, true),
    mapIds: [...mapIds],
  };
}

/** {@linkcode Program.instructions} */
export function programInstructions({ name, fd }: Asked): Bytes {
  const what = `program ${name}`;
  const size = objectInfo(what, fd, { size: SIZE }).getUint32(20, true);
  const instructions = new Uint8Array(size);
  const info = objectInfo(what, fd, {
    size: SIZE,
    fill(view) {
      if (size === 0) return;
      view.setUint32(20, size, true);
      view.setBigUint64(32, addressOf(instructions), true);
    },
  });
  // The kernel clears the address where it did not fill the buffer.
  return info.getBigUint64(32, true) === 0n ? new Uint8Array() : instructions;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** {@linkcode Program.stats} */
export function programStats({ name, fd }: Asked): ProgramStats {
  const info = objectInfo(`program ${name}`, fd, { size: SIZE });
  return {
    runTimeNs: info.getBigUint64(192, true),
    runCount: info.getBigUint64(200, true),
    recursionMisses: info.getBigUint64(208, true),
  };
}

/**
 * Has the kernel count how often and how long each program runs, for as long as what this gives is not disposed of:
 * `bpf_enable_stats`. It costs each run some tens of ns. Needs Linux >= 5.8 and CAP_SYS_ADMIN.
 *
 * @throws {BpfError} E_PERMISSION, E_UNSUPPORTED
 */
export function enableStats(): Disposable {
  const fd = libbpf().bpf_enable_stats(BPF_STATS_RUN_TIME);
  if (fd >= 0) return new Fd(fd);
  const name = errnoName(fd);
  throw new BpfError("count the runs of programs", {
    step: "read",
    code: name === "EPERM" ? "E_PERMISSION" : "E_UNSUPPORTED",
    cause: name === "EPERM" ? "it needs CAP_SYS_ADMIN (EPERM)" : `it needs Linux >= 5.8 (${name})`,
    errno: -fd,
  });
}
