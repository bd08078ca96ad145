/** `gimlet record` and `gimlet replay`: the same bytes again, by somebody who may trace nothing. */

import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { gimlet, NOBODY, ownShell, publicCopy, run } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, capabilities, test } from "../support.ts";

const needs = [capabilities, binary];
const SHELL = await ownShell();

/** Runs of every kind of value: events, a map, histograms, trace_pipe, losses. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  events: ["hello_perf_output", "--comm", SHELL.comm, "--", ...[SHELL.path, "-c", "/bin/true; :"]],
  "lines of trace_pipe": [
    "hello_world",
    "--comm",
    SHELL.comm,
    "--",
    SHELL.path,
    "-c",
    "/bin/true; :",
  ],
  "a map": ["strlen_count", "--comm", SHELL.comm, "--", SHELL.path, "-c", "/bin/true; exit 3"],
  histograms: ["bitehist", "--duration", "10ms"],
};

async function inFolder(use: (file: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.chmodSync(folder, 0o755);
    await use(`${folder}/recording`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** By user nobody, where nothing of the kernel can be had. */
async function replay(file: string, ...options: string[]) {
  await using copy = await publicCopy();
  const env = { GIMLET_LIBBPF: "/none" };
  return await run([copy.path, "replay", file, ...options], { ...NOBODY, env });
}

for (const [what, words] of Object.entries(RUNS)) {
  test(`${what} are replayed byte for byte`, { needs }, async () => {
    await inFolder(async (file) => {
      const live = await gimlet(["record", file, ...words]);
      assertMatch(live.stdout, /\w/);
      assertEquals(await replay(file), live);
      const again = await replay(file, "--json");
      assertEquals(jsonRecords(again.stdout).at(-1)!.type, "summary");
      const [tool, ...rest] = words;
      const liveJson = await gimlet(["record", file, tool!, "--json", ...rest]);
      const replayed = await replay(file, "--json");
      assertEquals(replayed.stdout, liveJson.stdout);
      assertEquals(replayed.status, liveJson.status);
    });
  });
}

test("a run that could not begin is replayed too", { needs: [binary] }, async () => {
  await inFolder(async (file) => {
    const env = { GIMLET_LIBBPF: "/none" };
    const live = await gimlet(["record", file, "hello_world", "--json"], { env });
    const json = await replay(file, "--json");
    assertStringIncludes(json.stdout, '"code":"E_');
    assertEquals([json.stdout, json.status], [live.stdout, live.status]);
    assertEquals((await replay(file)).stderr, live.stderr);
  });
});

test("a recording names its format; what is none, or cut, is told", { needs }, async () => {
  await inFolder(async (file) => {
    await gimlet(["record", file, "hello_perf_output", "--duration", "1ms"]);
    const text = Deno.readTextFileSync(file);
    assertMatch(
      text,
      /^{"type":"recording","format":1,"gimlet":"[\d.]+","command":\["hello_perf_output","--duration","1ms"\]}\n/,
    );
    const told = async (changed: string, message: string) => {
      Deno.writeTextFileSync(file, changed);
      const { status, stderr } = await replay(file);
      assertStringIncludes(stderr, `Cannot replay ${file}: ${message}`);
      assertEquals(status, 2);
    };
    await told(text.slice(0, -3), "the run was still going on, or its end is cut off");
    await told(text.replace('"format":1', '"format":2'), "its format is 2");
    await told("#!/bin/sh\n", "it is no recording of gimlet");
    await told("", "it is empty");
    await told(text.replace('"kind":"output"', '"kind":"x"'), "it has a line that gimlet does not");
  });
});

test("record says what is missing, and where it cannot write", { needs: [binary] }, async () => {
  const cases: readonly [string[], string][] = [
    [["record"], "FILE is missing"],
    [["record", "file"], "TOOL is missing"],
    [["record", "/nonexistent/file", "hello_world"], "Cannot write /nonexistent/file: "],
    [["record", "/nonexistent/file", "hello_word"], 'Unknown tool "hello_word"'],
    [["replay"], "FILE is missing"],
    [["replay", "/nonexistent"], "Cannot replay /nonexistent: "],
    [["replay", "a", "b"], 'Unexpected argument "b"'],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await gimlet(args);
    assertStringIncludes(stderr, `gimlet: ${message}`);
    assertEquals(status, 2);
  }
});
