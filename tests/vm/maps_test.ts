/** Maps of every type, on Debian's kernels: one machine for each kernel. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { TRIALS } from "../maps/trials.ts";
import { needsProgram, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";
import { trialsBinary } from "./trials.ts";

for (const series of ["6.1", "6.12", "7.2"] as const) {
  test(`${series}: maps of every type`, { needs: [qemu, needsProgram("npx")] }, async () => {
    const kernel = await debianKernel(series);
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      binary: await trialsBinary("maps"),
      command: ["/gimlet", "/sys/fs/bpf"],
      timeout: 300,
    });
    assertEquals([status, stderr], [0, ""], stdout);
    const outcomes = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(outcomes, TRIALS.map(({ name }) => ({ name, complaint: "" })));
  });
}
