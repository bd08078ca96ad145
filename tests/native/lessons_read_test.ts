/** Lessons 11 and 12, on the kernel of this machine: a known number of reads. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, gimlet, gimletRecords, Running, workload } from "../gimlet.ts";
import { type JsonRecord, ofType } from "../records.ts";
import { binary, capabilities, gcc, test } from "../support.ts";

const needs = [capabilities, binary, gcc];

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

function sum(records: readonly JsonRecord[]): number {
  return ofType(records, "hist").flatMap(({ buckets }) => buckets as Bucket[])
    .reduce((sum, { count }) => sum + count, 0);
}

/** How many reads vfsreadlat counts of a run of the workload. */
async function reads(...deed: string[]): Promise<number> {
  const calls = await workload("calls");
  const args = ["vfsreadlat", "--json", "--comm", "calls", "--", calls, ...deed];
  const { records } = await gimletRecords(args);
  assertEquals(ofType(records, "summary")[0]!.lost, 0);
  return sum(records);
}

test("vfsreadlat counts every read, each once", { needs }, async () => {
  const starting = await reads("read", "0"); // the dynamic loader's
  assertEquals(await reads("read", "997") - starting, 997);
});

test("vfsreadlat times reads that wait at the same time, each by itself", { needs }, async () => {
  const starting = await reads("crowd", "0");
  assertEquals(await reads("crowd", "67") - starting, 2 * 67);
});

test("vfsreadlat prints so many histograms in such an interval", { needs }, async () => {
  const calls = await workload("calls");
  const { status, records } = await gimletRecords(["vfsreadlat", "1", "2", "--json"]);
  assertEquals(status, 0);
  assertEquals(ofType(records, "hist").length, 2);
  assertEquals(ofType(records, "summary")[0]!.ended_by, "count");
  const text = await gimlet(["vfsreadlat", "--comm", "calls", "--", calls, "read", "97"]);
  const [banner, blank, header, ...lines] = text.stdout.trimEnd().split("\n");
  assertEquals([banner, blank, header], [
    "Tracing... Hit Ctrl-C to end.",
    "",
    "     usecs               : count     distribution",
  ]);
  for (const line of lines) assertMatch(line, /^ *\d+ -> \d+ +: \d+ +\|\** *\|$/);
});

test(
  "each of vfsreadlat's histograms has what is new, and none is lost between",
  { needs },
  async () => {
    const calls = await workload("calls");
    // The reads go on for longer than an interval: what all histograms count together is what was read.
    const script = `for i in 1 2 3 4 5 6 7; do "$1" read 101; sleep 0.3; done`;
    const { records } = await gimletRecords([
      ...["vfsreadlat", "1", "--json", "--comm", "calls", "--", "sh", "-c", script, "sh", calls],
    ]);
    assert(ofType(records, "hist").length >= 2);
    assertEquals(sum(records), 7 * (101 + await reads("read", "0")));
  },
);

test("Ctrl-C ends vfsreadlat with what it has", { needs }, async () => {
  const running = new Running([BINARY, "vfsreadlat"]);
  await running.until("Tracing... Hit Ctrl-C to end.\n");
  running.kill("SIGINT");
  const { status, stdout } = await running.finished();
  assertEquals(status, 0);
  assertStringIncludes(stdout, "Ctrl-C to end.\n\n");
});

test("vfsreadlat takes whole numbers above 0", { needs }, async () => {
  for (const words of [["0"], ["x"], ["1", "0"], ["1", "2", "3"]]) {
    assertEquals((await gimlet(["vfsreadlat", ...words])).status, 2, words.join(" "));
  }
});

test("urandomread prints BCC's table, a line for each read", { needs }, async () => {
  const calls = await workload("calls");
  const args = ["urandomread", "--comm", "calls", "--", calls, "urandom", "23", "8192"];
  const { status, stdout } = await gimlet(args);
  const [header, ...lines] = stdout.trimEnd().split("\n");
  assertEquals(header, "TIME(s)            COMM             PID    GOTBITS");
  for (const line of lines) assertMatch(line, /^\d+\.\d{9} +calls {12}\d+ +\d+$/);
  assertEquals(lines.filter((line) => line.endsWith(" 65536")).length, 23, stdout);
  assertEquals(status, 0);
});

test("urandomread gives exact fields as JSON", { needs }, async () => {
  const calls = await workload("calls");
  const { records } = await gimletRecords([
    ...["urandomread", "--json", "--comm", "calls", "--", calls, "urandom", "23", "1009"],
  ]);
  const events = ofType(records, "event").filter(({ got_bits }) => got_bits === 8 * 1009);
  assertEquals(events.length, 23);
  for (const event of events) {
    assertEquals(Object.keys(event), ["type", "ts", "got_bits", "pid", "tgid", "comm"]);
    assertEquals(event.pid, event.tgid);
  }
  assertEquals(ofType(records, "summary")[0]!.lost, 0);
});

for (const plan of ["raw_syscalls", "syscalls"]) {
  test(`urandomread by plan ${plan} sees getrandom() as well`, { needs }, async () => {
    const calls = await workload("calls");
    const { records } = await gimletRecords([
      ...["urandomread", "--json", "--plan", plan, "--comm", "calls", "--"],
      ...[calls, "getrandom", "29", "101"],
    ]);
    const bits = ofType(records, "event").map(({ got_bits }) => got_bits);
    assertEquals(bits.filter((bits) => bits === 8 * 101).length, 29);
  });
}
