/** How attaching grows: tracepoints and functions of a program on this machine's kernel, kernel functions under QEMU. */

import { compileProgram } from "../../build.ts";
import { runVm } from "../../cmd/vm/vm.ts";
import { run } from "../gimlet.ts";
import { debianKernel } from "../vm/kernels.ts";
import { attachingInUserSpace } from "./attaching_in_user_space.ts";
import { compiledFunctions } from "./compiled.ts";
import type { Curve, Point, Result } from "./measure.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const MAIN = `${ROOT}tests/bench/attach_main.ts`;
const BINARY = `${ROOT}dist/bench/attach`;
const SERIES = "6.12";
const MULTI = `kprobe.multi, Linux ${SERIES} under QEMU`;
const FUNCTIONS = `kprobes one by one, Linux ${SERIES} under QEMU`;
const TRACEPOINTS = "tracepoints one by one, this kernel";
const SCRIPT = "a script's tracepoints of system calls, this kernel";
const USER = "functions of a program one by one, this kernel";
const USER_MULTI = "uprobe.multi, this kernel";
const RAW = "raw tracepoints one by one, this kernel";

/** Measures it, once: the kernel takes its time to let go of so many. */
export async function attaching(): Promise<Result[]> {
  await compileProgram({
    entry: MAIN,
    embedded: [`${ROOT}tests/workload/idle/idle.bpf.o`],
    output: BINARY,
  });
  const { version } = await debianKernel(SERIES);
  const program = await compiledFunctions(1000);
  const curves: Curve[] = [
    { name: TRACEPOINTS, points: pointsOf(await here("tracepoints")) },
    // The first brings what they all need into memory.
    { name: SCRIPT, points: pointsOf(await here("script")).slice(1) },
    { name: RAW, points: pointsOf(await here("raw")) },
    { name: USER, points: pointsOf(await here("uprobes", program)) },
    { name: USER_MULTI, points: pointsOf(await here("uprobe_multi", program)) },
    { name: FUNCTIONS, points: pointsOf(await inGuest("functions")) },
    { name: MULTI, points: pointsOf(await inGuest("multi")) },
  ];
  const all: Result = {
    title: "Attach a program to many places",
    unit: "ms",
    rows: curves.flatMap(({ name, points }) =>
      points.map(([count, ms]) => ({ name: `${name}: ${count}`, samples: [ms] }))
    ),
    charts: [{ file: "attaching", x: "places", y: "ms to attach to all of them", curves }],
    notes: [
      `Each once, after a first one that is not counted. Under QEMU, without KVM, is ${version}: its times count beside each other only. A script's are one program at the raw tracepoint that all system calls pass, and its time is that of loading as well.`,
    ],
  };
  return [all, ...await attachingInUserSpace(program)];
}

async function here(
  kind: "tracepoints" | "script" | "raw" | "uprobes" | "uprobe_multi",
  ...more: readonly string[]
): Promise<string> {
  const words = [Deno.execPath(), "run", "-A", MAIN, kind, ...more];
  const { status, stdout, stderr } = await run(words);
  if (status !== 0) throw new Error(`Cannot measure ${kind}: ${status}: ${stderr}`);
  return stdout;
}

async function inGuest(kind: "functions" | "multi"): Promise<string> {
  const kernel = (await debianKernel(SERIES)).path;
  const command = ["/gimlet", kind];
  const { status, stdout, stderr } = await runVm({ kernel, binary: BINARY, command, timeout: 120 });
  if (status !== 0) throw new Error(`Cannot measure ${kind}: ${status}: ${stdout}${stderr}`);
  return stdout;
}

function pointsOf(text: string): Point[] {
  const lines = text.trim().split("\n").map((line) => line.split(" ").map(Number));
  return lines.map(([count = NaN, ms = NaN]) => [count, ms]);
}
