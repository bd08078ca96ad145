/** A test of what a program does in the kernel. As root, after `deno task build`: deno test -A examples/deno_test */

import { expectEvents } from "../../mod.ts";
import helloPerfOutput from "../../programs/tools/hello_perf_output/hello_perf_output.ts";

Deno.test({
  name: "a shell starts a process for each of its commands, but for the last",
  sanitizeResources: false, // libbpf stays open
  async fn() {
    const events = await expectEvents(helloPerfOutput, {
      command: ["sh", "-c", "/bin/true; /bin/true; exec /bin/true"],
      where: ({ comm }) => comm === "sh",
      atLeast: 2,
    });
    const shells = new Set(events.map(({ tgid }) => tgid));
    console.log(`${events.length} processes, by ${shells.size} shell`);
  },
});
