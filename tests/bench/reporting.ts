/** Tracers that write a line to a file for each getppid() of one program: gimlet, and the bpftraces that there are. */

import { BINARY, run, Running } from "../gimlet.ts";
import { callsAs } from "./compiled.ts";
import { bpftraces, isThere } from "./peers/peers.ts";

const MAIN = new URL("report_main.ts", import.meta.url).pathname;
/** What a program is called that calls until it is seen. */
const TRIAL = "calls-trial";
const PATIENCE_MS = 20_000;

/** What gimlet is called among them. */
export const OWN = "gimlet";

/** A tracer: its command, and what it says on stderr once it traces, if anything. */
export interface Tracer {
  readonly name: string;
  readonly words: readonly string[];
  readonly ready?: string;
}

/** gimlet, which reports the calls of programs of that name. */
export function gimletReporting(comm: string): Tracer {
  const words = [Deno.execPath(), "run", "-A", MAIN, "--comm", comm, "--ready-fd", "2"];
  return { name: OWN, words, ready: "ready" };
}

/** What a script reports: the calls of the programs of that name, each so many times. */
export interface ScriptReport {
  readonly comm: string;
  readonly times?: number;
}

/** gimlet, which reports the same by the script that is given to the bpftraces. */
export function gimletScript(report: ScriptReport): Tracer {
  const words = [BINARY, "--ready-fd", "2", "-e", scriptOf(report)];
  return { name: OWN, words, ready: "ready" };
}

/** The bpftraces that report the same, and why there are no others. */
export async function bpftracesReporting(
  report: ScriptReport,
): Promise<{ readonly tracers: readonly Tracer[]; readonly notes: readonly string[] }> {
  const script = scriptOf(report);
  const peers = await bpftraces();
  return {
    tracers: peers.filter(isThere)
      .map(({ name, words }) => ({ name, words: [...words, "-e", script] })),
    notes: peers.flatMap((peer) => isThere(peer) ? [] : [`${peer.name}: ${peer.why}`]),
  };
}

function scriptOf({ comm, times = 1 }: ScriptReport): string {
  const line = 'printf("%llu %s %d\\n", nsecs, comm, pid);';
  const body = times === 1 ? line : `unroll(${times}) { ${line} }`;
  const filter = `comm == "${comm}" || comm == "${TRIAL}"`;
  return `tracepoint:syscalls:sys_enter_getppid /${filter}/ { ${body} }`;
}

/** Starts a tracer that writes to a file; gives it once it traces. */
export async function startReporting({ words, ready }: Tracer, file: string): Promise<Running> {
  await Deno.writeTextFile(file, ""); // for those who look at it before the tracer has begun
  // What it says of itself is read here.
  const running = new Running(["sh", "-c", `exec "$@" 2>&1 > ${file}`, "sh", ...words]);
  await (ready === undefined ? untilTraced(file) : running.until(ready));
  return running;
}

/** Ends a tracer; gives how many of its lines match. */
export async function linesReported(
  running: Running,
  file: string,
  pattern: string,
): Promise<number> {
  running.kill("SIGINT");
  await running.finished();
  const { stdout } = await run(["grep", "-cE", pattern, file]);
  await Deno.remove(file);
  return Number.parseInt(stdout);
}

/** Calls under another name, until some of the calls have come through. */
async function untilTraced(file: string): Promise<void> {
  const trial = await callsAs(TRIAL);
  const patience = performance.now() + PATIENCE_MS;
  while ((await Deno.stat(file)).size < 4096) {
    await run([trial, "getppid", "2000"]);
    if (performance.now() > patience) throw new Error("Nothing is traced after 20 seconds");
  }
}
