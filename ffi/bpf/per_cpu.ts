import { requireLength } from "../wire/check.ts";
import type { Codec } from "../wire/codec.ts";
import { libbpf } from "../raw/libbpf.ts";

/** The values of one key of a per-CPU map: a list with one item for each possible CPU, each on a multiple of 8 bytes. */
export function perCpu<T>(value: Codec<T>): Codec<readonly T[]> {
  const cpus = libbpf().libbpf_num_possible_cpus();
  const slot = Math.ceil(value.size / 8) * 8;
  return {
    size: slot * cpus,
    shape: { items: value.shape, length: cpus },
    decode: (view, at) => Array.from({ length: cpus }, (_, i) => value.decode(view, at + i * slot)),
    encode(view, at, values, what) {
      requireLength(values, cpus, what);
      values.forEach((item, i) => value.encode(view, at + i * slot, item, what));
    },
  };
}

/** The sum of counters, one for each CPU. */
export function sumOf(counts: readonly bigint[] | undefined): bigint {
  return (counts ?? []).reduce((sum, count) => sum + count, 0n);
}
