/**
 * What tracing costs the traced program: every call of one reported, with time, command and pid, to a file. Told is the time that the
 * traced program's CPU spends: how long it takes by the clock depends on what else the machine has to do.
 */

import { report } from "../workload/report/report.gen.ts";
import { run, workload } from "../gimlet.ts";
import { compiledPeer } from "./compiled.ts";
import { inTurns, median, ratio, type Result, type Row } from "./measure.ts";
import {
  bpftracesReporting,
  gimletReporting,
  linesReported,
  OWN,
  startReporting,
  type Tracer,
} from "./reporting.ts";

const ROUNDS = 5;
const CALLS = 1_000_000;
const FILE = "/dev/shm/gimlet-bench-calls";
const CALLER = "calls";

const LIBBPF = "a C program on libbpf, the same object";
/** What gimlet may cost of what versions of bpftrace do. */
const SHARES = { "bpftrace 0.17": 0.08, "bpftrace 0.27": 0.8 } as const;

/** Measures it. */
export async function cost(): Promise<Result[]> {
  const calls = await workload(CALLER);
  const command = [calls, "getppid", String(CALLS)];
  const bare = async () => (await cpuTime(command)).ms;
  const lost = new Map<string, number[]>();
  const under = (tracer: Tracer) => async () => {
    const running = await startReporting(tracer, FILE);
    const { ms, pid } = await cpuTime(command);
    const lines = await linesReported(running, FILE, ` ${CALLER} +${pid}$`);
    lost.set(tracer.name, [...lost.get(tracer.name) ?? [], CALLS - lines]);
    return ms;
  };
  const { tracers: peers } = await bpftracesReporting({ comm: CALLER });
  const tracers = [gimletReporting(CALLER), await programByHand(), ...peers];
  const whole = await inTurns(ROUNDS, {
    bare,
    ...Object.fromEntries(tracers.map((tracer) => [tracer.name, under(tracer)])),
  });
  const base = median(whole[0]!.samples);
  const rows: Row[] = whole.slice(1).map(({ name, samples }) => ({
    name: `${name}: ${median(lost.get(name)!)} lost`,
    samples: samples.map((ms) => (ms - base) * 1e6 / CALLS),
  }));
  const named = (name: string) => rows.find((row) => row.name.startsWith(name))?.name;
  const [own, byHand] = [named(OWN)!, named(LIBBPF)!];
  return [{
    title: `Added to each of ${CALLS} system calls of ${(base * 1e6 / CALLS).toFixed(0)} ns`,
    unit: "ns of CPU a call",
    rows,
    base: own,
    checks: [
      { what: "events lost", value: Math.max(...lost.get(OWN)!), atMost: 0 },
      { what: "of the C program's cost", value: ratio(rows, own, byHand), atMost: 1.2 },
      ...Object.entries(SHARES).flatMap(([version, atMost]) => {
        const peer = named(version);
        if (peer === undefined) return [];
        return [{ what: `of the cost of ${version}`, value: ratio(rows, own, peer), atMost }];
      }),
    ],
  }];
}

/** The C program, which is told where the object has its variables. */
async function programByHand(): Promise<Tracer> {
  const { gimlet_comm, gimlet_armed } = report.globals;
  const variables = `${gimlet_comm.offset},${gimlet_armed.offset}`;
  const words = [await compiledPeer("report"), report.object.pathname, variables];
  return { name: LIBBPF, words, ready: "ready" };
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
