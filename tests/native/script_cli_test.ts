/** The command line of scripts: bpftrace's own options, and what all of gimlet's tools promise to programs. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, gimlet, NOBODY, publicCopy, run, Running, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, capabilities, gcc, root, test } from "../support.ts";

const needs = [root, capabilities, binary];
const withWork = [...needs, gcc];

/** 37 calls of a system call, of which every one is seen. */
const CALLS = 37;
/** Nobody else's program has this name. */
const COMM = `calls-${Deno.pid}`;
const PROBE = `tracepoint:syscalls:sys_enter_getppid /comm == "${COMM}"/`;
const PROGRAM = `${PROBE} {
  @n = count(); @last_us = 2000; @by[comm] = count(); @pair[1, comm] = sum(2); @h = hist(5);
  @us[comm] = hist(5); @s[1, comm] = stats(3); @all = stats(4);
  printf("called by %s\\n", comm);
}`;

/** The program that makes the calls, under its own name. */
async function ownCalls(): Promise<string> {
  const calls = await workload("calls");
  const path = calls.replace(/[^/]*$/, COMM);
  await Deno.remove(path).catch(() => {});
  await Deno.symlink(calls, path);
  return path;
}

async function around(options: readonly string[], program = PROGRAM) {
  const calls = await ownCalls();
  return await gimlet(["-q", ...options, "-e", program, "--", calls, "getppid", String(CALLS)]);
}

function expecting(...expressions: readonly string[]): string[] {
  return expressions.flatMap((each) => ["--expect", each]);
}

const TRUE = [
  `@n == ${CALLS} && @n < 1k && @n != ${CALLS + 1}`,
  "@last_us == 2ms",
  `@by["${COMM}"] == ${CALLS} && @by["nobody"] == 0 && count(@by) == 1 && sum(@by where key =~ "c*") == ${CALLS}`,
  `@pair[1, "${COMM}"] == ${2 * CALLS} && count(@pair where key0 == 1 && key1 == "${COMM}") == 1`,
  `count(@h) == ${CALLS} && min(@h) == 4 && p99(@h) == 7`,
  `count(@us["${COMM}"]) == ${CALLS} && p99(@us["${COMM}"]) == 7 && count(@us["nobody"]) == 0 && max(@us where key =~ "c*") == 7`,
  `count(@s[1, "${COMM}"]) == ${CALLS} && avg(@s) == 3 && sum(@all) == ${4 * CALLS}`,
  `count(event where kind == "printf" && text =~ "called by c*") == ${CALLS} && events == ${CALLS}`,
  "lost == 0",
];

test("expectations of a script see its output and its maps", { needs: withWork }, async () => {
  const good = await around([...expecting(...TRUE), "--expect-none", 'event where text =~ "x*"']);
  assertEquals([good.status, good.stderr], [0, ""]);
  assertEquals(good.stdout.match(/^ok {4}/gm)?.length, TRUE.length + 1, good.stdout);
  const bad = await around(expecting(...TRUE.map((each) => `!(${each})`)));
  assertEquals(bad.status, 1);
  assertEquals(bad.stdout.match(/^FAIL {2}/gm)?.length, TRUE.length, bad.stdout);
});

test("results of a script's expectations as TAP, KTAP and JUnit, with nothing else on stdout", {
  needs: withWork,
}, async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/junit.xml`;
  try {
    const expected = expecting(`@n == ${CALLS}`, "@n == 1");
    const tap = await around([...expected, "--tap", "--junit", file]);
    assertEquals([tap.status, tap.stdout.split("\n").slice(0, 3)], [1, [
      "TAP version 14",
      "1..2",
      `ok 1 @n == ${CALLS} # @n is ${CALLS}`,
    ]]);
    assertMatch(tap.stdout, /^not ok 2 @n == 1/m);
    assert(!tap.stdout.includes("called by"));
    const xml = await Deno.readTextFile(file);
    assertStringIncludes(xml, 'name="gimlet -e" tests="2" failures="1"');
    const ktap = await around([...expected, "--ktap"]);
    assertMatch(ktap.stdout, /^KTAP version 1\n1\.\.2\nok 1 /);

    // Where nothing could run, all of it failed.
    const mistaken = await around([...expected, "--tap", "--junit", file], `${PROBE} { coun(); }`);
    assertEquals(mistaken.status, 2);
    assertMatch(mistaken.stdout, /^Bail out! stdin:1:\d+: Unknown function: coun/m);
    assertStringIncludes(await Deno.readTextFile(file), 'tests="2" failures="2"');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("--json tells of expectations, with the events that nearly counted", {
  needs: withWork,
}, async () => {
  const wanted = 'count(event where kind == "printf" && text == "no") == 1';
  const { status, stdout } = await around(["--json", ...expecting(wanted)]);
  const records = jsonRecords(stdout);
  assertEquals(status, 1);
  assertEquals(ofType(records, "event").length, CALLS);
  const [expect] = ofType(records, "expect");
  assertEquals(expect?.["ok"], false);
  assertEquals(expect?.["nearest"], Array(3).fill({ kind: "printf", text: `called by ${COMM}\n` }));
  assertEquals(records.at(-1)?.["ended_by"], "command");
});

test("a mistake in an expectation shows the place, and what a script has", {
  needs,
}, async () => {
  const { status, stderr, stdout } = await gimlet([
    ...["-e", "BEGIN { @count = 1; }", "--expect", "@cuont == 1"],
  ]);
  assertEquals([status, stdout], [2, ""]);
  assertStringIncludes(stderr, "    @cuont == 1\n    ^^^^^^\n  → Did you mean @count?");
});

test("a mistake in a script is a record where JSON is asked for", { needs: [binary] }, async () => {
  const { status, stdout, stderr } = await gimlet(["--json", "-e", "BEGIN {\n  exitt();\n}"]);
  assertEquals(status, 2);
  assertEquals(jsonRecords(stdout), [{
    type: "error",
    code: "E_SCRIPT",
    message: "stdin:2:3: Unknown function: exitt",
    hint: "Did you mean exit?",
    file: "stdin",
    line: 2,
    column: 3,
  }]);
  assertStringIncludes(stderr, "  exitt();\n  ~~~~~\nHINT: Did you mean exit?");
});

test("--cgroup sees those in one cgroup only", { needs: withWork }, async () => {
  const inside = 'echo $$ > /mnt/gimlet/cgroup.procs; "$0" getppid 11; echo $$ > /mnt/cgroup.procs';
  const script = `mount -t cgroup2 cgroup2 /mnt; mkdir /mnt/gimlet
    "$0" -q --cgroup /mnt/gimlet -e '${PROBE} { @n = count(); }' --expect '@n == 11' \\
      -- sh -c '"$0" getppid 5; ${inside}' "$1" || status=$?
    rmdir /mnt/gimlet; exit \${status:-0}`;
  const calls = await ownCalls();
  const words = ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", script];
  const { status, stdout, stderr } = await run([...words, BINARY, calls]);
  assertEquals(status, 0, stdout + stderr);
});

test("-k tells of reads of memory that is not there, and counts them; without it they give 0", {
  needs,
}, async () => {
  const program = `BEGIN {
    $task = (struct task_struct *)8;
    $i = 0;
    while ($i < 3) { @sum += $task->pid; $i++; }
    printf("%s|\\n", str(uptr(16)));
    clear(@sum);
    exit();
  }`;
  const silent = await gimlet(["-q", "--fail-on-loss", "-e", program]);
  assertEquals([silent.status, silent.stdout, silent.stderr], [0, "|\n\n\n\n", ""]);
  const quiet = await gimlet(["-q", "-k", "--no-warnings", "-e", program]);
  assertEquals(quiet.stderr, "gimlet: lost 4: the traced program's memory could not be read\n");
  for (const option of ["-k", "-kk"]) {
    const told = await gimlet(["-q", option, "--fail-on-loss", "-e", program]);
    assertEquals([told.status, told.stdout], [6, "|\n\n\n\n"]);
    // Each place once, however often.
    assertEquals(told.stderr.match(/WARNING: Failed to .*|~{5,}/g), [
      "WARNING: Failed to probe_read_kernel: Numerical result out of range (-34)",
      "~~~~~~~~~~~~~~~~~~",
      "WARNING: Failed to probe_read_user_str: Bad address (-14)",
      "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
    ]);
    assertMatch(told.stderr, /^stdin:4:22-40: WARNING/m);
    assertStringIncludes(told.stderr, "lost 4: the traced program's memory could not be read");
  }
});

test("--info, -h and -V stand for subcommands, wherever they stand", { needs }, async () => {
  const [info, doctor] = await Promise.all([
    gimlet(["-e", "BEGIN { }", "--info"]),
    gimlet(["doctor"]),
  ]);
  // It looks at itself: its own number is not the same twice.
  const told = (text: string) => text.replaceAll(/\/proc\/\d+/g, "/proc/self");
  assertEquals([info.status, told(info.stdout)], [0, told(doctor.stdout)]);
  const version = await gimlet(["version"]);
  assertEquals(await gimlet(["-e", "BEGIN { }", "-V"]), version);
  assertEquals(await gimlet(["x.bt", "--version"]), version);
  for (const words of [["-e", "BEGIN { }", "-h"], ["x.bt", "--help"]]) {
    const { status, stdout } = await gimlet(words);
    assertEquals(status, 0);
    assertMatch(stdout, /^Run a script in bpftrace's language\./);
    assertMatch(stdout, /^ {2}-e PROGRAM /m);
    assertMatch(stdout, /^ {6}--expect EXPR /m);
  }
});

test("--dry-run attaches, and runs neither the script nor a command", { needs }, async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/made`;
  try {
    const program =
      'BEGIN { printf("begun\\n"); @n = 1; } interval:ms:1 { printf("tick\\n"); } END { }';
    const text = await gimlet(["--dry-run", "-e", program, "-c", `touch ${file}`]);
    assertEquals([text.status, text.stdout], [0, "Attaching 3 probes...\n"]);
    const json = await gimlet(["--dry-run", "--json", "-e", program, "--", "touch", file]);
    const records = jsonRecords(json.stdout);
    assertEquals(records.map(({ type }) => type), ["header", "attached", "summary"]);
    assertEquals(records.at(-1)?.["ended_by"], "dry-run");
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("-d prints the tree and ends; with a stage it prints that and runs", { needs }, async () => {
  const program = 'BEGIN { printf("ran\\n"); exit(); }';
  for (const words of [["-d"], ["-dd"], ["--dump", "ast"]]) {
    const { status, stdout } = await gimlet([...words, "-e", program]);
    assertEquals([status, stdout.includes("ran\\n"), stdout.includes("Attaching")], [
      0,
      true,
      false,
    ]);
    assertMatch(stdout, /^\{\n/);
  }
  const { status, stdout } = await gimlet(["-d", "dis", "-e", program]);
  assertEquals(status, 0);
  assertMatch(stdout, /^probe_0 \(BEGIN\): \d+ instructions\n/);
  assertMatch(stdout, /\nAttaching 1 probe\.\.\.\nran\n/);
});

test("-q says nothing of attaching, -v names the probes, --no-warnings leaves out doubts", {
  needs,
}, async () => {
  const program = '#include "no_such.h"\nBEGIN { exit(); }';
  const quiet = await gimlet(["-q", "-e", program]);
  assertEquals([quiet.status, quiet.stdout], [0, "\n\n"]);
  assertMatch(quiet.stderr, /^stdin:1:1-21: WARNING: there is no header no_such\.h\n/);
  const verbose = await gimlet(["-v", "--no-warnings", "-e", program]);
  assertMatch(verbose.stdout, /^Attaching 1 probe\.\.\.\n/);
  assertMatch(verbose.stderr, /^gimlet: plan script, kernel .*\ngimlet: attached BEGIN\n/);
});

test("-p ends with the process, and wants one that is there", { needs }, async () => {
  const sleeper = new Deno.Command("sleep", { args: ["1000"] }).spawn();
  const running = new Running([
    ...[BINARY, "--json", "-p", String(sleeper.pid), "-e"],
    'BEGIN { printf("begun\\n"); } END { printf("end\\n"); }',
  ]);
  await running.until("begun");
  sleeper.kill("SIGKILL");
  const { status, stdout } = await running.finished();
  await sleeper.status;
  const records = jsonRecords(stdout);
  assertEquals([status, records.at(-1)?.["ended_by"]], [0, "process"]);
  assertEquals(ofType(records, "event").map(({ text }) => text), ["begun\n", "end\n"]);

  const missing = await gimlet(["-p", "4194304", "-e", "BEGIN { }"]);
  assertEquals(missing.status, 4);
  assertStringIncludes(missing.stderr, "there is no process of that number");
});

test("-c: what the shell reads; its status, unless exit() ends it", { needs }, async () => {
  const status = async (command: string, program = "BEGIN { }") =>
    (await gimlet(["-q", "-c", command, "-e", program])).status;
  assertEquals(await status("true && exit 5"), 5);
  assertEquals(await status("GREETING=7 sh -c 'exit $GREETING'"), 7);
  assertEquals(await status("sh -c 'exit 3; :'"), 3);
  // It would take longer than any test may: exit() ends it as well.
  assertEquals(await status("sleep 100000", "interval:ms:10 { exit(); }"), 0);
  assertEquals(await status("sleep 100000", "interval:ms:10 { exit(9); }"), 9);
});

test("- reads the script from stdin, with parameters behind it", { needs }, async () => {
  const script =
    `printf 'BEGIN { printf("%%d %%s\\\\n", $1, str($2)); exit(); }' | "$0" -q - 7 seven`;
  const { status, stdout } = await run(["sh", "-c", script, BINARY]);
  assertEquals([status, stdout], [0, "7 seven\n\n\n"]);
});

test("headers: beside the script, in -I, by --include", { needs }, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/include`);
    await Deno.writeTextFile(
      `${folder}/include/pair.h`,
      '#ifndef PAIR_H\n#define PAIR_H\n#include "inner.h"\nstruct pair { int a; struct inner b; };\n#endif\n',
    );
    await Deno.writeTextFile(
      `${folder}/include/inner.h`,
      '#include "pair.h"\n#define WIDE 40\nstruct inner { long x; long y; };\n',
    );
    await Deno.writeTextFile(`${folder}/code.h`, "static int f(void) { return 1; }\n");
    const body = 'BEGIN { printf("%d %d\\n", sizeof(struct pair), WIDE + 2); exit(); }\n';
    const file = `${folder}/script.bt`;
    const ran = async (text: string, ...options: readonly string[]) => {
      await Deno.writeTextFile(file, text);
      const { stdout, stderr } = await gimlet(["-q", ...options, file]);
      return [stdout.trim(), stderr];
    };
    const expected = ["24 42", ""];
    assertEquals(await ran(`#include "include/pair.h"\n${body}`), expected);
    assertEquals(await ran(`#include <pair.h>\n${body}`, "-I", `${folder}/include`), expected);
    assertEquals(
      await ran(body, "-I", "/no", `-I${folder}/include`, "--include", "pair.h"),
      expected,
    );
    assertEquals(await ran(body, "--include", `${folder}/include/pair.h`), expected);
    // The kernel's own: its BTF has what they have.
    assertEquals(
      await ran("#include <linux/sched.h>\nBEGIN { print(sizeof(struct list_head)); exit(); }"),
      ["16", ""],
    );
    const [, told] = await ran(`#include "code.h"\nBEGIN { exit(); }`);
    assertStringIncludes(told!, "code.h has more than declarations, and is not read");
    // Positions are those of the files that one has written.
    const [, mistake] = await ran(`#include "include/pair.h"\n\nBEGIN { exitt(); }`);
    assertStringIncludes(
      mistake!,
      `${file}:3:9-14: ERROR: Unknown function: exitt\nBEGIN { exitt(); }`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("--duration, --max-events and --require-events hold for scripts", { needs }, async () => {
  const ended = async (...words: string[]) => {
    const { status, stdout } = await gimlet(["--json", ...words]);
    return [status, jsonRecords(stdout).at(-1)?.["ended_by"]];
  };
  const ticks = 'interval:ms:1 { printf("tick\\n"); }';
  assertEquals(await ended("--duration", "50ms", "-e", ticks), [0, "duration"]);
  assertEquals(await ended("--max-events", "3", "-e", ticks), [0, "max-events"]);
  const silent = ["--require-events", "--duration", "10ms", "-e", "interval:s:1000 { print(1); }"];
  assertEquals(await ended(...silent), [124, "duration"]);
  const limited = await gimlet(["-q", "--max-events", "3", "-e", ticks]);
  assertEquals(limited.stdout, "tick\ntick\ntick\n\n\n");
});

test("--ready-fd and --stop-on-eof work for scripts", { needs: withWork }, async () => {
  const script = `
    coproc "$@" --ready-fd 9 9>&1 >&8
    read -r line <&"\${COPROC[0]}"; printf '%s\\n' "$line"
    exec 9<&-
    "$CALLS" getppid ${CALLS}
    wait "$COPROC_PID"`;
  const words = [
    BINARY,
    "-q",
    "-e",
    PROGRAM,
    "--max-events",
    String(CALLS),
    "--expect",
    "lost == 0",
  ];
  const { status, stdout } = await run(["bash", "-c", `exec 8>&1; ${script}`, "bash", ...words], {
    env: { CALLS: await ownCalls() },
  });
  assertEquals(status, 0, stdout);
  assertMatch(stdout, /^ready\ncalled by calls-/);
  assertEquals(stdout.match(/called by/g)?.length, CALLS);

  const running = new Running([BINARY, "--json", "--stop-on-eof", "-e", "interval:s:1000 { }"], {
    stdin: "piped",
  });
  await running.until('"type":"attached"');
  await running.closeInput();
  const ended = await running.finished();
  assertEquals([ended.status, jsonRecords(ended.stdout).at(-1)?.["ended_by"]], [0, "stdin-closed"]);
});

test("the statuses have an order: losses, expectations, exit(n), the command's own", {
  needs,
}, async () => {
  const status = async (...words: string[]) => (await gimlet(["-q", ...words])).status;
  const fails = ["--expect", "events == 1000"];
  const full = "BEGIN { @[1] = 1; @[2] = 2; exit(5); }";
  const lossy = `config = { max_map_keys = 1 } ${full}`;
  assertEquals(await status("-e", lossy, "--fail-on-loss", ...fails), 6);
  assertEquals(await status("-e", full, "--fail-on-loss", ...fails), 1);
  assertEquals(await status("-e", full, "--", "sh", "-c", "exit 7"), 5);
  assertEquals(await status("-e", "BEGIN { }", "--", "sh", "-c", "exit 7"), 7);
  assertEquals(await status("-e", "BEGIN { }", ...fails, "--", "sh", "-c", "exit 7"), 1);
});

test("a recorded script is replayed to the letter, as text and as JSON", {
  needs: withWork,
}, async () => {
  const file = await Deno.makeTempFile();
  try {
    const calls = await ownCalls();
    const words = ["-e", PROGRAM, ...expecting(`@n == ${CALLS}`), "--", calls, "getppid", "37"];
    const recorded = await gimlet(["record", file, ...words]);
    assertEquals(recorded.status, 0, recorded.stderr);
    assertEquals(recorded.stdout.match(/called by calls/g)?.length, CALLS);
    assertEquals(await gimlet(["replay", file]), recorded);
    const json = await gimlet(["replay", file, "--json"]);
    assertEquals(ofType(jsonRecords(json.stdout), "event").length, CALLS);
    const mistaken = await gimlet(["record", file, "-e", "BEGIN { exitt(); }"]);
    assertEquals(mistaken.status, 2);
    const again = await gimlet(["replay", file]);
    assertEquals(again.status, 2);
    assertStringIncludes(again.stderr, "stdin:1:9: Unknown function: exitt");
  } finally {
    await Deno.remove(file);
  }
});

test("-o has the output, stdout what a command says; programs find JSON only", {
  needs,
}, async () => {
  const file = await Deno.makeTempFile();
  try {
    const program = 'BEGIN { printf("hello\\n"); }';
    const text = await gimlet(["-q", "-o", file, "-e", program, "-c", "echo from the command"]);
    assertEquals([text.status, text.stdout], [0, "from the command\n"]);
    assertEquals(await Deno.readTextFile(file), "hello\n\n\n");
    for (const format of [["-f", "json"], ["--json"], ["--tap", "--expect", "lost == 0"]]) {
      const { stdout, stderr } = await gimlet([...format, "-e", program, "-c", "echo command"]);
      assert(!stdout.includes("command\n"), stdout);
      assertStringIncludes(stderr, "command\n");
    }
  } finally {
    await Deno.remove(file);
  }
});

test(
  "what bpftrace's options say is refused where it makes no sense",
  { needs: [binary] },
  async () => {
    const cases = [
      [["-B", "much"], 'Unknown buffering "much"'],
      [["-f", "json", "--json"], "Cannot print -f json and --json at once"],
      [["--comm", "a-name-of-17-byte"], "its name has 17 bytes"],
      [["--cgroup", "/no/such"], 'Cannot find cgroup "/no/such"'],
      [["--plan", "x"], "A script says itself where it goes"],
    ] as const;
    for (const [options, message] of cases) {
      const { status, stdout, stderr } = await gimlet([...options, "-e", "BEGIN { }"]);
      assertEquals(status, 2);
      assertStringIncludes(stderr, message);
      if (!stdout.startsWith("{")) assertEquals(stdout, "");
    }
  },
);

test("the command of docs/script.md does what is said of it", { needs }, async () => {
  const text = await Deno.readTextFile(new URL("../../docs/script.md", import.meta.url));
  const commands = Array.from(text.matchAll(/```sh\n([^]*?)```/g), ([, command]) => command!);
  const command = commands.find((each) => each.includes("--expect"));
  assert(command !== undefined);
  const folder = await Deno.makeTempDir();
  try {
    const script = `gimlet() { "${BINARY}" "$@"; }; ${command}`;
    const { status, stdout, stderr } = await run(["sh", "-c", script], { cwd: folder });
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, /^\/etc\/hostname$/m);
    const report = await Deno.readTextFile(`${folder}/results.xml`);
    assertStringIncludes(report, 'tests="2" failures="0"');
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a probe that cannot be set is shown in the script, with what was meant", {
  needs,
}, async () => {
  const { status, stderr } = await gimlet(["-e", "BEGIN { }\n\nuprobe:libc:malocc { }"]);
  assertEquals(status, 4);
  assertStringIncludes(
    stderr,
    [
      "stdin:3:1-19: ERROR: this probe cannot be set",
      "uprobe:libc:malocc { }",
      "~~~~~~~~~~~~~~~~~~",
      "HINT: Did you mean malloc?",
      "gimlet: Cannot find malocc in /",
    ].join("\n"),
  );
  const nowhere = await gimlet(["-e", "uprobe:/no/such:f { }"]);
  assertEquals(nowhere.status, 4);
  assertMatch(nowhere.stderr, /^stdin:1:1-18: ERROR: .*\n.*\n~+\ngimlet: Cannot read \/no\/such/);
});

test("gimlet check finds mistakes in scripts without root, for people and programs", {
  needs: [binary],
}, async () => {
  const folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  await using copy = await publicCopy();
  try {
    await Deno.writeTextFile(`${folder}/good.bt`, 'BEGIN { system("true"); }\n');
    await Deno.writeTextFile(`${folder}/bad.bt`, "BEGIN { exitt(); }\n");
    const check = (...words: string[]) => run([copy.path, "check", ...words], NOBODY);
    assertEquals(await check(`${folder}/good.bt`), { status: 0, stdout: "", stderr: "" });
    const both = await check(`${folder}/bad.bt`, `${folder}/good.bt`);
    assertEquals([both.status, both.stdout], [2, ""]);
    assertStringIncludes(both.stderr, `${folder}/bad.bt:1:9-14: ERROR: Unknown function: exitt`);
    const json = await check("--json", `${folder}/good.bt`, `${folder}/bad.bt`);
    const [record, ...more] = jsonRecords(json.stdout);
    assertEquals([json.status, more, record?.["code"], record?.["file"]], [
      ...[2, [], "E_SCRIPT"],
      `${folder}/bad.bt`,
    ]);
    assertEquals((await check("-e", "BEGIN { }")).status, 0);
    assertMatch((await check("--help")).stdout, /^Look for mistakes in scripts/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("a script that is content without a probe runs with BEGIN alone", { needs }, async () => {
  const program = `BEGIN { printf("began\\n"); exit(); } uprobe:/bin/sh:no_such_function { }`;
  const first = await gimlet(["-q", "-e", program]);
  assertEquals([first.status, first.stdout], [4, ""]);
  const warned = await gimlet(["-q", "-e", `config = { missing_probes = "warn" } ${program}`]);
  assertEquals([warned.status, warned.stdout.trimEnd()], [0, "began"], warned.stderr);
  assertStringIncludes(warned.stderr, "no_such_function");
  const quiet = await gimlet(["-q", "-e", `config = { missing_probes = "ignore" } ${program}`]);
  assertEquals([quiet.status, quiet.stdout.trimEnd(), quiet.stderr], [0, "began", ""]);
  const none = `config = { missing_probes = "ignore" } uprobe:/bin/sh:no_such_function { }`;
  assertEquals((await gimlet(["-q", "-e", none])).status, 4);
});
