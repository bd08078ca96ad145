/** How attaching grows: tracepoints on this machine's kernel, kernel functions under QEMU. */

import { compileProgram } from "../../build.ts";
import { runVm } from "../../cmd/vm/vm.ts";
import { run } from "../gimlet.ts";
import { debianKernel } from "../vm/kernels.ts";
import type { Curve, Point, Result } from "./measure.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const MAIN = `${ROOT}tests/bench/attach_main.ts`;
const SERIES = "6.12";
const MULTI = `kprobe.multi, Linux ${SERIES} under QEMU`;
const FUNCTIONS = `kprobes one by one, Linux ${SERIES} under QEMU`;
const TRACEPOINTS = "tracepoints one by one, this kernel";

/** Measures it, once: the kernel takes its time to let go of a thousand tracepoints. */
export async function attaching(): Promise<Result[]> {
  const tracepoints = await run([Deno.execPath(), "run", "-A", MAIN, "tracepoints"]);
  const { version } = await debianKernel(SERIES);
  const curves: Curve[] = [
    { name: TRACEPOINTS, points: pointsOf(tracepoints.stdout) },
    { name: FUNCTIONS, points: pointsOf(await inGuest("functions")) },
    { name: MULTI, points: pointsOf(await inGuest("multi")) },
  ];
  return [{
    title: "Attach a program to many places",
    unit: "ms",
    rows: curves.flatMap(({ name, points }) =>
      points.map(([count, ms]) => ({ name: `${name}: ${count}`, samples: [ms] }))
    ),
    charts: [{ file: "attaching", x: "places", y: "ms", curves }],
    notes: [`Under QEMU, without KVM, is ${version}: its times count beside each other only.`],
  }];
}

async function inGuest(kind: "functions" | "multi"): Promise<string> {
  const binary = `${ROOT}dist/bench/attach`;
  const embedded = [`${ROOT}tests/workload/idle/idle.bpf.o`];
  await compileProgram({ entry: MAIN, embedded, output: binary });
  const kernel = (await debianKernel(SERIES)).path;
  const command = ["/gimlet", kind];
  const { status, stdout, stderr } = await runVm({ kernel, binary, command, timeout: 120 });
  if (status !== 0) throw new Error(`Cannot measure ${kind}: ${status}: ${stdout}${stderr}`);
  return stdout;
}

function pointsOf(text: string): Point[] {
  const lines = text.trim().split("\n").map((line) => line.split(" ").map(Number));
  return lines.map(([count = NaN, ms = NaN]) => [count, ms]);
}
