/** How fast records become lines of a file: the whole way from the buffer, as in a tool. */

import { ExpectReport } from "../../cmd/expect_report.ts";
import { jsonSink, textSink } from "../../cmd/sinks.ts";
import { Writer } from "../../cmd/writer.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import type { Sink } from "../../programs/lib/session.ts";
import hello from "../../programs/tools/hello_perf_output/hello_perf_output.ts";
import { hello_perf_output } from "../../programs/tools/hello_perf_output/hello_perf_output.gen.ts";
import { run, workload } from "../gimlet.ts";
import { figure, inTurns, median, type Result } from "./measure.ts";

const ROUNDS = 41;
const RECORDS = 15_000;
const TEXT = "text: TIME(s) COMM PID MESSAGE";
const JSON_LINES = "JSON: ts, comm, pid, tgid";

/** Measures it. */
export async function printing(): Promise<Result[]> {
  const calls = await workload("calls");
  using file = await Deno.open("/dev/shm/gimlet-bench-lines", { write: true, create: true });
  await Deno.remove("/dev/shm/gimlet-bench-lines");
  const report = new ExpectReport("bench", { expectations: [], results: "text" });
  const out = new Writer(file);
  const text = textSink(out, report, { verbose: false, results: "text" });
  const json = jsonSink(out, report);
  const rows = await inTurns(ROUNDS, {
    [TEXT]: () => printed(calls, file, text),
    [JSON_LINES]: () => printed(calls, file, json),
  });
  return [{
    title: "From the buffer to a line in a file, for hello_perf_output",
    unit: "ns a line, on one core",
    rows,
    checks: rows.map(({ name, samples }) => ({
      what: `${name} (${figure(1e3 / median(samples))} million lines a second)`,
      value: median(samples),
      atMost: name === TEXT ? 1000 : 2000,
    })),
  }];
}

async function printed(calls: string, file: Deno.FsFile, sink: Sink): Promise<number> {
  using object = openObject(hello_perf_output).loadOnly(new Set(["on_clone_tracepoint"] as const))
    .setGlobal("gimlet_comm", "calls").load();
  using stream = hello.stream!.open(object);
  using _link = object.program("on_clone_tracepoint").attachTracepoint(
    "syscalls",
    "sys_enter_getppid",
  );
  object.setGlobal("gimlet_armed", true);
  await run([calls, "getppid", String(RECORDS)]);
  await file.truncate();
  const start = performance.now();
  const taken = stream.drain(RECORDS, (event) => {
    sink.emit(event);
    return true;
  });
  sink.flush();
  const ns = (performance.now() - start) * 1e6 / taken;
  if (taken !== RECORDS) throw new Error(`${taken} records, should be ${RECORDS}`);
  return ns;
}
