import { ExpectError } from "../../../../programs/lib/expect/diagnostic.ts";
import { expectation, expectNone } from "../../../../programs/lib/expect/evaluate.ts";
import { MOST_DISTINCT } from "../../../../programs/lib/expect/accumulator.ts";
import { assert, assertEquals, assertThrows } from "../../../assert.ts";
import { event, gathered, hist, holds, map, result, TOOL } from "./run.ts";

const BIG = 2n ** 53n;

const EVENTS = [
  event({ pid: 7, comm: "dd", bytes: 4096n, ret: -2n }),
  event({ pid: 7, comm: "dd", bytes: 512n, ok: false }),
  event({ pid: 8, comm: "kworker/0:1", bytes: BIG + 1n, delta_ms: 30n, ts: 900n }),
];
const REPORTS = [
  map("counts", [{ key: { c: "gimlet" }, value: 1000n }, { key: { c: "LC_ALL" }, value: 3n }]),
  map("by_pid", [{ key: 7, value: BIG + 1n }, { key: 8, value: 5n }]),
  map("pairs", [{ key: { prev_pid: 3, next: "sh" }, value: 2n }]),
  map("@n", [{ key: null, value: 16n }]),
  map("@wait_us", [{ key: null, value: 2_000n }]),
  hist("dist", "usecs", [[0n, 1n, 50n], [2n, 3n, 49n], [4n, 7n, 0n], [8n, 15n, 1n]]),
  hist("other", "kbytes", [[0n, 0n, 1n], [63n, null, 9n]]),
  gathered("@h", [
    {
      key: "dd",
      value: {
        kind: "hist",
        buckets: [{ low: 4n, high: 7n, count: 3n }, { low: 8n, high: 15n, count: 1n }],
      },
    },
    { key: "cat", value: { kind: "hist", buckets: [{ low: 16n, high: null, count: 2n }] } },
  ]),
  gathered("@s", [
    { key: { key0: 1n, key1: "dd" }, value: { kind: "stats", count: 4n, total: 10n } },
    { key: { key0: 2n, key1: "dd" }, value: { kind: "stats", count: 1n, total: 90n } },
  ]),
  gathered("@lone", [{ key: null, value: { kind: "stats", count: 3n, total: 7n } }]),
];
const RUN = { events: EVENTS, reports: REPORTS, lost: 3n, duration_ns: 1_500_000_000n };

const TRUE = [
  "count(event) == 3 && events == 3 && EVENTS>=1",
  "lost == 3 && LOST != 0",
  "duration == 1500ms && duration < 2s && duration > 1500 && duration == 1.5s",
  'count(event where comm == "dd") == 2',
  'count(event where comm=="dd" && bytes>=4096) == 1',
  'count(event where comm == "dd" && (bytes == 512 || ret == -2)) == 2',
  "count(event where !ok) == 1 && count(event where ok) == 2 && count(event where ok == false) == 1",
  'count(event where comm =~ "kworker/*") == 1 && count(event where !(comm =~ "k*")) == 2',
  'count(event where event.comm == "dd") == 2',
  "count(event where task.cpu == 1 && task.prio.nice < 0) == 3 && min(task.prio.nice) == -5",
  "count(event where delta_ms == null) == 2 && count(event where delta_ms != null) == 1",
  "count(event where delta_ms < 40) == 1 && count(event where delta_ms > 20ms) == 1",
  "count(event where bytes >= 4k) == 2 && count(event where ts < 1us) == 3",
  "sum(bytes where pid == 7) == 4608 && avg(bytes where pid == 7) == 2304",
  "min(ret) == -2 && max(ret) == 0 && sum(ret) == -2",
  "max(delta_ms) == 30 && max(delta_ms) == 30ms && sum(delta_ms) < 1s",
  "distinct(pid) == 2 && distinct(comm) == 2 && distinct(pid where ok) == 2 && distinct(ok) == 2",
  // What there is none of is nothing: neither more nor less than anything.
  "max(bytes where pid == 1) == null && !(max(bytes where pid == 1) < 5) && avg(ts where pid == 1) == null",
  "sum(bytes where pid == 1) == 0 && distinct(pid where pid == 1) == 0",
  'counts["gimlet"] == 1000 && counts[{c: "gimlet"}] == 1000 && counts["none"] == 0',
  'pairs[{next: "sh", prev_pid: 3}] == 2 && pairs[{prev_pid: 3, next: "bash"}] == 0',
  'pairs[3, "sh"] == 2 && pairs[3, "bash"] == 0',
  "@n == 16 && @n != 17 && @wait_us == 2ms && @wait_us < 1s && @wait_us == 2000",
  "by_pid[8] == 5 && by_pid[0x8] == 5 && by_pid[-1] == 0",
  "count(counts) == 2 && sum(counts) == 1003 && max(counts) == 1000 && min(counts) == 3 && avg(counts) == 501",
  'count(counts where c =~ "LC_*") == 1 && sum(counts where value > 3) == 1000',
  "count(by_pid where key == 7) == 1 && count(pairs where prev_pid == 3 && next == 'sh') == 1",
  "count(dist) == 100 && min(dist) == 0 && max(dist) == 15",
  "p50(dist) == 1 && p51(dist) == 3 && p99(dist) == 3 && p100(dist) == 15 && p999(dist) == 15",
  "p99(dist) < 1ms && p99(dist) == 3us && p99(dist) > 2999ns",
  "p10(other) == 0 && max(other) > 99999999 && !(p50(other) <= 1G) && min(other) < 1k",
  // What a script gathers by keys: of one, of some, of all.
  'count(@h["dd"]) == 4 && min(@h["dd"]) == 4 && p50(@h["dd"]) == 7 && max(@h["dd"]) == 15',
  'count(@h["none"]) == 0 && p99(@h["none"]) == null',
  'count(@h) == 6 && p50(@h) == 7 && max(@h) > 1G && count(@h where key =~ "c*") == 2',
  'count(@s[1, "dd"]) == 4 && sum(@s[1, "dd"]) == 10 && avg(@s[{key0: 1, key1: "dd"}]) == 2',
  "count(@s) == 5 && avg(@s) == 20 && sum(@s where key0 == 2) == 90 && avg(@s where key0 == 3) == null",
  "count(@lone) == 3 && sum(@lone) == 7 && avg(@lone) == 2",
  "true && !false && (true || false) && null == null",
];

for (const source of TRUE) {
  Deno.test(`holds, and its opposite does not: ${source}`, () => {
    assertEquals(holds(source, RUN), true);
    assertEquals(holds(`!(${source})`, RUN), false);
    for (const part of source.split(" && ")) {
      if (/^[^()]*$/.test(part)) assert(holds(part, RUN), part);
    }
  });
}

const FALSE = [
  "lost == 3 && lost == 4",
  "lost == 4 || lost == 5",
  "true && (false || !true)",
  "count(event where (pid == 7 && ok) || pid == 8) != 2",
  "count(event where (pid == 7 || pid == 8) && !ok) != 1",
  "count(event) == 4",
  'count(event where comm == "d") >= 1',
  "max(bytes where pid == 1) >= 0",
  "p99(dist) < 3us",
  'counts["gimlet"] < 1000',
  'count(event where comm =~ "d") == 2',
];

for (const source of FALSE) {
  Deno.test(`does not hold: ${source}`, () => assertEquals(holds(source, RUN), false));
}

Deno.test("integers are exact above 2^53, wherever they come from", () => {
  for (
    const [value, source] of [
      [BIG, "max(bytes)"],
      [BIG + 1n, "by_pid[7]"],
      [BIG + 1n, "max(bytes)"],
      [2n * BIG + 1n, "sum(bytes)"],
    ] as const
  ) {
    const events = source === "sum(bytes)"
      ? [event({ bytes: BIG }), event({ bytes: BIG + 1n })]
      : [event({ bytes: value })];
    const run = { ...RUN, events };
    assertEquals(holds(`${source} == ${value}`, run), true);
    assertEquals(holds(`${source} == ${value + 1n} || ${source} == ${value - 1n}`, run), false);
    assertEquals(holds(`${source} < ${value + 1n} && ${source} > ${value - 1n}`, run), true);
  }
  const events = [event({ bytes: BIG }), event({ bytes: BIG + 1n })];
  assertEquals(holds(`count(event where bytes == ${BIG + 1n}) == 1`, { events }), true);
  assertEquals(holds("distinct(bytes) == 2", { events }), true);
  assertEquals(holds(`count(event where bytes >= 1${"0".repeat(30)}) == 0`, { events }), true);
});

Deno.test("what was seen is told, part by part", () => {
  const { ok, expression, seen, problem } = result(
    'count(event) >= 9 && max(bytes where pid == 1) < 4k || p99(other) < 1k && counts["gimlet"] == 1',
    RUN,
  );
  assertEquals([ok, problem], [false, null]);
  assertEquals(expression.length, 95);
  assertEquals(seen, [
    { expression: "count(event)", value: 3n },
    { expression: "max(bytes where pid == 1)", value: null },
    { expression: "p99(other)", value: "unbounded" },
    { expression: 'counts["gimlet"]', value: 1000n },
  ]);
});

Deno.test("of too few events those are shown that came nearest; the conditions that hold decide", () => {
  const events = [
    event({ pid: 1, comm: "x", bytes: 1n }),
    event({ pid: 2, comm: "dd", bytes: 1n }),
    event({ pid: 3, comm: "x", bytes: 1n }),
    event({ pid: 4, comm: "dd", bytes: 9n, ok: false }),
    event({ pid: 5, comm: "dd", bytes: 9n }),
    event({ pid: 6, comm: "dd", bytes: 2n }),
  ];
  const source = 'count(event where comm == "dd" && bytes > 5 && ok) >= 2';
  const { matching, nearest, seen } = result(source, { events });
  assertEquals(seen[0]!.value, 1n);
  assertEquals(matching, []);
  assertEquals(nearest.map(({ pid }) => pid), [2, 4, 6]);
});

Deno.test("of too many events the first are shown, and of those that hold none", () => {
  const events = Array.from({ length: 9 }, (_, pid) => event({ pid }));
  const none = () => expectNone("event where pid > 2", TOOL);
  const { ok, matching, nearest } = result(none(), { events });
  assertEquals([ok, matching.map(({ pid }) => pid), nearest], [false, [3, 4, 5], []]);
  const held = result(none(), { events: events.slice(0, 3) });
  assertEquals([held.ok, held.matching, held.nearest], [true, [], []]);
});

Deno.test("reports at intervals: histograms add up, of a map the last one counts", () => {
  const reports = [
    hist("dist", "usecs", [[0n, 1n, 9n]]),
    map("by_pid", [{ key: 7, value: 1n }]),
    hist("dist", "usecs", [[0n, 1n, 1n], [2n, 3n, 90n]]),
    map("by_pid", [{ key: 7, value: 4n }]),
  ];
  assert(
    holds("count(dist) == 100 && p10(dist) == 1 && p11(dist) == 3 && by_pid[7] == 4", { reports }),
  );
});

Deno.test("a histogram of no values, or none at all, has no percentiles", () => {
  for (const reports of [[], [hist("dist", "usecs", [])]]) {
    assert(holds("p99(dist) == null && !(p99(dist) < 1s) && max(dist) == null", { reports }));
  }
});

Deno.test("a histogram of sizes cannot be compared with a time: that is a failure, and said", () => {
  const { ok, problem } = result("p99(other) < 1ms", RUN);
  assertEquals([ok, problem], [false, "this is a size, compared with a time"]);
  assertThrows(() => expectation("max(delta_ms) < 4k", TOOL), ExpectError, "this is a time");
});

Deno.test("more different values than are told apart are unbounded, not a wrong number", () => {
  const expected = expectation(`distinct(bytes) > ${MOST_DISTINCT}`, TOOL);
  for (let i = 0; i <= MOST_DISTINCT + 5; i++) expected.event({ bytes: i });
  const { ok, seen } = result(expected);
  assertEquals([ok, seen[0]!.value], [true, "unbounded"]);
});

Deno.test("a map that was never set has the value 0; reports of all so far do not add up", () => {
  assertEquals(holds("@n == 0"), true);
  const expected = expectation("count(dist) == 3", TOOL);
  expected.report(hist("dist", "", [[0n, 1n, 2n]]), { ofAll: true });
  expected.report(hist("dist", "", [[0n, 1n, 3n]]), { ofAll: true });
  assertEquals(result(expected).ok, true);
});
