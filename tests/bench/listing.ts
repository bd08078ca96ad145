/** How long it takes to list every probe of Debian's 6.12, beside the bpftrace of the same Debian. */

import { runVm } from "../../cmd/vm/vm.ts";
import { BINARY } from "../gimlet.ts";
import { bpftraceFor } from "../vm/debian_bpftrace.ts";
import { debianKernel } from "../vm/kernels.ts";
import { ratio, type Result, type Row } from "./measure.ts";

const ROUNDS = 3;
const GIMLET = "gimlet -l";
const BPFTRACE = "bpftrace -l";

/** Measures it inside of one machine, in turns, when both have run once. */
export async function listing(): Promise<Result[]> {
  const kernel = await debianKernel("6.12");
  const { files, prepare, call } = await bpftraceFor("6.12");
  const measured = (name: string, command: string) =>
    `s=$EPOCHREALTIME; ${command} -l > /dev/null 2>&1; e=$EPOCHREALTIME; ` +
    `echo "${name} $(( (\${e/./} - \${s/./}) / 1000 ))"`;
  const script = `${prepare}
/gimlet -l > /dev/null 2>&1; ${call} -l > /dev/null 2>&1
for i in ${"x ".repeat(ROUNDS)}; do ${measured("ours", "/gimlet")}; ${
    measured("theirs", call)
  }; done`;
  const { status, stdout, stderr } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    memory: 3072,
    timeout: 900,
    files: ["/bin/sh", "/bin/bash", ...files],
    command: ["/bin/bash", "-c", script],
  });
  if (status !== 0) throw new Error(`Cannot measure ${GIMLET}: ${stdout}${stderr}`);
  const samples = (name: string) =>
    Array.from(stdout.matchAll(new RegExp(`^${name} (\\d+)$`, "gm")), ([, ms]) => Number(ms));
  const rows: Row[] = [
    { name: GIMLET, samples: samples("ours") },
    { name: BPFTRACE, samples: samples("theirs") },
  ];
  return [{
    title: "List every probe of Linux 6.12 under QEMU",
    unit: "ms",
    rows,
    base: BPFTRACE,
    checks: [{
      what: "gimlet's part of bpftrace's time",
      value: ratio(rows, GIMLET, BPFTRACE),
      atMost: 0.5,
    }],
  }];
}
