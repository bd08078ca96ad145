/** Lesson 9: the sizes of block I/O, of one disk or of all. As root: deno run -A bitehist.ts [MAJOR:MINOR] */

import { openObject, printLog2Hist } from "../../../mod.ts";
import { bitehist } from "./bitehist.gen.ts";

const [major = 0, minor = 0] = (Deno.args[0] ?? "").split(":").map(Number);

const interrupted = new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
using object = openObject(bitehist).setGlobal("disk", major << 20 | minor).load();
object.program("on_issue").attach();

console.log("Tracing... Hit Ctrl-C to end.");
await interrupted;
printLog2Hist(object.map("dist"), { unit: "kbytes", print: console.log });
