/** Lesson 7: new processes as typed records, through a perf buffer. As root: deno run -A hello_perf_output.ts */

import { openObject } from "../../../mod.ts";
import { hello_perf_output } from "./hello_perf_output.gen.ts";

const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());

using object = openObject(hello_perf_output).load();
using buffer = object.perfBuffer("events", {
  onLost: (count) => console.error(`lost ${count} events`),
});
object.program("hello").attach();

console.log("TIME(s)            COMM             PID    MESSAGE");
let start: bigint | undefined;
for await (const { ts, comm, pid } of buffer.events({ signal: stop.signal })) {
  start ??= ts;
  const time = (Number(ts - start) / 1e9).toFixed(9);
  console.log(`${time.padEnd(18)} ${comm.padEnd(16)} ${`${pid}`.padEnd(6)} Hello, perf_output!`);
}
