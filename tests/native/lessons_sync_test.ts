/** Lessons 2 to 5 and 8, on the kernel of this machine: a known number of syncs, and of new processes. */

import { clockNow } from "../../ffi/host/clock.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { gimlet, gimletRecords, ownShell, workload } from "../gimlet.ts";
import { isNamed, ofType } from "../records.ts";
import { binary, capabilities, gcc, test } from "../support.ts";

const SHELL = await ownShell();

const needs = [capabilities, binary, gcc];
const PRIME = 23;

/** A run of so many syncs: `workload` says on stderr how many of them came within a second of the one before. */
async function syncs(tool: string, count: number, ...options: string[]) {
  const calls = await workload("calls");
  return await gimlet([tool, ...options, "--comm", "calls", "--", calls, "sync", String(count)]);
}

async function syncRecords(tool: string, count: number) {
  const calls = await workload("calls");
  const args = [tool, "--json", "--comm", "calls", "--", calls, "sync", String(count)];
  return await gimletRecords(args);
}

test("sys_sync prints the kernel's line for each sync", { needs }, async () => {
  const { status, stdout } = await syncs("sys_sync", PRIME);
  const [banner, ...lines] = stdout.trimEnd().split("\n");
  assertEquals(banner, "Tracing sys_sync()... Ctrl-C to end.");
  assertEquals(lines.length, PRIME, stdout);
  for (const line of lines) {
    // The kernel keeps names of a few tasks for these lines, and passes one over where it is busy.
    assertMatch(
      line,
      /^ +(calls|<\.\.\.>)-\d+ +\[\d{3}\] \S+ +\d+\.\d{6}: bpf_trace_printk: sys_sync\(\) called$/,
    );
  }
  assertEquals(status, 0);
});

test("sys_sync gives the fields of its lines as JSON", { needs }, async () => {
  const { records } = await syncRecords("sys_sync", PRIME);
  const events = ofType(records, "event");
  assertEquals(events.length, PRIME);
  const [{ pid } = { pid: 0 }] = events;
  for (const event of events) {
    assertEquals([event.pid, event.message], [pid, "sys_sync() called"]);
    assert(isNamed(event.comm, "calls"), String(event.comm));
  }
  assertEquals(ofType(records, "summary")[0]!.lost, 0);
});

test("hello_fields prints BCC's table of the lines", { needs }, async () => {
  const script = "echo $$ >&2; for i in 1 2 3; do /bin/true; done";
  const before = clockNow("monotonic");
  const { status, stdout, stderr } = await gimlet([
    ...["hello_fields", "--comm", SHELL.comm, "--", SHELL.path, "-c", script],
  ]);
  const after = clockNow("monotonic");
  const [header, ...lines] = stdout.trimEnd().split("\n");
  assertEquals(header, "TIME(s)            COMM             PID    MESSAGE");
  assertEquals(lines.length, 3, stdout);
  for (const line of lines) {
    assertEquals(line.slice(36), `${stderr.trim().padEnd(6)} Hello, World!`);
    assert(isNamed(line.slice(19, 36).trimEnd(), SHELL.comm), line);
    // trace_pipe has µs, and its clock is not quite this one.
    assertMatch(line.slice(0, 18), /^\d+\.\d{6}000 *$/);
    const ts = BigInt(line.slice(0, 18).trim().replace(".", ""));
    const second = 1_000_000_000n;
    assert(before - second < ts && ts < after + second, `${before} < ${ts} < ${after}`);
  }
  assertEquals(status, 0);
});

test("hello_fields gives the fields of its lines as JSON", { needs }, async () => {
  const { records } = await gimletRecords([
    ...["hello_fields", "--json", "--comm", SHELL.comm],
    ...["--", SHELL.path, "-c", "/bin/true; /bin/true; :"],
  ]);
  const events = ofType(records, "event");
  assertEquals(events.map(({ message }) => message), ["Hello, World!", "Hello, World!"]);
  assert(events.every(({ comm }) => isNamed(comm, SHELL.comm)));
  for (const { ts, cpu, pid, flags } of events) {
    assertEquals([ts, cpu, pid, flags].map((value) => typeof value), [
      "number",
      "number",
      "number",
      "string",
    ]);
  }
});

for (const tool of ["sync_timing", "sync_perf_output"]) {
  test(`${tool} prints a line for each sync within a second of another`, { needs }, async () => {
    const { status, stdout, stderr } = await syncs(tool, PRIME);
    const [banner, ...lines] = stdout.trimEnd().split("\n");
    assertEquals(banner, "Tracing for quick sync's... Ctrl-C to end");
    assertEquals(lines.length, Number(stderr), stdout);
    assertStringIncludes(lines[0]!, "At time 0.00 s: ");
    for (const line of lines) {
      assertMatch(line, /^At time \d+\.\d\d s: multiple syncs detected, last \d{1,3} ms ago$/);
    }
    assertEquals(status, 0);
  });
}

test("sync_timing gives exact times as JSON", { needs }, async () => {
  const { records, stderr } = await syncRecords("sync_timing", PRIME);
  const events = ofType(records, "event");
  assertEquals(events.length, Number(stderr));
  for (const event of events) {
    assertEquals(Object.keys(event), ["type", "ts", "pid", "comm", "delta_ms"]);
    const delta = event.delta_ms as number;
    assert(Number.isInteger(delta) && delta < 1000, `${delta}`);
  }
});

test("sync_perf_output gives pid, uid and times in ns as JSON", { needs }, async () => {
  const { records, stderr } = await syncRecords("sync_perf_output", PRIME);
  const events = ofType(records, "event");
  assertEquals(events.length, Number(stderr));
  let before = 0n;
  for (const event of events) {
    assertEquals(Object.keys(event), ["type", "pid", "tgid", "uid", "comm", "ts", "delta"]);
    assertEquals([event.tgid, event.uid, event.comm], [event.pid, Deno.uid(), "calls"]);
    const [ts, delta] = [BigInt(event.ts as number), BigInt(event.delta as number)];
    assert(delta < 1_000_000_000n, `${delta}`);
    // Where no slow sync is between, a line's delta is the time since the line before.
    if (before > 0n && Number(stderr) === PRIME - 1) assertEquals(ts - before, delta);
    before = ts;
  }
});

test("sync_count counts every sync, the first and the slow ones too", { needs }, async () => {
  const { status, stdout } = await syncs("sync_count", PRIME);
  const [banner, first, ...lines] = stdout.trimEnd().split("\n");
  assertEquals(banner, "Tracing for quick sync's... Ctrl-C to end");
  assertEquals(first, "At time 0.00 s: first sync detected, count 1");
  assertEquals(lines.length, PRIME - 1, stdout);
  for (const [i, line] of lines.entries()) {
    assertMatch(
      line,
      /^At time \d+\.\d\d s: multiple syncs detected, last \d+ ms ago, count \d+$/,
    );
    assert(line.endsWith(` ${i + 2}`), line);
  }
  assertEquals(status, 0);
});

test("sync_count counts on where nothing was quick", { needs }, async () => {
  const calls = await workload("calls");
  // One second and a bit is no matter of timing here: it is what makes the second sync a slow one.
  const script = '"$1" sync 1; sleep 1.1; exec "$1" sync 1';
  const { records } = await gimletRecords([
    ...["sync_count", "--json", "--comm", "calls", "--", "sh", "-c", script, "sh", calls],
  ]);
  const [first, second] = ofType(records, "event");
  assertEquals([first!.delta_ms, first!.count], [null, 1]);
  assertEquals(second!.count, 2);
  assert(second!.delta_ms as number >= 1000, JSON.stringify(second));
});
