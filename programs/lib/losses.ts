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

/** The map of the counters. */
export const LOSSES = "gimlet_losses";

/** Watches the loss counters of one object. */
export class LossMeter {
  readonly #map: PerCpuMap<number, bigint> | undefined;
  readonly #told = new Map<LossReason, bigint>();

  /** An object that does not count its losses has none to tell of. */
  constructor(object: LoadedObject<Skeleton>) {
    if (!Object.hasOwn(object.skeleton.maps, LOSSES)) return;
    this.#map = object.map(LOSSES) as unknown as PerCpuMap<number, bigint>;
  }

  /** The lines that the program has given to trace_pipe. */
  get printed(): bigint {
    return this.#total(PRINTED);
  }

  /** What was lost since the last call. */
  news(): LostValue[] {
    return REASONS.flatMap((reason, slot) => {
      const total = this.#total(slot);
      const count = total - (this.#told.get(reason) ?? 0n);
      this.#told.set(reason, total);
      return count > 0n ? [{ type: "lost", reason, count } as const] : [];
    });
  }

  #total(slot: number): bigint {
    return this.#map === undefined ? 0n : sumOf(this.#map.get(slot));
  }
}
