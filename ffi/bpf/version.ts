import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";
import { fromCString } from "../raw/memory.ts";

/** libbpf's version, such as `v1.1`; `undefined` where no usable libbpf is installed. */
export function libbpfVersion(): string | undefined {
  try {
    return fromCString(libbpf().libbpf_version_string());
  } catch (error) {
    if (error instanceof BpfError) return undefined;
    throw error;
  }
}
