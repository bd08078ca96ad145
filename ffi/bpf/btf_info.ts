/** What the kernel tells of the BTF that it holds: `struct bpf_btf_info`. */

import { BpfError } from "../errors.ts";
import { Fd } from "../raw/fd.ts";
import { libbpf } from "../raw/libbpf.ts";
import { addressOf, type Bytes } from "../raw/memory.ts";
import { cstring } from "../wire/cstring.ts";
import { ids } from "./census.ts";
import { mapFailure } from "./failure.ts";
import { objectInfo } from "./object_info.ts";

// Offsets in struct bpf_btf_info, and its size since Linux 5.11, which named the kernel's own.
const AT = { bytes: 0, size: 8, name: 16, nameLength: 24, isKernel: 28 } as const;
const SIZE = 32;
const NAME_SIZE = 64;
const KERNEL = "vmlinux";

/**
 * A copy of the kernel's own BTF, made at once: reading /sys/kernel/btf/vmlinux gives 4096 bytes at a time, and takes three times as
 * long. `undefined` where the kernel does not give it: needs Linux >= 5.11, CAP_SYS_ADMIN, and that some program has been loaded
 * since the machine started. `bpf_btf_get_next_id`, `bpf_btf_get_fd_by_id`, `bpf_obj_get_info_by_fd`.
 */
export function copyKernelBtf(): Bytes | undefined {
  try {
    for (const id of ids("BTF", libbpf().bpf_btf_get_next_id)) {
      using btf = openBtf(id);
      if (isKernels(btf)) return bytesOf(btf);
    }
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
  }
  return undefined;
}

function openBtf(id: number): Fd {
  const fd = libbpf().bpf_btf_get_fd_by_id(id);
  if (fd < 0) throw mapFailure(`open BTF ${id}`, fd);
  return new Fd(fd);
}

function isKernels(btf: Fd): boolean {
  const name = new Uint8Array(NAME_SIZE);
  const info = objectInfo("BTF", btf.number, {
    size: SIZE,
    fill(view) {
      view.setBigUint64(AT.name, addressOf(name), true);
      view.setUint32(AT.nameLength, NAME_SIZE, true);
    },
  });
  const isKernel = info.getUint32(AT.isKernel, true) !== 0;
  return isKernel && cstring(new DataView(name.buffer), 0, NAME_SIZE) === KERNEL;
}

function bytesOf(btf: Fd): Bytes {
  const bytes = new Uint8Array(
    objectInfo("BTF", btf.number, { size: SIZE }).getUint32(AT.size, true),
  );
  objectInfo("BTF", btf.number, {
    size: SIZE,
    fill(view) {
      view.setBigUint64(AT.bytes, addressOf(bytes), true);
      view.setUint32(AT.size, bytes.length, true);
    },
  });
  return bytes;
}
