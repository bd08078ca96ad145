/** Lessons 6, 9, 10 and 13 on a disk of our own: what they show against what was done. */

import { runTool, tryPlans } from "../../programs/lib/session.ts";
import type { Tool } from "../../programs/lib/tool.ts";
import type { LostValue, Value } from "../../programs/lib/value.ts";
import { tools } from "../../programs/registry.gen.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { gimlet, gimletRecords, run } from "../gimlet.ts";
import { LoopDisk, READS, WRITES } from "../loop_disk.ts";
import { type JsonRecord, ofType } from "../records.ts";
import { binary, capabilities, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary, needsProgram("losetup")];
const PLANS = ["tp_btf", "tracepoint"];

/** The requests of `disk.words`, in their order. */
const EXPECTED = [
  ...Array.from({ length: WRITES }, (_, i) => ["W", 65536, 128 * i]),
  ...Array.from({ length: READS }, (_, i) => ["R", 4096, 8 * i]),
];

/** dd waits for each request before it makes the next: they follow one another, within the time that was traced. */
function assertOneByOne(events: readonly JsonRecord[], records: readonly JsonRecord[]): void {
  let last = 0;
  let sum = 0;
  for (const event of events) {
    const [ts, latency_ns] = [Number(event.ts), Number(event.latency_ns)];
    assert(last <= ts - latency_ns, `${last} <= ${ts} - ${latency_ns}`);
    last = ts;
    sum += latency_ns;
  }
  const [summary] = ofType(records, "summary");
  assert(sum <= Number(summary!.duration_ns), `${sum} <= ${summary!.duration_ns}`);
  assertEquals(summary!.lost, 0);
}

for (
  const [tool, plan] of [...PLANS.map((plan) => ["disksnoop", plan]), [
    "disksnoop_fixed",
    "tracepoint",
  ]]
) {
  test(`${tool} shows exactly what dd does with a disk (plan ${plan})`, { needs }, async () => {
    await using disk = await LoopDisk.make();
    const { status, records, stderr } = await gimletRecords([
      ...[tool!, "--json", "--plan", plan!, "--comm", "dd", "--", ...disk.words],
    ]);
    assertEquals([status, stderr], [0, ""]);
    const events = ofType(records, "event").filter((event) => event.disk === disk.id);
    assertEquals(events.map(({ op, bytes, sector }) => [op, bytes, sector]), EXPECTED);
    assertOneByOne(events, records);
    const [major, minor] = disk.id.split(":").map(Number);
    for (const event of events) {
      const fields = ["type", "ts", "dev", "disk", "sector", "bytes", "op", "latency_ns"];
      assertEquals(Object.keys(event), tool === "disksnoop" ? fields : [...fields, "rwbs"]);
      assertEquals(event.dev, major! * 2 ** 20 + minor!);
      if (tool === "disksnoop_fixed") assertEquals((event.rwbs as string)[0], event.op);
    }
  });
}

for (const tool of ["disksnoop", "disksnoop_fixed"]) {
  test(`${tool} prints BCC's table`, { needs }, async () => {
    await using disk = await LoopDisk.make();
    const { status, stdout } = await gimlet([
      ...[tool, "--comm", "dd", "--max-events", "3", "--", ...disk.words],
    ]);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    assertEquals(header, "TIME(s)            T  BYTES    LAT(ms)");
    assertEquals(lines.length, 3);
    for (const line of lines) {
      assertMatch(line, /^(?=.{18} )\d+\.\d{9} +[WR] {2}(?=.{7} )\d+ + {0,7}\d+\.\d\d$/);
    }
    assertEquals(status, 0);
  });
}

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

for (const [plan, unit] of PLANS.flatMap((plan) => [[plan, "usecs"], [plan, "msecs"]])) {
  test(`disklatency counts each request once, in ${unit} (plan ${plan})`, { needs }, async () => {
    await using disk = await LoopDisk.make();
    // sh would read programs from another disk; dd has been read before.
    await run(["dd", "if=/dev/null", "of=/dev/null", "status=none"]);
    const [program, ...args] = disk.writing().split(" ");
    const { status, records } = await gimletRecords([
      ...["disklatency", "--json", "--unit", unit!, "--plan", plan!, "--comm", "dd"],
      ...["--", program!, ...args],
    ]);
    assertEquals(status, 0);
    const [hist] = ofType(records, "hist");
    assertEquals([hist!.name, hist!.scale, hist!.unit], ["dist", "log2", unit]);
    const buckets = hist!.buckets as Bucket[];
    assertEquals(buckets.reduce((sum, { count }) => sum + count, 0), WRITES);
    // They follow one another: their times, rounded down, cannot come to more than was traced.
    const perUnit = unit === "usecs" ? 1_000 : 1_000_000;
    const least = buckets.reduce((sum, { low, count }) => sum + low * count, 0) * perUnit;
    const [summary] = ofType(records, "summary");
    assert(least <= Number(summary!.duration_ns), `${least} <= ${summary!.duration_ns}`);
  });
}

test("disklatency prints its histogram, in ms unless told otherwise", { needs }, async () => {
  await using disk = await LoopDisk.make();
  const { status, stdout } = await gimlet(["disklatency", "--", ...disk.words]);
  const [banner, empty, header, first] = stdout.split("\n");
  assertEquals(banner, "Tracing... Hit Ctrl-C to end.");
  assertEquals(empty, "");
  assertEquals(header, "     msecs               : count     distribution");
  assertMatch(first!, /^ {9}0 -> 1 {9} : \d+ +\|[* ]{40}\|$/);
  assertEquals(status, 0);
});

test("disklatency takes no other unit", { needs }, async () => {
  const { status, stderr } = await gimlet(["disklatency", "--unit", "years"]);
  assertEquals(status, 2);
  assertMatch(stderr, /Cannot read --unit "years"/);
});

test("disksnoop tells of every plan whether it can be used here", { needs }, async () => {
  const { stdout } = await gimlet(["disksnoop", "--plan", "list"]);
  const plans = stdout.trimEnd().split("\n").map((line) => line.slice(2).split(" ")[0]);
  assertEquals(plans, ["kprobe", "tp_btf", "tracepoint", "kprobe_end"]);
});

function toolNamed(name: string): Tool {
  return tools.find((tool) => tool.name === name)!;
}

// What is opened through FFI stays open.
const inProcess = { needs, sanitizeResources: false };

test("of a plan's alternatives the first that attaches is taken", inProcess, () => {
  const issue = (names: string) => ({ plan: { on_rq_issue: [names] } });
  const tried = (names: string) => {
    const [report] = tryPlans({ ...toolNamed("disksnoop_fixed"), plans: issue(names) });
    return report!.probes ?? report!.reason;
  };
  const there = "tracepoint:block:block_rq_issue";
  assertEquals(tried("tracepoint:block:block_rq_issue|no_such_event"), [there]);
  assertEquals(tried("tracepoint:block:no_such_event|block_rq_issue"), [there]);
  assertEquals(
    tried("tracepoint:block:no_such_event|nor_this"),
    "the kernel has no tracepoint block:no_such_event, " +
      "and the kernel has no tracepoint block:nor_this",
  );
});

test("what does not fit into the map of requests is counted", inProcess, async () => {
  await using disk = await LoopDisk.make();
  // One write, which the kernel takes to pieces: all of them are in flight at the same time.
  await using _pieces = await disk.limitRequests("4");
  const words = disk.writing(`${4 * WRITES}k`, 1).split(" ");
  const traced = async (entries: number) => {
    const values: Value[] = [];
    const { summary } = await runTool(
      {
        ...toolNamed("disksnoop"),
        configure: (object) => object.setMaxEntries("in_flight", entries),
      },
      {
        plan: "tp_btf",
        filters: { comm: "dd" },
        command: { words, output: undefined },
        stop: new AbortController().signal,
      },
      { emit: (value) => values.push(value), flush: () => {} },
    );
    return { summary, lost: values.filter((value): value is LostValue => value.type === "lost") };
  };
  const all = await traced(10240);
  assertEquals([all.lost, all.summary.events], [[], WRITES]);
  const some = await traced(1);
  assertEquals([...new Set(some.lost.map(({ reason }) => reason))], ["map_full"]);
  assertEquals(some.summary.events + Number(some.summary.lost), WRITES);
});
