/** From exec to the end of a short run, beside bpftrace's equivalent. */

import { findProgram } from "../../build.ts";
import { BINARY, run } from "../gimlet.ts";
import { inTurns, type Result, timed } from "./measure.ts";

const ROUNDS = 11;

/** A whole run of a command that must succeed, in ms. */
function whole(words: readonly string[]): () => Promise<number> {
  return () =>
    timed(async () => {
      const { status, stderr } = await run(words);
      if (status !== 0) throw new Error(`Cannot measure ${words.join(" ")}: ${status}: ${stderr}`);
    });
}

/** Measures it. */
export async function start(): Promise<Result[]> {
  const probes = "tracepoint:syscalls:sys_enter_clone,tracepoint:syscalls:sys_enter_vfork";
  const line = 'printf("%d %d %s\\n", nsecs, pid, comm);';
  const bpftrace = "bpftrace, the same by two tracepoints";
  const rows = await inTurns(ROUNDS, {
    "gimlet hello_perf_output --plan tp_btf": whole(
      [BINARY, "hello_perf_output", "--plan", "tp_btf", "--", "/bin/true"],
    ),
    "gimlet hello_perf_output": whole([BINARY, "hello_perf_output", "--", "/bin/true"]),
    ...(findProgram("bpftrace") === undefined
      ? {}
      : { [bpftrace]: whole(["bpftrace", "-e", `${probes} { ${line} }`, "-c", "/bin/true"]) }),
  });
  return [{ title: "Start, trace /bin/true, end", unit: "ms", rows, base: rows.at(-1)!.name }];
}
