import { clockNow } from "../../ffi/host/clock.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import {
  BINARY,
  gimlet,
  gimletRecords,
  ownShell,
  run,
  RUNNERS,
  Running,
  workload,
} from "../gimlet.ts";
import { isNamed, jsonRecords, ofType } from "../records.ts";
import { binary, capabilities, gcc, needsProgram, test } from "../support.ts";

const SHELL = await ownShell();
const ONLY_SHELL = ["--comm", SHELL.comm] as const;
const THREE_TASKS = [
  ...[SHELL.path, "-c", "echo $$ >&2; for i in 1 2 3; do /bin/true; done"],
] as const;
const needs = [capabilities, binary];

for (const [way, runner] of Object.entries(RUNNERS)) {
  test(
    `hello_perf_output prints three exact events and nothing but JSON (${way})`,
    { needs },
    async () => {
      const before = clockNow("monotonic");
      const { status, stdout, stderr } = await run([
        ...runner,
        ...[
          "hello_perf_output",
          "--json",
          ...ONLY_SHELL,
          "--max-events",
          "3",
          "--",
          ...THREE_TASKS,
        ],
      ]);
      const after = clockNow("monotonic");
      const records = jsonRecords(stdout);
      assertEquals(records.map(({ type }) => type), [
        "header",
        "attached",
        "event",
        "event",
        "event",
        "summary",
      ]);
      const pid = Number(stderr.trim());
      for (const event of ofType(records, "event")) {
        assertEquals([event.pid, event.tgid, event.comm], [pid, pid, SHELL.comm]);
        const ts = BigInt(event.ts as number);
        assert(before < ts && ts < after, `${before} < ${ts} < ${after}`);
      }
      assertEquals(ofType(records, "summary")[0]!.ended_by, "max-events");
      assertEquals(status, 0);
    },
  );

  test(`hello_perf_output prints BCC's table (${way})`, { needs }, async () => {
    const { status, stdout, stderr } = await run([
      ...runner,
      "hello_perf_output",
      "--",
      ...THREE_TASKS,
    ]);
    const pid = stderr.trim().padEnd(6);
    const [header, ...lines] = stdout.trimEnd().split("\n");
    assertEquals(header, "TIME(s)            COMM             PID    MESSAGE");
    assertEquals(lines.length, 3);
    assertStringIncludes(lines[0]!, `0.000000000        ${SHELL.comm} `);
    for (const line of lines) {
      assertMatch(line, /^0\.\d{9} {8}sh-\d+ +\d+ +Hello, perf_output!$/);
      assertEquals(line.slice(19, 36), SHELL.comm.padEnd(17));
      assertStringIncludes(line, ` ${pid} `);
    }
    assertEquals(status, 0);
  });

  test(`hello_world prints the kernel's own lines (${way})`, { needs }, async () => {
    const { status, stdout } = await run([
      ...runner,
      "hello_world",
      ...ONLY_SHELL,
      "--",
      ...THREE_TASKS,
    ]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.length, 3, stdout);
    for (const line of lines) {
      assertMatch(
        line,
        /^ +(sh-\d+|<\.\.\.>)-\d+ +\[\d{3}\] \S+ +\d+\.\d{6}: bpf_trace_printk: Hello, World!$/,
      );
    }
    assertEquals(status, 0);
  });
}

test("hello_world gives the fields of its lines as JSON", { needs }, async () => {
  const { records, stderr } = await gimletRecords([
    "hello_world",
    "--json",
    ...ONLY_SHELL,
    "--",
    ...THREE_TASKS,
  ]);
  const events = ofType(records, "event");
  assertEquals(events.length, 3);
  for (const { pid, comm, message } of events) {
    assertEquals([pid, message], [Number(stderr.trim()), "Hello, World!"]);
    assert(isNamed(comm, SHELL.comm), String(comm));
  }
  assertEquals(ofType(records, "summary")[0]!.lost, 0);
});

for (const plan of ["raw_syscalls", "tracepoint", "tp_btf"]) {
  test(`hello_perf_output sees the same tasks by plan ${plan}`, { needs }, async () => {
    const { records } = await gimletRecords([
      ...["hello_perf_output", "--json", "--plan", plan, ...ONLY_SHELL, "--", ...THREE_TASKS],
    ]);
    assertEquals(ofType(records, "header")[0]!.plan, plan);
    assertEquals(ofType(records, "event").length, 3);
  });
}

const compat = {
  reason: "needs a kernel that runs 32-bit programs of x86",
  ok: () => Deno.build.arch === "x86_64",
};

// To 32-bit programs fork's number is setpgid, and sync's nanosleep.
for (const [tool, number] of [["hello_perf_output", "57"], ["sys_sync", "162"]] as const) {
  for (const plan of ["raw_syscalls", "tracepoint"]) {
    test(`${tool} leaves out the calls of 32-bit programs (plan ${plan})`, {
      needs: [...needs, gcc, compat],
    }, async () => {
      const { status, records } = await gimletRecords([
        ...[tool, "--json", "--plan", plan, "--comm", "calls", "--"],
        ...[await workload("calls"), "compat", "31", number],
      ]);
      assertEquals(status, 0);
      assertEquals(ofType(records, "event"), []);
    });
  }
}

test("strlen_count counts a string exactly as often as strlen() was called on it", {
  needs: [...needs, gcc],
}, async () => {
  const calls = await workload("calls");
  const text = await gimlet(["strlen_count", "--", calls, "strlen", "1000", "gimlet"]);
  assertEquals(text.stdout.split("\n").slice(0, 2), [
    "Tracing strlen()... Hit Ctrl-C to end.",
    "     COUNT STRING",
  ]);
  assertStringIncludes(text.stdout, '\n      1000 "gimlet"\n');
  const { records } = await gimletRecords([
    "strlen_count",
    "--json",
    "--",
    calls,
    "strlen",
    "997",
    "a\nb",
  ]);
  const [map] = ofType(records, "map");
  const entries = map!.entries as { key: { c: string }; value: number }[];
  assertEquals(entries.filter(({ key }) => key.c === "a\nb"), [{ key: { c: "a\nb" }, value: 997 }]);
});

test("strlen_count keeps the first 79 bytes of a string", { needs: [...needs, gcc] }, async () => {
  const calls = await workload("calls");
  const { stdout } = await gimlet([
    "strlen_count",
    "--comm",
    "calls",
    "--",
    calls,
    "strlen",
    "7",
    "x".repeat(200),
  ]);
  assertStringIncludes(stdout, `         7 "${"x".repeat(79)}"\n`);
});

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

for (const plan of ["tp_btf", "tracepoint"]) {
  test(`bitehist shows the sizes that dd issues (plan ${plan})`, { needs }, async () => {
    const file = await Deno.makeTempFile({ dir: "/var/tmp", prefix: "gimlet-bites-" });
    const dd = [
      "dd",
      "if=/dev/zero",
      `of=${file}`,
      "bs=1M",
      "count=64",
      "oflag=direct",
      "status=none",
    ];
    const { status, records } = await gimletRecords([
      ...["bitehist", "--json", "--plan", plan, "--comm", "dd", "--", ...dd],
    ]).finally(() => Deno.remove(file));
    assertEquals(status, 0);
    const [log2, linear] = ofType(records, "hist");
    assertEquals([log2!.name, log2!.unit, linear!.name], ["dist", "kbytes", "dist_linear"]);
    // 64 MiB went through, whatever pieces the file system and the disk's limits made of it; up to 1 MiB may be metadata.
    const buckets = log2!.buckets as Bucket[];
    const least = buckets.reduce((sum, { low, count }) => sum + low * count, 0);
    const most = buckets.reduce((sum, { high, count }) => sum + (high + 1) * count, 0);
    assert(least <= 65 * 1024 && most >= 64 * 1024, JSON.stringify(buckets));
    const requests = (hist: Bucket[]) => hist.reduce((sum, { count }) => sum + count, 0);
    assertEquals(requests(buckets), requests(linear!.buckets as Bucket[]));
  });
}

test("Ctrl-C ends bitehist with its histograms and status 0", { needs }, async () => {
  const running = new Running([BINARY, "bitehist"]);
  await running.until("Tracing... Hit Ctrl-C to end.\n");
  running.kill("SIGINT");
  const { status, stdout } = await running.finished();
  assertEquals(status, 0);
  assertStringIncludes(stdout, "\nlog2 histogram\n~~~~~~~~~~~~~~\n");
  assertStringIncludes(stdout, "\nlinear histogram\n~~~~~~~~~~~~~~~~\n");
});

test("SIGTERM is a normal end, and is passed on to the command", { needs }, async () => {
  const running = new Running([
    ...[BINARY, "hello_perf_output", "--"],
    ...["sh", "-c", "trap 'exit 9' TERM; echo up; while :; do /bin/true; done"],
  ]);
  await running.until("up\n");
  running.kill("SIGTERM");
  assertEquals((await running.finished()).status, 9);
});

test("--duration ends a tool that sees nothing", { needs }, async () => {
  const args = ["hello_perf_output", "--json", "--comm", "nobody-has-this", "--duration", "100ms"];
  const quiet = await gimletRecords(args);
  assertEquals(quiet.status, 0);
  assertEquals(ofType(quiet.records, "summary")[0]!.ended_by, "duration");
  assertEquals((await gimlet([...args, "--require-events"])).status, 124);
});

test(
  "the command's own status is gimlet's, and its output does not mix with JSON",
  { needs },
  async () => {
    const { status, records, stderr } = await gimletRecords([
      ...["hello_perf_output", "--json", "--", "sh", "-c", "echo out; exit 42"],
    ]);
    assertEquals(status, 42);
    assertEquals(stderr, "out\n");
    assertEquals(ofType(records, "summary")[0]!.ended_by, "command");
  },
);

test("a limit that is reached first waits for the command", { needs }, async () => {
  const { status, stdout } = await gimlet([
    ...[
      "hello_perf_output",
      "--max-events",
      "1",
      "--",
      "sh",
      "-c",
      "/bin/true; /bin/true; echo done; exit 3",
    ],
  ]);
  assertEquals(status, 3);
  assertEquals(stdout.match(/Hello, perf_output!/g)!.length, 1);
  assertStringIncludes(stdout, "done\n");
});

test("a reader that goes away is a normal end", { needs }, async () => {
  const script =
    `"$1" hello_perf_output -- sh -c 'for i in 1 2 3 4 5 6 7 8; do /bin/true; done' | head -n 1
    exit \${PIPESTATUS[0]}`;
  const { status, stdout, stderr } = await run(["bash", "-c", script, "bash", BINARY]);
  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, "TIME(s)");
});

test("a reader that goes away is noticed, even when nothing more happens", { needs }, async () => {
  const script = `"$1" hello_perf_output --comm nobody-has-this | head -n 1
    exit \${PIPESTATUS[0]}`;
  const { status, stdout, stderr } = await run(["bash", "-c", script, "bash", BINARY]);
  assertEquals([status, stderr], [0, ""]);
  assertStringIncludes(stdout, "TIME(s)");
});

test("a run creates no file, opens nothing in temporary folders, and no socket", {
  needs: [...needs, needsProgram("strace")],
}, async () => {
  const log = await Deno.makeTempFile();
  try {
    for (const tool of ["hello_world", "hello_perf_output", "bitehist", "strlen_count"]) {
      const { status } = await run([
        "strace",
        "-f",
        "-e",
        "trace=%file,socket,bpf",
        "-o",
        log,
        BINARY,
        tool,
        "--duration",
        "10ms",
      ]);
      assertEquals(status, 0);
      const calls = (await Deno.readTextFile(log)).split("\n");
      assert(calls.some((call) => call.includes("BPF_PROG_LOAD")));
      const wrong = /O_CREAT|O_WRONLY|open.*"(\/var)?\/tmp|socket\(|mkdir|rename|unlink/;
      // The binary itself may lie in such a folder.
      const opened = calls.filter((call) => !call.includes(BINARY));
      assertEquals(opened.filter((call) => wrong.test(call)), []);
    }
  } finally {
    await Deno.remove(log);
  }
});

test("filters keep everybody else out", { needs }, async () => {
  const count = async (...filter: string[]) => {
    const args = ["hello_perf_output", "--json", ...filter, "--", ...THREE_TASKS];
    return ofType((await gimletRecords(args)).records, "event").length;
  };
  assertEquals(await count(...ONLY_SHELL), 3);
  assertEquals(await count("--comm", "s"), 0);
  assertEquals(await count("--comm", "shell"), 0);
  assertEquals(await count("--uid", "12345"), 0);
  assertEquals(await count(...ONLY_SHELL, "--uid", String(Deno.uid())), 3);
  assertEquals(await count("--tgid", String(Deno.pid)), 0);
});

test(
  "--plan list tells of every plan whether it can be used here, and why not",
  { needs },
  async () => {
    const { status, stdout } = await gimlet(["hello_perf_output", "--plan", "list"]);
    const lines = stdout.trimEnd().split("\n");
    assertEquals(lines.map((line) => line.slice(2).split(" ")[0]), [
      "kprobe",
      "raw_syscalls",
      "tracepoint",
      "tp_btf",
    ]);
    assertEquals(lines.filter((line) => line.startsWith("* ")).length, 1);
    for (const line of lines) assertMatch(line, /^[* ] \w+ +(usable: \w+:\S+|no: \w+)/);
    assertEquals(status, 0);
  },
);
