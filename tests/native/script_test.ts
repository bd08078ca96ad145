/** Scripts on this machine's kernel: as bpftrace runs them, and as all of gimlet's tools run. */

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { comparable, runCase } from "../differential/compare.ts";
import { GROUPS } from "../differential/programs.ts";
import { BINARY, gimlet, run, Running } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { listUsdtProbes } from "../../ffi/probes/usdt.ts";
import { RETURNING, RETURNS } from "../script_functions.ts";
import { binary, capabilities, type Need, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary];
const bpftrace = needsProgram("bpftrace");

for (const [group, cases] of Object.entries(GROUPS)) {
  test(`scripts give what bpftrace gives: ${group}`, { needs: [...needs, bpftrace] }, async () => {
    for (const each of cases) {
      const ours = await runCase([BINARY], each);
      assertEquals(ours.status, 0, `${each.program}\n${ours.stderr}`);
      const theirs = await runCase(["bpftrace"], each);
      const expected = each.difference?.output ?? comparable(theirs.stdout, each);
      assertEquals(comparable(ours.stdout, each), expected, each.program);
      // A difference that is none any more is not to be listed.
      if (each.difference !== undefined) {
        assert(theirs.status !== 0 || comparable(theirs.stdout, each) !== expected, each.program);
      }
    }
  });
}

/** Runs a script with the binary; what it prints, without the line about attaching. */
async function script(program: string, ...options: readonly string[]) {
  const finished = await gimlet([...options, "-e", program]);
  return { ...finished, stdout: finished.stdout.replace(/^Attaching .*\n/, "") };
}

test(
  "a tracepoint's arguments: numbers, strings of the kernel and of the program",
  { needs },
  async () => {
    const { stdout, status, stderr } = await script(
      `tracepoint:syscalls:sys_enter_openat /pid == cpid/ { @[str(args->filename)] = count(); }
     tracepoint:sched:sched_process_exec /pid == cpid/ { printf("%d %s\\n", args->pid == pid, str(args->filename)); }`,
      ...["-c", "/bin/cat /etc/hostname"],
    );
    assertEquals(status, 0, stderr);
    assertMatch(stdout, /^1 \/bin\/cat$/m);
    assertMatch(stdout, /^@\[\/etc\/hostname\]: 1$/m);
  },
);

test("-c gives the command's status; cpid is its process", { needs }, async () => {
  const { status, stdout } = await script(
    `tracepoint:syscalls:sys_enter_exit_group /pid == cpid/ { printf("%d\\n", args->error_code); }`,
    ...["-c", "sh -c 'exit 3'"],
  );
  assertEquals(status, 3);
  assertMatch(stdout, /^3$/m);
});

test("uprobes and uretprobes of a library, by its name", { needs }, async () => {
  const { stdout, status, stderr } = await script(
    `uprobe:libc:setlocale /pid == cpid/ { @enter = count(); @category[arg0] = count(); }
     uretprobe:libc:setlocale /pid == cpid/ { @return = count(); printf("%d\\n", retval != 0); }`,
    ...["-c", "/bin/ls /"],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^@enter: [1-9]/m);
  assertMatch(stdout, /^@return: [1-9]/m);
  assertMatch(stdout, /^1$/m);
});

const python: Need = {
  reason: "needs /usr/bin/python3.11 with USDT probes",
  ok: () => listUsdtProbes("/usr/bin/python3.11").some(({ name }) => name === "gc__start"),
};

test("static probes of programs, with their arguments", { needs: [...needs, python] }, async () => {
  const { stdout, status, stderr } = await script(
    `usdt:/usr/bin/python3.11:python:gc__start /arg0 == 1/ { @generation[arg0] = count(); }
     usdt:/usr/bin/python3.11:gc__done { @done = count(); }`,
    ...["-c", "/usr/bin/python3.11 -c 'import gc; gc.collect(1); gc.collect(1); gc.collect(1)'"],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^@generation\[1\]: [3-9]/m);
  assertMatch(stdout, /^@done: \d+/m);
});

test("Ctrl-C ends a script in good order: END runs, maps are printed", { needs }, async () => {
  const running = new Running([
    ...[BINARY, "-e"],
    `BEGIN { printf("ready\\n"); } interval:ms:1 { @ticks = count(); } END { printf("end\\n"); }`,
  ]);
  await running.until("ready");
  running.kill("SIGINT");
  const { status, stdout } = await running.finished();
  assertEquals(status, 0);
  assertMatch(stdout, /^ready\nend\n\n\n@ticks: \d+\n$/m);
});

test("signal() ends the process that is traced", { needs }, async () => {
  const { status } = await script(
    `tracepoint:syscalls:sys_enter_clock_nanosleep /pid == cpid/ { signal("KILL"); }`,
    ...["--unsafe", "-c", "sleep 1000"],
  );
  assertEquals(status, 137);
});

test("stacks of the kernel are named", { needs }, async () => {
  const { stdout } = await script(
    `tracepoint:sched:sched_switch { @[kstack(3)] = count(); printf("%s|\\n", kstack(perf, 2)); exit(); }`,
  );
  assertMatch(stdout, /^@\[\n( {4}\S+\+\d+\n){3}\]: \d+$/m);
  assertMatch(stdout, /^\t[0-9a-f]+ __schedule\+\d+$/m);
});

test("stacks that differ below the frames that are asked for are one key", { needs }, async () => {
  const { stdout } = await script(
    `tracepoint:sched:sched_switch { @[kstack(1)] = count(); } interval:ms:300 { exit(); }`,
  );
  const keys = [...stdout.matchAll(/^@\[\n( {4}\S+\n)\]: \d+$/gm)].map(([, frame]) => frame);
  assert(keys.length > 0, stdout);
  assertEquals(keys.length, new Set(keys).size, stdout);
});

test("keys of 64 bits have a sign, as bpftrace's have", { needs }, async () => {
  const { stdout } = await script("BEGIN { @[(uint64)-1, 5] = 1; exit(); }");
  assertEquals(stdout.trim(), "@[-1, 5]: 1");
});

test("the current task's fields are those that the kernel's BTF says", { needs }, async () => {
  const { stdout } = await script(
    `tracepoint:syscalls:sys_enter_getppid /pid == cpid/ {
       $task = (struct task_struct *)curtask;
       printf("%d %d %s %d\\n", $task->pid == tid, $task->tgid == pid, $task->comm, $task->real_parent->tgid > 0);
       exit();
     }`,
    ...["-c", "bash -c :"],
  );
  assertMatch(stdout, /^1 1 bash 1$/m);
});

test(
  "strings are as long as max_strlen says: 1024 bytes where nothing is said",
  { needs },
  async () => {
    const long = "x".repeat(900);
    const program =
      `tracepoint:syscalls:sys_enter_execve /pid == cpid/ { $s = str(args->argv[1]); @[$s] = 1; printf("%s\\n", $s); }`;
    const { stdout, stderr } = await script(program, "-c", `/bin/echo ${long}`);
    assert(stdout.split("\n").filter((line) => line === long).length === 2, stderr);
    assertMatch(stdout, new RegExp(`^@\\[${long}\\]: 1$`, "m"));
    const short = await run(
      ["env", "BPFTRACE_MAX_STRLEN=64", BINARY, "-e", program, "-c", `/bin/echo ${long}`],
    );
    assertMatch(short.stdout, /^x{63}$/m);
  },
);

test("a full map takes no more, and that is told", { needs }, async () => {
  const finished = await run([
    ...["env", "BPFTRACE_MAP_KEYS_MAX=10", BINARY, "--fail-on-loss", "-e"],
    "BEGIN { $i = 0; while ($i < 13) { @[$i] = 1; $i++; } exit(); }",
  ]);
  assertEquals(finished.stdout.match(/^@\[\d+\]: 1$/gm)?.length, 10);
  assertMatch(finished.stderr, /lost 3: the map was full/);
  assertEquals(finished.status, 6);
});

test("--json gives gimlet's own records", { needs }, async () => {
  const { stdout } = await script(
    `BEGIN { printf("a %d\\n", 1); @x[1, "a"] = 2; @h = hist(5); exit(); }`,
    "--json",
  );
  const records = jsonRecords(stdout);
  assertEquals(records.map(({ type }) => type), [
    "header",
    "attached",
    "event",
    "map",
    "map",
    "summary",
  ]);
  assertEquals(records[2], { type: "event", kind: "printf", text: "a 1\n" });
  assertEquals(records[4]?.["entries"], [{ key: "1,a", value: 2 }]);
});

test("exit(n) is the exit status; a mistake is 2; --dry-run ends at once", { needs }, async () => {
  assertEquals((await script("BEGIN { exit(7); }")).status, 7);
  assertEquals((await script("BEGIN { @n = 3; exit(); } END { exit(@n < 16); }")).status, 1);
  assertEquals((await script("BEGIN { foo(); }")).status, 2);
  assertEquals((await script(`interval:s:100 { }`, "--dry-run")).status, 0);
});

test("filters hold in the kernel", { needs }, async () => {
  const { stdout } = await script(
    `tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }`,
    ...["--comm", "cat", "-c", "/bin/cat /etc/hostname"],
  );
  assertEquals(stdout.match(/^@.*(?=:)/gm), ["@[cat]"]);
});

test("system() and cat() act where they are allowed", { needs }, async () => {
  const { stdout } = await script(
    `BEGIN { system("echo %s-%d", "done", 5); cat("/proc/sys/kernel/%s", "ostype"); exit(); }`,
    "--unsafe",
  );
  assertEquals(stdout.trim(), "done-5\nLinux");
});

test("functions return in loops, also in those that the kernel runs", { needs }, async () => {
  for (const { body, output } of RETURNS) {
    const { stdout, stderr } = await script(`${RETURNING}BEGIN { ${body} exit(); }`);
    assertEquals([stdout.trim(), stderr], [output, ""], body);
  }
});

test("the verifier's refusal names the line of the script", { needs }, async () => {
  const { stderr, status } = await script("BEGIN {\n  $i = 0;\n  while (1) { $i++; }\n}");
  assertEquals(status, 5);
  assertMatch(stderr, /while \(1\)/);
});

test("every program of docs/script.md loads and attaches", { needs }, async () => {
  const text = Deno.readTextFileSync(new URL("../../docs/script.md", import.meta.url));
  const programs = [...text.matchAll(/```bpftrace\n([^]*?)```/g)].map(([, program]) => program!);
  assert(programs.length > 20);
  for (const program of programs) {
    const { status, stderr } = await gimlet(["--dry-run", "-e", program]);
    assertEquals(status, 0, `${program}\n${stderr}`);
  }
});

test("bpftrace's own scripts load and attach where their probes are there", {
  needs: [...needs, bpftrace],
}, async () => {
  const loaded: string[] = [];
  for (const { name } of Deno.readDirSync("/usr/sbin")) {
    if (!name.endsWith(".bt")) continue;
    const path = `/usr/sbin/${name}`;
    const text = Deno.readTextFileSync(path);
    // It can miss the signal while it attaches, and would go on for ever.
    const theirs = await run(["timeout", "-s", "INT", "-k", "20", "2", "bpftrace", path]);
    // Where nothing but BEGIN was attached, the probes are not there: gimlet says so.
    if (!/^Attaching ([2-9]|\d\d+) probes/.test(theirs.stdout)) continue;
    if (/ERROR/.test(theirs.stderr.replaceAll(/.*RLIMIT.*/g, ""))) continue;
    const ours = await gimlet(["--dry-run", path]);
    assertEquals(ours.status, 0, `${name}: ${ours.stderr}\n${text}`);
    loaded.push(name);
  }
  assert(loaded.length >= 10, loaded.join(" "));
});
