/** The examples of the tutorial's lessons, by those who use the library: what they print of a known workload. */

import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { ownShell, run, Running, workload } from "../gimlet.ts";
import { LoopDisk, READS, WRITES } from "../loop_disk.ts";
import { gcc, needsProgram, root, test } from "../support.ts";

const EXAMPLES = new URL("../../examples/tutorial/", import.meta.url).pathname;
const SHELL = await ownShell();
const FORKS = 7;
/** A shell that makes so many processes. */
const FORKING = [
  ...[SHELL.path, "-c", `i=0; while [ $i -lt ${FORKS} ]; do /bin/true; i=$((i+1)); done`],
];
const needs = [root];

/** An example under way. */
function start(name: string, ...args: string[]): Running {
  const path = `${EXAMPLES}${name}/${name}.ts`;
  return new Running([Deno.execPath(), "run", "-A", "--no-check", path, ...args]);
}

/** Ends an example as Ctrl-C does; gives the lines that it wrote. */
async function end(example: Running): Promise<string[]> {
  example.kill("SIGINT");
  const { status, stdout, stderr } = await example.finished();
  assertEquals([status, stderr], [0, ""]);
  return stdout.trimEnd().split("\n");
}

/** What an example writes while a command runs. */
async function watching(
  { example, ready = "Ctrl-C to end.\n" }: { example: Running; ready?: string },
  words: readonly string[],
): Promise<string[]> {
  await example.until(ready);
  assertEquals((await run(words)).status, 0);
  return await end(example);
}

/** Writes a line to trace_pipe, again and again, until the example has shown it: from then on it reads. */
async function untilReading(example: Running, line: string): Promise<void> {
  const knock = () => Deno.writeTextFileSync(`${tracefsPath()}/trace_marker`, `${line}\n`);
  const knocking = setInterval(knock, 20);
  try {
    await example.until(line);
  } finally {
    clearInterval(knocking);
  }
}

function matching(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length;
}

/** The counts of the histogram that follows a heading, over all its reports. */
function countsBelow(lines: readonly string[], heading: string): number {
  let sum = 0;
  let inside = false;
  for (const line of lines) {
    if (line.includes(" = ")) inside = line === heading;
    const count = /-> \d+ *: (\d+) /.exec(line)?.[1];
    if (inside && count !== undefined) sum += Number(count);
  }
  return sum;
}

test("example hello_world: a line for each new process", { needs }, async () => {
  const example = start("hello_world");
  await untilReading(example, "Hello, World!");
  assertEquals((await run(FORKING)).status, 0);
  await example.until(` ${SHELL.comm}-`, FORKS);
  const lines = await end(example);
  const ours = new RegExp(`^ *${SHELL.comm}-\\d+ .*: Hello, World!$`);
  assertEquals(matching(lines, ours), FORKS, lines.join("\n"));
});

test("example sync_timing: a line for each quick sync", { needs: [...needs, gcc] }, async () => {
  const calls = await workload("calls");
  const example = start("sync_timing");
  await untilReading(example, "multiple syncs detected");
  const child = new Deno.Command(calls, { args: ["sync", "5"], stderr: "piped" }).spawn();
  const quick = Number(new TextDecoder().decode((await child.output()).stderr));
  const mark = `(thread ${child.pid})`;
  await example.until(mark, quick);
  const lines = await end(example);
  const told = lines.filter((line) => line.includes(mark));
  assertEquals(matching(told, /^At time .* s: multiple syncs detected, last \d+ ms ago /), quick);
});

test("example hello_perf_output: a record for each new process", { needs }, async () => {
  const lines = await watching(
    { example: start("hello_perf_output"), ready: "MESSAGE\n" },
    FORKING,
  );
  assertEquals(lines[0], "TIME(s)            COMM             PID    MESSAGE");
  const ours = new RegExp(`^\\d+\\.\\d{9} +${SHELL.comm} +\\d+ +Hello, perf_output!$`);
  assertEquals(matching(lines, ours), FORKS, lines.join("\n"));
});

test("example bitehist: the sizes of a disk's requests", {
  needs: [...needs, needsProgram("losetup")],
}, async () => {
  await using disk = await LoopDisk.make();
  const lines = await watching({ example: start("bitehist", disk.id) }, disk.words);
  const counts = lines.flatMap((line) => /^ *(\d+ -> \d+) *: (\d+) /.exec(line)?.slice(1) ?? []);
  assertStringIncludes(lines[1]!, "kbytes");
  assertEquals(counts, [
    ...["0 -> 1", "0", "2 -> 3", "0", "4 -> 7", `${READS}`, "8 -> 15", "0"],
    ...["16 -> 31", "0", "32 -> 63", "0", "64 -> 127", `${WRITES}`],
  ]);
});

test("example vfsreadlat: every read, by program", { needs: [...needs, gcc] }, async () => {
  const calls = await workload("calls");
  const reads = async (times: string) => {
    const lines = await watching({ example: start("vfsreadlat", "1") }, [calls, "read", times]);
    return countsBelow(lines, "comm = calls");
  };
  assertEquals(await reads("997") - await reads("0"), 997);
});

test("example strlen_count: each string and how often", { needs: [...needs, gcc] }, async () => {
  const text = `a string of process ${Deno.pid}`;
  const calls = await workload("calls");
  const count = async (times: string) => {
    const words = [calls, "strlen", times, text];
    const lines = await watching({ example: start("strlen_count") }, words);
    const [line = "0"] = lines.filter((line) => line.endsWith(` "${text}"`));
    return parseInt(line);
  };
  // Who starts the program may ask for the length of its arguments.
  assertEquals(await count("997") - await count("0"), 997);
});

test("example task_switch: there and back, as often", { needs: [...needs, gcc] }, async () => {
  const words = [await workload("calls"), "switch", "997"];
  const lines = await watching({ example: start("task_switch") }, words);
  const ways = lines.flatMap((line) => {
    const [, from, to] = /^task_switch\[(\d+)->(\d+)\]=997$/.exec(line) ?? [];
    return from === undefined ? [] : [[from, to]];
  });
  assertEquals(ways.length, 2, lines.join("\n"));
  assertEquals(ways[0], ways[1]!.toReversed());
});
