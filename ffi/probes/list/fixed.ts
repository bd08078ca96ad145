/** Probes that are the same on every kernel: counters of the processor and of the kernel, and timers. */

import { listed, type ListRequest, type ProbeList } from "./listed.ts";
import { type ListedType, matcher } from "./pattern.ts";

/** `PERF_COUNT_HW_*` and `PERF_COUNT_SW_*`, with bpftrace's other names for some. */
const NAMES: Readonly<Partial<Record<ListedType, readonly string[]>>> = {
  hardware: [
    ...["backend-stalls", "branch-instructions", "branch-misses", "branches", "bus-cycles"],
    ...["cache-misses", "cache-references", "cpu-cycles", "cycles", "frontend-stalls"],
    ...["instructions", "ref-cycles"],
  ],
  software: [
    ...["alignment-faults", "bpf-output", "context-switches", "cpu", "cpu-clock", "cpu-migrations"],
    ...["cs", "dummy", "emulation-faults", "faults", "major-faults", "minor-faults", "page-faults"],
    "task-clock",
  ],
  interval: ["hz", "ms", "s", "us"],
  profile: ["hz", "ms", "s", "us"],
};

/** Lists `hardware:cycles:`, with a colon behind which a count or frequency stands. */
export function listFixed(request: ListRequest): ProbeList {
  const [wanted = "*"] = request.parts;
  const names = (NAMES[request.type] ?? []).filter(matcher([wanted]));
  return listed(request, names.map((name) => `${name}:`));
}
