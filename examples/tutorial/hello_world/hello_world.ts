/** Lesson 1: a line for each new process or thread. As root, after `deno task build`: deno run -A hello_world.ts */

import { openObject, tracePrint } from "../../../mod.ts";
import { hello_world } from "./hello_world.gen.ts";

const stop = new AbortController();
Deno.addSignalListener("SIGINT", () => stop.abort());

using object = openObject(hello_world).load();
object.program("hello").attach(); // its section says where

console.log("Tracing... Hit Ctrl-C to end.");
for await (const line of tracePrint({ message: /^Hello, World!$/, signal: stop.signal })) {
  console.log(line);
}
