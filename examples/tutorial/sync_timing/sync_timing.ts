/** Lesson 4: two syncs within a second, and the time between them. As root: deno run -A sync_timing.ts */

import { openObject, traceFields } from "../../../mod.ts";
import { sync_timing } from "./sync_timing.gen.ts";

const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());

using object = openObject(sync_timing).load();
object.program("on_sync").attach();

console.log("Tracing for quick sync's... Ctrl-C to end");
let start: bigint | undefined;
for await (
  const { ts, pid, message } of traceFields({
    message: /^multiple syncs detected/,
    signal: stop.signal,
  })
) {
  start ??= ts;
  const seconds = Number(ts - start) / 1e9;
  console.log(`At time ${seconds.toFixed(2)} s: ${message} (thread ${pid})`);
}
