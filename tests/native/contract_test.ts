/** What machines rely on beside the records: expectations, being ready, the end of stdin. */

import { fullSchema, toolSchema } from "../../cmd/schema.ts";
import { json } from "../../programs/lib/json.ts";
import { tools } from "../../programs/registry.gen.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, gimlet, gimletRecords, ownShell, run, Running, workload } from "../gimlet.ts";
import { ofType } from "../records.ts";
import { binary, capabilities, gcc, test } from "../support.ts";

const SHELL = await ownShell();
const TRACE = ["hello_perf_output", "--comm", SHELL.comm] as const;
const TWO_TASKS = ["--", SHELL.path, "-c", "/bin/true; /bin/true; exit 3"] as const;
const needs = [capabilities, binary];

const COUNT = `count(event where comm == "${SHELL.comm}")`;
const MISSING = 'count(event where comm == "dd" && pid > 0) >= 16';

test("expectations that hold leave the command its status", { needs }, async () => {
  const { status, stdout, stderr } = await gimlet([
    ...[...TRACE, "--expect", `${COUNT} == 2`, "--expect", "lost == 0 && EVENTS>=1"],
    ...["--expect-none", "event where pid == 1", ...TWO_TASKS],
  ]);
  assertEquals([status, stderr], [3, ""]);
  const [, , , ...results] = stdout.trimEnd().split("\n");
  assertEquals(results, [
    `ok    ${COUNT} == 2 ${COUNT} is 2`,
    "ok    lost == 0 && EVENTS>=1       lost is 0, EVENTS is 2",
    "ok    count(event where pid == 1) == 0 count(event where pid == 1) is 0",
  ]);
});

test("one that fails ends with 1, says what was seen, and shows the nearest events", {
  needs,
}, async () => {
  const { status, stdout } = await gimlet([
    ...[...TRACE, "--expect", MISSING, "--expect", "lost == 0", ...TWO_TASKS],
  ]);
  assertEquals(status, 1);
  const [, , , failed, first, second, held] = stdout.trimEnd().split("\n");
  assertEquals(failed, `FAIL  ${MISSING} count(event where comm == "dd" && pid > 0) is 0`);
  for (const line of [first!, second!]) {
    assertMatch(line, /^ {6}nearest: \{"pid":\d+,"tgid":\d+,"ts":\d+,"comm":"sh-\d+"\}$/);
  }
  assertEquals(held, "ok    lost == 0                    lost is 0");
});

test("with JSON, results are records before the summary, and notes on stderr", {
  needs,
}, async () => {
  const { status, records, stderr } = await gimletRecords([
    ...[...TRACE, "--json", "--expect", "distinct(pid) == 9", "--expect-none", "event"],
    ...TWO_TASKS,
  ]);
  assertEquals(status, 1);
  assertEquals(records.slice(-3).map(({ type }) => type), ["expect", "expect", "summary"]);
  const [distinct, none] = ofType(records, "expect");
  assertEquals([distinct!.ok, distinct!.seen], [false, [{
    expression: "distinct(pid)",
    value: 1,
  }]]);
  assertEquals([none!.ok, none!.nearest], [false, []]);
  const { type: _, ...fields } = ofType(records, "event")[0]!;
  assertEquals((none!.matching as unknown[])[0], fields);
  assertStringIncludes(stderr, "gimlet: FAIL  distinct(pid) == 9");
});

test("maps and histograms are looked at in the end", { needs: [...needs, gcc] }, async () => {
  const calls = await workload("calls");
  const expectations = [
    'counts["gimlet"] == 1000',
    'counts[{c: "gimlet"}] > 999',
    'max(counts where c =~ "gim*t") == 1000',
    'counts["no such text"] == 0',
  ];
  const { status, stdout } = await gimlet([
    ...["strlen_count", "--tap", ...expectations.flatMap((text) => ["--expect", text])],
    ...["--", calls, "strlen", "1000", "gimlet"],
  ]);
  assertEquals([status, stdout.match(/^ok /gm)?.length], [0, 4], stdout);
  const none = await gimlet([
    ...["bitehist", "--ktap", "--pid", "1", "--duration", "10ms"],
    ...["--expect", "p99(dist) <= 64k", "--expect", "count(dist) == 0 && p99(dist) == null"],
  ]);
  assertEquals(none.stdout.trimEnd().split("\n"), [
    "KTAP version 1",
    "1..2",
    "not ok 1 p99(dist) <= 64k # p99(dist) is nothing",
    "ok 2 count(dist) == 0 && p99(dist) == null # count(dist) is 0, p99(dist) is nothing",
  ]);
  assertEquals(none.status, 1);
});

test("--tap takes the place of the tool's text, and the command's output goes to stderr", {
  needs,
}, async () => {
  const { stdout, stderr } = await gimlet([
    ...[...TRACE, "--tap", "--expect", "lost == 0", "--", "echo", "# out"],
  ]);
  assertEquals(stdout, "TAP version 14\n1..1\nok 1 lost == 0 # lost is 0\n");
  assertEquals(stderr, "# out\n");
});

test("--junit writes a file, also when tracing cannot begin", { needs }, async () => {
  const file = await Deno.makeTempFile();
  try {
    const options = ["--junit", file, "--expect", "EVENTS == 2", "--expect", MISSING];
    assertEquals((await gimlet([...TRACE, ...options, ...TWO_TASKS])).status, 1);
    const xml = await Deno.readTextFile(file);
    assertStringIncludes(
      xml,
      '<testsuite name="gimlet hello_perf_output" tests="2" failures="1" skipped="0"',
    );
    assertStringIncludes(xml, '<failure message="count(event where comm == &quot;dd&quot;');
    assertStringIncludes(xml, ">nearest: {&quot;pid&quot;:");
    const broken = await run([BINARY, ...TRACE, ...options, "--", "/no/such/command"]);
    assertEquals(broken.status, 2);
    const message = "Cannot run /no/such/command: there is no such program";
    const failures = (await Deno.readTextFile(file)).match(new RegExp(`message="${message}"`, "g"));
    assertEquals(failures?.length, 2);
  } finally {
    await Deno.remove(file);
  }
});

test("where tracing cannot begin, TAP bails out", { needs }, async () => {
  const args = [...TRACE, "--tap", "--expect", "lost == 0", "--", "/no/such/command"];
  const { status, stdout } = await gimlet(args);
  assertEquals(status, 2);
  assertMatch(stdout, /^TAP version 14\n1\.\.1\nBail out! Cannot run \/no\/such\/command: .*\n$/);
});

const MISTAKES = [
  [
    ["--expect", "count(event where bites > 4) == 0"],
    "events of hello_perf_output have no field bites",
  ],
  [["--expect", 'count(event where pid == "1") == 0'], "a number cannot be compared with a string"],
  [["--expect", "p99(dist) < 5"], "hello_perf_output has no dist"],
  [["--expect-none", "pid == 1"], "== cannot follow pid"],
  [["--tap"], "Option --tap needs an --expect"],
  [["--junit", "/tmp/x.xml"], "Option --junit needs an --expect"],
  [["--tap", "--ktap", "--expect", "lost == 0"], "Cannot print --tap and --ktap at once"],
  [["--json", "--tap", "--expect", "lost == 0"], "Cannot print --json and --tap at once"],
  [
    ["--junit", "/no/such/folder/x.xml", "--expect", "lost == 0"],
    "Cannot write /no/such/folder/x.xml",
  ],
  [["--ready-fd", "9"], "Cannot write to file descriptor 9: it is not open"],
  [["--ready-fd", "1"], 'Cannot read --ready-fd "1"'],
] as const;

for (const [options, message] of MISTAKES) {
  test(`${options.join(" ")} is found before anything is traced`, { needs: [binary] }, async () => {
    const { status, stdout, stderr } = await gimlet([
      "hello_perf_output",
      ...options,
      "--",
      "true",
    ]);
    assertEquals(status, 2);
    if (options[0] !== "--json") assertEquals(stdout, "");
    assertStringIncludes(stderr, message);
    assert(stderr.trimEnd().split("\n").length <= 6, stderr);
  });
}

test("a mistake in the command line is a record too, where JSON is asked for", {
  needs: [binary],
}, async () => {
  for (const json of [["--json"], ["--format", "json"], ["--format=json"]]) {
    const { status, records } = await gimletRecords(["bitehist", ...json, "--max-event", "3"]);
    const [record] = records;
    assertEquals([status, records.length, record!.code], [2, 1, "E_USAGE"]);
    assertEquals(record!.hint, "Did you mean --max-events?");
  }
  const command = await gimlet(["bitehist", "--max-event", "3", "--", "ls", "--json"]);
  assertEquals([command.status, command.stdout], [2, ""]);
});

test("--ready-fd writes a line once armed, and closes: who waits sees every event", {
  needs,
}, async () => {
  // read comes back with the line, the second one with the end; only then does the shell make a task.
  const script = `
    coproc "$@" --ready-fd 9 9>&1 >&8
    read -r line <&"\${COPROC[0]}"; printf '%s\\n' "$line"
    read -r more <&"\${COPROC[0]}"; printf 'end %s\\n' "$more"
    exec 9<&-
    "$SHELL_PATH" -c '/bin/true; /bin/true; :'
    wait "$COPROC_PID"`;
  const { status, stdout, stderr } = await run(
    ["bash", "-c", `exec 8>&1; ${script}`, "bash", BINARY, ...TRACE, "--max-events", "2"],
    { env: { SHELL_PATH: SHELL.path } },
  );
  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, "ready\nend \n");
  assertEquals(stdout.match(/Hello, perf_output!/g)?.length, 2, stdout);
});

test("--ready-fd to somebody who has gone away is a remark", { needs }, async () => {
  const script = `exec 9> >(:); wait $!; "$@" --ready-fd 9 -- true`;
  const { status, stderr } = await run(["bash", "-c", script, "bash", BINARY, ...TRACE]);
  assertEquals(status, 0);
  assertMatch(stderr, /^gimlet: cannot tell file descriptor 9 that all is ready: .*EPIPE.*\n$/);
});

test(
  "--stop-on-eof ends when stdin does, and leaves the command none of it",
  { needs },
  async () => {
    const running = new Running([...STOPPING, "--json"], { stdin: "piped" });
    await running.until('"type":"attached"');
    await running.closeInput();
    const { status, stdout } = await running.finished();
    assertEquals(status, 0);
    assertStringIncludes(stdout, '"ended_by":"stdin-closed"');

    const input = `printf 'for gimlet' | "$@"`;
    const command = await run(["sh", "-c", input, "sh", ...STOPPING, "--", "cat"]);
    assertEquals([command.status, command.stdout], [
      0,
      "TIME(s)            COMM             PID    MESSAGE\n",
    ]);
  },
);

const STOPPING = [BINARY, ...TRACE, "--stop-on-eof"] as const;

test(
  "--require-events is content with what a report shows",
  { needs: [...needs, gcc] },
  async () => {
    const calls = await workload("calls");
    const strlen = ["strlen_count", "--require-events", "--duration", "10s"];
    const ended = await gimlet([...strlen, "--", calls, "strlen", "7", "gimlet"]);
    assertEquals(ended.status, 0);
    const nobody = ["--comm", "nobody-has-this", "--require-events", "--duration", "10ms"];
    assertEquals((await gimlet(["strlen_count", ...nobody])).status, 124);
  },
);

test("the statuses have an order: losses, expectations, no events, the command's own", {
  needs,
}, async () => {
  const quiet = ["hello_perf_output", "--comm", "nobody-has-this", "--duration", "10ms"];
  const unmet = ["--expect", "EVENTS > 0"];
  assertEquals((await gimlet([...quiet, "--require-events"])).status, 124);
  assertEquals((await gimlet([...quiet, "--require-events", ...unmet])).status, 1);
  assertEquals((await gimlet([...quiet, ...unmet, "--", "sh", "-c", "exit 42"])).status, 1);
});

test("gimlet schema is the schema that the tests hold records against", {
  needs: [binary],
}, async () => {
  const all = await gimlet(["schema"]);
  assertEquals(all.stdout, `${json(fullSchema())}\n`);
  for (const tool of tools) {
    const { status, stdout } = await gimlet(["schema", tool.name]);
    assertEquals(status, 0);
    assertEquals(stdout, `${json(toolSchema(tool))}\n`);
  }
  const wrong = await gimlet(["schema", "bitehits"]);
  assertEquals(wrong.status, 2);
  assertStringIncludes(wrong.stderr, "Did you mean bitehist?");
});

test(
  "gimlet help explains every error code, however it is written",
  { needs: [binary] },
  async () => {
    for (const code of ["E_NO_BTF", "e-no-btf", "e_no_btf"]) {
      const { status, stdout } = await gimlet(["help", code]);
      assertEquals(status, 0);
      assertMatch(
        stdout,
        /^E_NO_BTF: the kernel has no BTF \(exit status 7\)\n\nUsual causes:\n {2}/,
      );
      assertStringIncludes(stdout, "\n\nWhat helps:\n  ");
    }
    const wrong = await gimlet(["help", "E_NO_BFT"]);
    assertEquals([wrong.status, wrong.stdout], [2, ""]);
    assertStringIncludes(wrong.stderr, "Did you mean E_NO_BTF?");
  },
);
