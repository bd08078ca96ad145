/** What programs could not deliver, as they count it themselves (`gimlet_losses` in `gimlet.bpf.h`). */

import type { LoadedObject } from "../../ffi/bpf/object.ts";
import { type PerCpuMap, sumOf } from "../../ffi/bpf/map.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import type { LossReason, LostValue } from "./value.ts";

// enum gimlet_loss
const REASONS: readonly LossReason[] = [
  "buffer_full",
  "map_full",
  "read_fault",
  "print_failed",
  "return_missed",
];
const PRINTED = REASONS.length;

/** Watches the loss counters of one object. */
export class LossMeter {
  readonly #map: PerCpuMap<number, bigint>;
  readonly #told = new Map<LossReason, bigint>();

  constructor(object: LoadedObject<Skeleton>) {
    this.#map = object.map("gimlet_losses") as unknown as PerCpuMap<number, bigint>;
  }

  /** The lines that the program has given to trace_pipe. */
  get printed(): bigint {
    return sumOf(this.#map.get(PRINTED));
  }

  /** What was lost since the last call. */
  news(): LostValue[] {
    return REASONS.flatMap((reason, slot) => {
      const total = sumOf(this.#map.get(slot));
      const count = total - (this.#told.get(reason) ?? 0n);
      this.#told.set(reason, total);
      return count > 0n ? [{ type: "lost", reason, count } as const] : [];
    });
  }
}
