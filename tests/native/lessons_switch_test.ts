/** Lesson 16, on the kernel of this machine: a known number of switches. */

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { gimlet, gimletRecords, workload } from "../gimlet.ts";
import { ofType } from "../records.ts";
import { binary, capabilities, gcc, test } from "../support.ts";

const needs = [capabilities, binary, gcc];

interface Entry {
  readonly key: { readonly prev_pid: number; readonly curr_pid: number };
  readonly value: number;
}

for (const plan of ["tp_btf", "tracepoint"]) {
  test(`task_switch counts each way exactly (plan ${plan})`, { needs }, async () => {
    const calls = await workload("calls");
    const { status, records } = await gimletRecords([
      ...["task_switch", "--json", "--plan", plan, "--", calls, "switch", "997"],
    ]);
    assertEquals(status, 0);
    const [map] = ofType(records, "map");
    const entries = (map!.entries as Entry[]).filter(({ value }) => value === 997);
    assertEquals(entries.length, 2, JSON.stringify(map));
    const [there, back] = entries.map(({ key }) => key);
    assertEquals([there!.prev_pid, there!.curr_pid], [back!.curr_pid, back!.prev_pid]);
  });
}

test("task_switch prints BCC's lines after a second, the rarest first", { needs }, async () => {
  const { status, stdout } = await gimlet(["task_switch"]);
  const counts = stdout.trimEnd().split("\n").map((line) => {
    assertMatch(line, /^task_switch\[ *\d+-> *\d+\]=\d+$/);
    return Number(line.split("=")[1]);
  });
  assertEquals(counts, counts.toSorted((a, b) => a - b));
  assertEquals(status, 0);
});

test("task_switch ends by itself", { needs }, async () => {
  const { records } = await gimletRecords(["task_switch", "--json"]);
  const { ended_by, duration_ns } = ofType(records, "summary")[0]!;
  assertEquals(ended_by, "duration");
  assert(duration_ns as number >= 1_000_000_000, String(duration_ns));
});
