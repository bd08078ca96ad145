/** What is opened and closed is gone. */

import { assert, assertEquals } from "../assert.ts";
import { run } from "../gimlet.ts";
import { NOTHING } from "../left_behind.ts";
import { root, test } from "../support.ts";

const MAIN = new URL("leak_main.ts", import.meta.url).pathname;

test("10,000 objects are opened, attached and closed, and nothing grows", {
  needs: [root],
}, async () => {
  const words = [Deno.execPath(), "run", "-A", "--no-check", MAIN, "10000"];
  const { status, stdout, stderr } = await run(words);
  assertEquals([status, stderr], [0, ""]);
  const { before, during, after, left } = JSON.parse(stdout);
  assertEquals(during, { programs: 1, maps: 3, links: 1 });
  assertEquals([after.fds, left], [before.fds, NOTHING]);
  assert(after.rss < before.rss * 1.1, `RSS was ${before.rss}, is ${after.rss}`);
});
