import { ERRNO, errnoName } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";

/**
 * What the kernel tells of a program or link by its descriptor: `bpf_obj_get_info_by_fd`, a struct of at most `size` bytes.
 * `fill` may put the addresses of buffers into it first. An older kernel leaves the fields zero that it does not know.
 *
 * @throws {BpfError} E_UNSUPPORTED where the descriptor is nothing that the kernel tells of
 */
export function objectInfo(
  what: string,
  fd: number,
  { size, fill }: { readonly size: number; readonly fill?: (info: DataView) => void },
): DataView {
  const info = new DataView(new ArrayBuffer(size));
  fill?.(info);
  const result = libbpf().bpf_obj_get_info_by_fd(fd, info, Uint32Array.of(size));
  if (result >= 0) return info;
  throw new BpfError(`ask the kernel about ${what}`, {
    step: "read",
    code: result === -ERRNO.EINVAL ? "E_UNSUPPORTED" : "E_READ",
    cause: result === -ERRNO.EINVAL
      ? "this kernel has no such object for it (EINVAL)"
      : errnoName(result),
    errno: -result,
  });
}
