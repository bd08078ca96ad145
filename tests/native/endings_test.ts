/** However a run ends: what happened was seen, and nothing of it stays in the kernel. */

import { census } from "../../ffi/bpf/census.ts";
import { assertEquals } from "../assert.ts";
import { BINARY, gimlet, gimletRecords, ownShell, Running } from "../gimlet.ts";
import { leftBehind, NOTHING } from "../left_behind.ts";
import { ofType } from "../records.ts";
import { binary, capabilities, root, test } from "../support.ts";

const needs = [root, capabilities, binary];
const SHELL = await ownShell();
const RUNS = 100;

test(
  "a command that ends at once is seen in 100 of 100 runs, with its status",
  { needs },
  async () => {
    for (let i = 0; i < RUNS; i++) {
      const expected = i % 97;
      const { status, records } = await gimletRecords([
        ...["hello_perf_output", "--json", "--plan", "tp_btf", "--comm", SHELL.comm],
        ...["--", SHELL.path, "-c", `/bin/true; exit ${expected}`],
      ]);
      assertEquals([i, ofType(records, "event").length, status], [i, 1, expected]);
    }
  },
);

const BANNER = "Tracing... Hit Ctrl-C to end.\n";

/** Starts a tool, and lets `end` end it once it traces. */
async function traced(end: (running: Running) => void): Promise<void> {
  const before = census().programs.length;
  const running = new Running([BINARY, "bitehist"]);
  await running.until(BANNER);
  assertEquals(census().programs.length, before + 1);
  end(running);
  await running.finished();
}

const ENDS: Readonly<Record<string, () => Promise<unknown>>> = {
  "a limit": () =>
    gimlet(["hello_perf_output", "--max-events", "1", "--", SHELL.path, "-c", "/bin/true; :"]),
  "a time": () => gimlet(["vfsreadlat", "--duration", "10ms"]),
  "the end of the command": () => gimlet(["strlen_count", "--", "/bin/true"]),
  "a command that cannot be started": () => gimlet(["disksnoop", "--", "/no/such/program"]),
  "Ctrl-C": () => traced((running) => running.kill("SIGINT")),
  "SIGTERM": () => traced((running) => running.kill("SIGTERM")),
  "SIGKILL": () => traced((running) => running.kill("SIGKILL")),
  "a plan that cannot be used": () =>
    gimlet(["urandomread", "--plan", "tracepoint", "--duration", "10ms"]),
  "--plan list": () => gimlet(["disksnoop", "--plan", "list"]),
  "selftest": () => gimlet(["selftest", "--only", "task_switch,urandomread"]),
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`nothing stays in the kernel after ${how}`, { needs }, async () => {
    const before = census();
    await end();
    assertEquals(await leftBehind(before), NOTHING);
  });
}
