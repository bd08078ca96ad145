import { ERRNO } from "../errno.ts";
import { duplicate, type Fd } from "../raw/fd.ts";
import { LibcError } from "../raw/libc.ts";
import { libbpf } from "../raw/libbpf.ts";
import { openPerfCounter } from "../raw/perf_event.ts";
import { type PerfEventTarget, typeAndConfig } from "./attach/perf_event.ts";
import { u32 } from "../wire/codec.ts";
import { attachFailure, mapFailure } from "./failure.ts";
import { encoded } from "./map_bytes.ts";

/** The map that the counters go into. */
interface CounterMap {
  readonly name: string;
  readonly fd: number;
}

/** The counters of an event, one for each CPU that was online, in a perf event array: {@linkcode LoadedObject.perfCounters}. */
export class PerfCounters implements Disposable {
  readonly #counters = new Map<number, Fd>();
  readonly #map: Fd;

  /** @internal */
  constructor(map: CounterMap, event: PerfEventTarget["event"]) {
    const cpus = libbpf().libbpf_num_possible_cpus();
    this.#map = duplicate(map.fd);
    try {
      for (let cpu = 0; cpu < cpus; cpu++) this.#open(map.name, event, cpu);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #open(map: string, event: PerfEventTarget["event"], cpu: number): void {
    const counter = opened(map, event, cpu);
    if (counter === undefined) return;
    this.#counters.set(cpu, counter);
    const [key, value] = [encoded(u32, cpu), encoded(u32, counter.number)];
    const result = libbpf().bpf_map_update_elem(this.#map.number, key, value, 0n);
    if (result < 0) throw mapFailure(`put the counter of CPU ${cpu} into map ${map}`, result);
  }

  /** Takes the counters out of the map, which ends the counting. Twice is safe. */
  [Symbol.dispose](): void {
    for (const [cpu, counter] of this.#counters) {
      libbpf().bpf_map_delete_elem(this.#map.number, encoded(u32, cpu));
      counter[Symbol.dispose]();
    }
    this.#counters.clear();
    this.#map[Symbol.dispose]();
  }
}

/** `undefined` for a CPU that is offline. */
function opened(map: string, event: PerfEventTarget["event"], cpu: number): Fd | undefined {
  try {
    return openPerfCounter(typeAndConfig(event), { pid: -1, cpu });
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    if (error.errno === ERRNO.ENODEV) return undefined;
    const missing = "this machine, often a virtual one, has no such counter";
    throw attachFailure(`counters of map ${map}`, { name: "perf_event", missing }, error.errno);
  }
}
