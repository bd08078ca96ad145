/** What tracing costs: how often and how long the programs ran, as the kernel counts it, and what this process used. */

import type { Program } from "../../ffi/bpf/program.ts";
import { enableStats } from "../../ffi/bpf/program_info.ts";
import { ownCpuTime, ownPeakMemory } from "../../ffi/host/usage.ts";
import type { StatsValue } from "./value.ts";

/** Counts from when it is made until it is disposed of. Counting itself costs each run of a program some tens of ns. */
export class OverheadMeter implements Disposable {
  readonly #programs: readonly Program[];
  readonly #counting: Disposable;
  #lastRunTime = 0n;
  #lastLook = 0n;

  /** @throws {BpfError} E_PERMISSION without CAP_SYS_ADMIN, E_UNSUPPORTED before Linux 5.8 */
  constructor(programs: readonly Program[]) {
    this.#programs = programs;
    this.#counting = enableStats();
  }

  /** The share of one CPU that the programs took since the last call, in percent; `elapsed` is the time since the first, in ns. */
  percentSince(elapsed: bigint): number {
    const runTime = this.#programs.reduce((sum, program) => sum + program.stats().runTimeNs, 0n);
    const share = Number(runTime - this.#lastRunTime) / Number(elapsed - this.#lastLook);
    this.#lastRunTime = runTime;
    this.#lastLook = elapsed;
    return share * 100;
  }

  /** All of it, after so many ns. */
  value(duration_ns: bigint): StatsValue {
    return {
      type: "stats",
      duration_ns,
      programs: this.#programs.map((program) => {
        const { runCount, runTimeNs, recursionMisses } = program.stats();
        const { name } = program;
        return { program: name, runs: runCount, run_time_ns: runTimeNs, missed: recursionMisses };
      }),
      own_cpu_ns: ownCpuTime(),
      own_peak_bytes: ownPeakMemory(),
    };
  }

  [Symbol.dispose](): void {
    this.#counting[Symbol.dispose]();
  }
}
