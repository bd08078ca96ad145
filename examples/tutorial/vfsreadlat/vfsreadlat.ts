/** Lesson 11: how long the reads of each program take, every few seconds. As root: deno run -A vfsreadlat.ts [SECONDS] */

import { openObject, printLog2Hist } from "../../../mod.ts";
import { vfsreadlat } from "./vfsreadlat.gen.ts";

const seconds = Number(Deno.args[0] ?? 5);
const interrupted = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
using object = openObject(vfsreadlat).load();
object.program("on_exit").attach();
object.program("on_enter").attach();
const dist = object.map("dist");

function report(): void {
  const counts = dist.takeAll(); // each read is in one report
  printLog2Hist(counts, { unit: "usecs", sectionHeader: "comm", print: console.log });
}

console.log("Tracing... Hit Ctrl-C to end.");
const timer = setInterval(report, seconds * 1000);
await interrupted;
clearInterval(timer);
report();
