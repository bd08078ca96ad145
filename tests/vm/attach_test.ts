/** Every place that programs attach to, on Debian's kernels: one machine for each kernel. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { type Lab, type Need, type Outcome, TRIALS } from "../attach/trials.ts";
import { workload } from "../gimlet.ts";
import { gcc, needsProgram, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";
import { trialsBinary } from "./trials.ts";

const LAB: Lab = {
  calls: "/bin/calls",
  waiter: "/bin/waiter",
  cgroups: "/sys/fs/cgroup",
  pins: "/sys/fs/bpf",
};

/** What each kernel lacks, with libbpf as it is on this machine, and how that is told. */
const LACKING: Readonly<Record<"6.1" | "6.12" | "7.2", Partial<Record<Need, string>>>> = {
  "6.1": {
    "kprobe.multi": "E_UNSUPPORTED",
    "patterns": "E_UNSUPPORTED",
    "uprobe.multi": "E_UNSUPPORTED",
    "tcx": "E_UNSUPPORTED",
    "raw_tp cookies": "E_VERIFIER",
    "hardware counters": "E_NO_PROBE",
  },
  "6.12": { "raw_tp cookies": "E_UNSUPPORTED", "hardware counters": "E_NO_PROBE" },
  "7.2": { "raw_tp cookies": "E_UNSUPPORTED", "hardware counters": "E_NO_PROBE" },
};

async function outcomesOn(series: KernelSeries): Promise<Outcome[]> {
  const kernel = await debianKernel(series);
  const { status, stdout, stderr } = await runVm({
    kernel: kernel.path,
    modules: kernel.modulesFor(["sch_ingress", "cls_bpf"]),
    binary: await trialsBinary("attach", ["attach", "congestion"]),
    files: [
      { source: await workload("calls"), target: LAB.calls },
      { source: await workload("waiter"), target: LAB.waiter },
    ],
    command: ["/gimlet", JSON.stringify(LAB)],
    timeout: 300,
  });
  assertEquals([status, stderr], [0, ""], stdout);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** As the program in the machine writes it. */
function asWritten(value: unknown): unknown {
  const exact = (_: string, value: unknown) => typeof value === "bigint" ? `${value}n` : value;
  return JSON.parse(JSON.stringify(value, exact));
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

for (const series of ["6.1", "6.12", "7.2"] as const) {
  test(`${series}: programs attach everywhere, and count exactly`, {
    needs: [qemu, gcc, needsProgram("npx")],
  }, async () => {
    const outcomes = await outcomesOn(series);
    assertEquals(outcomes.map(({ name }) => name), TRIALS.map(({ name }) => name));
    const wrong = TRIALS.flatMap(({ needs, expected }, i) => {
      const outcome = outcomes[i]!;
      const found = "code" in outcome ? outcome.code : outcome.found;
      const wanted = (needs && LACKING[series][needs]) ?? asWritten(expected);
      return equal(found, wanted) ? [] : [{ ...outcome, wanted }];
    });
    assertEquals(wrong, []);
  });
}
