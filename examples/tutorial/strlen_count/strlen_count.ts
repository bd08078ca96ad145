/** Lesson 14: the strings that programs call `strlen()` on, counted. As root: deno run -A strlen_count.ts */

import { findUserFunction, openObject, sumOf } from "../../../mod.ts";
import { strlen_count } from "./strlen_count.gen.ts";

const interrupted = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
using object = openObject(strlen_count).load();
const { path, offsets } = findUserFunction("c", "strlen"); // one place for each of its variants
for (const offset of offsets) object.program("on_strlen").attachUprobe({ path, offset });

console.log("Tracing strlen()... Hit Ctrl-C to end.");
await interrupted;

const counts = Array.from(object.map("counts"), ([{ c }, each]) => [c, sumOf(each)] as const);
console.log("     COUNT STRING");
for (const [string, count] of counts.toSorted(([, a], [, b]) => Number(a - b))) {
  console.log(`${`${count}`.padStart(10)} ${JSON.stringify(string)}`);
}
