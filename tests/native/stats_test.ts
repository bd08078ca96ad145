/** What tracing costs, as --stats tells it, is what the kernel tells everybody. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { gimlet, gimletRecords, workload } from "../gimlet.ts";
import { ofType } from "../records.ts";
import { binary, capabilities, gcc, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary, gcc];
const CALLS = 50_000;

interface ProgramCost {
  readonly program: string;
  readonly runs: number;
  readonly run_time_ns: number;
}

test("--stats says the same as bpftool, at the same moment", {
  needs: [...needs, needsProgram("bpftool")],
}, async () => {
  const calls = await workload("calls");
  const file = await Deno.makeTempFile();
  try {
    // The last that the command does is to ask bpftool; what bpftool itself does is not traced.
    const script = `"$0" strlen ${CALLS} gimlet; exec bpftool -j prog show > ${file}`;
    const { status, records } = await gimletRecords([
      ...["strlen_count", "--json", "--stats", "--comm", "calls", "--", "sh", "-c", script, calls],
    ]);
    assertEquals(status, 0);
    const [stats] = ofType(records, "stats");
    const [own] = stats!.programs as unknown as ProgramCost[];
    const all = JSON.parse(await Deno.readTextFile(file)) as Record<string, unknown>[];
    const seen = all.find(({ name }) => name === own!.program)!;
    assert(own!.runs >= CALLS);
    within10Percent(own!.runs, Number(seen["run_cnt"]));
    within10Percent(own!.run_time_ns, Number(seen["run_time_ns"]));
    assert(Number(stats!.own_peak_bytes) > 20 << 20 && Number(stats!.own_cpu_ns) > 0);
  } finally {
    await Deno.remove(file);
  }
});

/** Programs of the whole machine call strlen() between the two looks: few, beside the workload. */
function within10Percent(value: number, expected: number): void {
  assert(Math.abs(value - expected) <= expected / 10, `${value}, should be about ${expected}`);
}

test("people read it beside the output", { needs }, async () => {
  const calls = await workload("calls");
  const { stderr } = await gimlet([
    ...["strlen_count", "--stats", "--", calls, "strlen", "1000", "gimlet"],
  ]);
  assertMatch(stderr, /gimlet: \w+ ran \d+ times, \d+ ns each, \d+\.\d\d % of a CPU\n/);
  assertMatch(stderr, /gimlet: gimlet itself took \d+ ms of CPU, and \d+\.\d MiB\n/);
});

test("--max-overhead detaches, and says so", { needs }, async () => {
  const calls = await workload("calls");
  const { status, records, stderr } = await gimletRecords([
    ...["strlen_count", "--json", "--max-overhead", "0.01%"],
    // Seconds, as long as it is traced; nothing without.
    ...["--", calls, "strlen", "10000000", "x"],
  ]);
  assertEquals([status, ofType(records, "summary")[0]!.ended_by], [0, "max-overhead"]);
  assertStringIncludes(stderr, "gimlet: detached: the programs took ");
});
