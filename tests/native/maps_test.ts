/** Maps of every type, on the kernel of this machine. */

import { assertEquals } from "../assert.ts";
import { run } from "../gimlet.ts";
import { runTrial, TRIALS } from "../maps/trials.ts";
import { root, test } from "../support.ts";

/** A bpf file system of its own. */
async function bpffs(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "gimlet-maps-" });
  assertEquals((await run(["mount", "-t", "bpf", "bpf", path])).stderr, "");
  return {
    path,
    async [Symbol.asyncDispose]() {
      assertEquals((await run(["umount", path])).stderr, "");
      await Deno.remove(path);
    },
  };
}

for (const trial of TRIALS) {
  test(`map: ${trial.name}`, { needs: [root] }, async () => {
    await using pins = await bpffs();
    await runTrial(trial, pins.path);
  });
}
