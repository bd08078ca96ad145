/** Lesson 16: switches from task to task, counted. As root: deno run -A task_switch.ts */

import { openObject, sumOf } from "../../../mod.ts";
import { task_switch } from "./task_switch.gen.ts";

const interrupted = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
using object = openObject(task_switch).load();
object.program("on_switch").attach();

console.log("Tracing... Hit Ctrl-C to end.");
await interrupted;
for (const [{ prev_pid, curr_pid }, counts] of object.map("stats")) {
  console.log(`task_switch[${prev_pid}->${curr_pid}]=${sumOf(counts)}`);
}
