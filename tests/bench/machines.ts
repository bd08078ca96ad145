/** How long it takes to boot a kernel, test gimlet on it, and come back. */

import { BINARY, run } from "../gimlet.ts";
import { debianKernel, type KernelSeries } from "../vm/kernels.ts";
import { inTurns, type Result, timed } from "./measure.ts";

const ROUNDS = 1; // a minute and more each, with all kernels
const SERIES: readonly KernelSeries[] = ["5.10", "6.1", "6.12", "7.2"];

/** Measures it for each kernel. */
export async function machines(): Promise<Result[]> {
  const runs: Record<string, () => Promise<number>> = {};
  for (const series of SERIES) {
    const { version } = await debianKernel(series);
    runs[`gimlet vm --kernel ${version} -- selftest`] = () => timed(() => selftest(version));
  }
  const rows = await inTurns(ROUNDS, runs);
  return [{
    title: "Boot a kernel, run gimlet selftest on it, and back",
    unit: "ms",
    rows,
    checks: rows.map(({ name, samples }) => ({
      what: name,
      value: Math.max(...samples),
      atMost: 60_000,
    })),
  }];
}

async function selftest(version: string): Promise<void> {
  const words = [BINARY, "vm", "--kernel", version, "--disk", "16M", "--", "selftest"];
  const { status, stdout, stderr } = await run(words);
  if (status !== 0) throw new Error(`Cannot measure ${words.join(" ")}: ${stdout}${stderr}`);
}
