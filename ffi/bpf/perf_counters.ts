import { ERRNO } from "../errno.ts";
import type { Fd } from "../raw/fd.ts";
import { LibcError } from "../raw/libc.ts";
import { libbpf } from "../raw/libbpf.ts";
import { openPerfCounter } from "../raw/perf_event.ts";
import { type PerfEventTarget, typeAndConfig } from "./attach/perf_event.ts";
import { attachFailure, mapFailure } from "./failure.ts";

/** The map that the counters go into. */
interface CounterMap {
  readonly name: string;
  readonly fd: number;
}

/** The counters of an event, one for each CPU that was online, in a perf event array: {@linkcode LoadedObject.perfCounters}. */
export class PerfCounters implements Disposable {
  readonly #counters: Fd[] = [];

  /** @internal */
  constructor(map: CounterMap, event: PerfEventTarget["event"]) {
    const cpus = libbpf().libbpf_num_possible_cpus();
    try {
      for (let cpu = 0; cpu < cpus; cpu++) this.#open(map, event, cpu);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #open({ name, fd }: CounterMap, event: PerfEventTarget["event"], cpu: number): void {
    const counter = opened(name, event, cpu);
    if (counter === undefined) return;
    this.#counters.push(counter);
    const [key, value] = [Uint32Array.of(cpu), Int32Array.of(counter.number)]
      .map(({ buffer }) => new Uint8Array(buffer));
    const result = libbpf().bpf_map_update_elem(fd, key!, value!, 0n);
    if (result < 0) throw mapFailure(`put the counter of CPU ${cpu} into map ${name}`, result);
  }

  /** Ends the counting: the kernel takes the counters out of the map. Twice is safe. */
  [Symbol.dispose](): void {
    for (const counter of this.#counters) counter[Symbol.dispose]();
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
