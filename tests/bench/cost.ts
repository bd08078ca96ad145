/**
 * What tracing costs the traced program: every call of one reported, with time, command and pid, to a file. Told is the time that the
 * traced program's CPU spends: how long it takes by the clock depends on what else the machine has to do.
 */

import { report } from "../workload/report/report.gen.ts";
import { run, Running, workload } from "../gimlet.ts";
import { inTurns, median, ratio, type Result, type Row } from "./measure.ts";
import { bpftraces, isThere } from "./peers/peers.ts";

const ROUNDS = 5;
const CALLS = 1_000_000;
const FILE = "/dev/shm/gimlet-bench-calls";
const ROOT = new URL("../..", import.meta.url).pathname;

const TRIAL = "calls-trial";
const GIMLET = "gimlet";
const LIBBPF = "a C program on libbpf, the same object";
/** What gimlet may cost of what versions of bpftrace do. */
const SHARES = { "bpftrace 0.17": 0.08, "bpftrace 0.27": 0.8 } as const;

/** A tracer: how it is run, and what it says on stderr once it traces. */
interface Tracer {
  readonly words: readonly string[];
  /** Without it, it says nothing: it has to be tried. */
  readonly ready?: string;
}

/** Measures it. */
export async function cost(): Promise<Result[]> {
  const calls = await workload("calls");
  const command = [calls, "getppid", String(CALLS)];
  const bare = async () => (await cpuTime(command)).ms;
  const lost = new Map<string, number[]>();
  const under = (name: string, tracer: Tracer) => async () => {
    const { ms, lines } = await traced(tracer, () => cpuTime(command));
    lost.set(name, [...lost.get(name) ?? [], CALLS - lines]);
    return ms;
  };
  const tracers = await all();
  const whole = await inTurns(ROUNDS, {
    bare,
    ...Object.fromEntries(
      Object.entries(tracers).map(([name, tracer]) => [name, under(name, tracer)]),
    ),
  });
  const base = median(whole[0]!.samples);
  const rows: Row[] = whole.slice(1).map(({ name, samples }) => ({
    name: `${name}: ${median(lost.get(name)!)} lost`,
    samples: samples.map((ms) => (ms - base) * 1e6 / CALLS),
  }));
  const named = (name: string) => rows.find((row) => row.name.startsWith(name))?.name;
  const [own, byHand] = [named(GIMLET)!, named(LIBBPF)!];
  return [{
    title: `Added to each of ${CALLS} system calls of ${(base * 1e6 / CALLS).toFixed(0)} ns`,
    unit: "ns of CPU a call",
    rows,
    base: own,
    checks: [
      { what: "events lost", value: Math.max(...lost.get(GIMLET)!), atMost: 0 },
      { what: "of the C program's cost", value: ratio(rows, own, byHand), atMost: 1.2 },
      ...Object.entries(SHARES).flatMap(([version, atMost]) => {
        const peer = named(version);
        if (peer === undefined) return [];
        return [{ what: `of the cost of ${version}`, value: ratio(rows, own, peer), atMost }];
      }),
    ],
  }];
}

async function all(): Promise<Record<string, Tracer>> {
  const main = new URL("./report_main.ts", import.meta.url).pathname;
  const line = 'printf("%llu %s %d\\n", nsecs, comm, pid);';
  const script =
    `tracepoint:syscalls:sys_enter_getppid /comm == "calls" || comm == "${TRIAL}"/ { ${line} }`;
  const peers = (await bpftraces()).filter(isThere);
  return {
    [GIMLET]: {
      words: [Deno.execPath(), "run", "-A", main, "-v", "--comm", "calls"],
      ready: "attached tp_btf:",
    },
    [LIBBPF]: { words: await byHand(), ready: "ready" },
    ...Object.fromEntries(
      peers.map(({ name, words }) => [name, { words: [...words, "-e", script] }]),
    ),
  };
}

/** Compiles the C program; it is told where the object has its variables. */
async function byHand(): Promise<string[]> {
  const program = `${ROOT}dist/bench/report`;
  await Deno.mkdir(`${ROOT}dist/bench`, { recursive: true });
  const source = `${ROOT}tests/bench/peers/report.c`;
  const { status, stderr } = await run(["gcc", "-O2", "-o", program, source, "-lbpf"]);
  if (status !== 0) throw new Error(`Cannot compile ${source}: ${stderr}`);
  const { gimlet_comm, gimlet_armed } = report.globals;
  return [program, report.object.pathname, `${gimlet_comm.offset},${gimlet_armed.offset}`];
}

/** Runs a command; gives its CPU time, in ms, its own and that of the kernel for it, and its pid. */
async function cpuTime(command: readonly string[]): Promise<{ ms: number; pid: number }> {
  const script = 'TIMEFORMAT="%U %S"; time "$@"';
  const tellPid = ["sh", "-c", 'echo $$ >&2; exec "$@"', "sh"];
  const { status, stderr } = await run(["bash", "-c", script, "bash", ...tellPid, ...command]);
  if (status !== 0) throw new Error(`Cannot run ${command.join(" ")}: ${stderr}`);
  const [pid = NaN, user = NaN, system = NaN] = stderr.trim().split(/\s+/).map(Number);
  return { ms: (user + system) * 1000, pid };
}

/** Calls under another name, until some of them have come through. */
async function untilTraced(): Promise<void> {
  const trial = `${ROOT}dist/bench/${TRIAL}`;
  await Deno.copyFile(await workload("calls"), trial);
  do await run([trial, "getppid", "2000"]); while ((await Deno.stat(FILE)).size < 4096);
}

/** Lets a tracer write to a file while something is done; gives the time of that, and the lines about it in the file. */
async function traced(
  { words, ready }: Tracer,
  work: () => Promise<{ ms: number; pid: number }>,
): Promise<{ ms: number; lines: number }> {
  const script = `exec "$@" 2>&1 > ${FILE}`; // what it says of itself is read here
  const running = new Running(["sh", "-c", script, "sh", ...words]);
  await (ready === undefined ? untilTraced() : running.until(ready));
  const { ms, pid } = await work();
  running.kill("SIGINT");
  await running.finished();
  const { stdout } = await run(["grep", "-cE", ` calls +${pid}$`, FILE]);
  await Deno.remove(FILE);
  return { ms, lines: Number.parseInt(stdout) };
}
