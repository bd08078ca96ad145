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
    decode(view, at) {
      const values: T[] = [];
      for (let i = 0; i < cpus; i++) values.push(value.decode(view, at + i * slot));
      return values;
    },
    encode(view, at, values, what) {
      requireLength(values, cpus, what);
      values.forEach((item, i) => value.encode(view, at + i * slot, item, what));
    },
  };
}

/** The sum of counters, one for each CPU, as a per-CPU map has them; 0 of none: BCC's `sum`. */
export function sumOf(counts: readonly (number | bigint)[] | undefined): bigint {
  return (counts ?? []).reduce<bigint>((sum, count) => sum + BigInt(count), 0n);
}

/** The largest of the values of all CPUs, as a per-CPU map has them; `undefined` of none: BCC's `max`. */
export function maxOf<T extends number | bigint>(values: readonly T[] | undefined): T | undefined {
  return values?.reduce<T | undefined>(
    (max, value) => max === undefined || value > max ? value : max,
    undefined,
  );
}
