/** Maps of every type, on Debian's kernels: one machine for each kernel. */

import { compileProgram } from "../../build.ts";
import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { TRIALS } from "../maps/trials.ts";
import { needsProgram, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

let compiled: Promise<string> | undefined;

/** The trials as one binary, which is gimlet's guest as well. */
async function compile(): Promise<string> {
  const output = `${ROOT}dist/workload/maps`;
  await compileProgram({
    entry: `${ROOT}tests/maps/main.ts`,
    embedded: [`${ROOT}tests/workload/maps/maps.bpf.o`],
    output,
  });
  return output;
}

for (const series of ["6.1", "6.12", "7.2"] as const) {
  test(`${series}: maps of every type`, { needs: [qemu, needsProgram("npx")] }, async () => {
    const kernel = await debianKernel(series);
    const { status, stdout, stderr } = await runVm({
      kernel: kernel.path,
      binary: await (compiled ??= compile()),
      command: ["/gimlet", "/sys/fs/bpf"],
      timeout: 300,
    });
    assertEquals([status, stderr], [0, ""], stdout);
    const outcomes = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(outcomes, TRIALS.map(({ name }) => ({ name, complaint: "" })));
  });
}
