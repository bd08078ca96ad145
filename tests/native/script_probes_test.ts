/** Probes of scripts that are no events of the kernel: iterators, signals to gimlet, watched memory, functions of C++. */

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { ownPidNamespace } from "../../ffi/host/process.ts";
import { compile } from "../../programs/script/compile.ts";
import { RunningKernel } from "../../programs/script/run.ts";
import { placeScript } from "../../programs/script/run/place.ts";
import { DEFAULT_SETTINGS } from "../../programs/script/settings.ts";
import { Source } from "../../programs/script/source.ts";
import { BINARY, gimlet, run, Running } from "../gimlet.ts";
import { binary, capabilities, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary];
const gcc = needsProgram("gcc");
const cxx = needsProgram("g++");

async function script(program: string, ...options: readonly string[]) {
  const finished = await gimlet([...options, "-e", program]);
  return { ...finished, stdout: finished.stdout.replace(/^Attaching .*\n/, "") };
}

/** A program that was compiled, and goes with its folder when it is disposed of. */
interface Compiled extends Disposable {
  readonly path: string;
}

async function compiled(source: string, ...command: readonly string[]): Promise<Compiled> {
  const [compiler = "gcc", ...options] = command;
  const folder = Deno.makeTempDirSync();
  const [file, path] = [`${folder}/source.${compiler === "gcc" ? "c" : "cc"}`, `${folder}/program`];
  Deno.writeTextFileSync(file, source);
  const { status, stderr } = await run([compiler, "-O1", ...options, "-o", path, file]);
  assertEquals(status, 0, stderr);
  return { path, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

test("iter:task goes over all tasks, once, and the script ends", { needs }, async () => {
  const { stdout, status, stderr } = await script(
    `BEGIN { printf("begin\\n"); }
     iter:task { @tasks = count(); if (ctx->task->pid == cpid) { printf("%s %d\\n", ctx->task->comm, ctx.task.tgid == cpid); } }
     END { printf("end\\n"); }`,
    ...["-c", "sleep 1000"],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^begin\n.* 1\nend\n\n\n@tasks: [1-9]\d*\n$/);
});

test("iter:task_file gives the paths of open files", { needs }, async () => {
  const { stdout, stderr } = await script(
    `iter:task_file /ctx->task->tgid == cpid/ { printf("%d %s\\n", ctx->fd, path(ctx->file->f_path)); }`,
    ...["-c", "sleep 1000 7</etc/hostname"],
  );
  // The command waits until the script is ready: its shell has what it was given.
  assertMatch(stdout, /^0 \//m, stderr);
});

test("an iterator that is not there is a mistake", { needs }, async () => {
  const { status, stderr } = await script(`iter:nothing { }`);
  assertEquals(status, 2);
  assertMatch(stderr, /iter nothing is not available on this kernel/);
});

test("raw tracepoints have arguments by the kernel's BTF; samples know their mode", {
  needs,
}, async () => {
  const { stdout, stderr, status } = await script(
    `rawtracepoint:sched_process_exec /args.p->tgid == cpid/ { printf("%d %s %s\\n", args.old_pid == cpid, args.p->comm, str(args.bprm->filename)); }
     rawtracepoint:vmlinux:sched_process_exit /args.p->tgid == cpid/ { printf("%s\\n", probe); }
     profile:ms:1 /pid == cpid/ { @modes[usermode] = count(); }`,
    ...["-c", "dd if=/dev/zero of=/dev/null bs=1M count=2000 status=none"],
  );
  assertEquals([status, stderr], [0, ""]);
  assertMatch(stdout, /^1 dd \/\S*dd$/m);
  assertMatch(stdout, /^rawtracepoint:vmlinux:sched_process_exit$/m);
  // What dd does is done in the kernel.
  assertMatch(stdout, /^@modes\[0\]: [1-9]\d*$/m);
  const unknown = await script(`rawtracepoint:sched_process_exec { print(args.old); }`);
  assertMatch(unknown.stderr, /ERROR: .*old/);
});

test("a map that forgets takes new keys for the oldest", { needs }, async () => {
  const { stdout, stderr, status } = await script(
    `let @m = lruhash(2); BEGIN { for ($i : 0..90) { @m[$i] = 1; } print(len(@m) < 90); clear(@m); exit(); }`,
  );
  assertEquals([status, stdout.trim(), stderr], [0, "1", ""]);
});

test("self:signal runs where gimlet gets a signal", { needs }, async () => {
  const running = new Running([
    ...[BINARY, "-e"],
    `BEGIN { printf("ready\\n"); } self:signal:SIGUSR1 { printf("%s\\n", probe); exit(); }`,
  ]);
  await running.until("ready");
  running.kill("SIGUSR1");
  const { status, stdout } = await running.finished();
  assertEquals(status, 0);
  assertMatch(stdout, /^self:signal:SIGUSR1$/m);
});

test(
  "a watchpoint sees each write to memory of a process",
  { needs: [...needs, gcc] },
  async () => {
    // Without position-independent code the address is known beforehand; what has a value is not cleared by the kernel.
    using program = await compiled(
      "volatile long watched = 5; int main(void) { for (int i = 0; i < 7; i++) watched = i; return 0; }",
      ...["gcc", "-no-pie"],
    );
    const { stdout: symbols } = await run(["nm", program.path]);
    const address = /^([0-9a-f]+) D watched$/m.exec(symbols)?.[1];
    const { stdout, status, stderr } = await script(
      `watchpoint:0x${address}:8:w /comm == "program"/ { @writes = count(); }`,
      ...["-c", program.path],
    );
    assertEquals(status, 0, stderr);
    assertMatch(stdout, /^@writes: 7$/m);
  },
);

test("a watchpoint sees what becomes of memory that a function is given", {
  needs: [...needs, gcc],
}, async () => {
  using program = await compiled(`#include <stdlib.h>
       __attribute__((noinline)) void fill(int n, volatile long *to) { for (int i = 0; i < n; i++) *to = i; }
       int main(void) { long *a = malloc(64), *b = malloc(64); fill(5, a); fill(3, b); fill(2, a); return 0; }`);
  // The process waits until its memory is watched: no write is missed.
  const seen = await script(
    `watchpoint:fill+arg1:8:w { @writes[probe] = count(); }`,
    ...["-c", program.path],
  );
  assertEquals([seen.status, seen.stderr], [0, ""]);
  assertMatch(seen.stdout, /^@writes\[watchpoint:fill\+arg1:8:w\]: 10$/m);
  const later = await script(
    `asyncwatchpoint:fill+arg1:8:w { @writes = count(); }`,
    ...["-c", program.path],
  );
  assertEquals([later.status, later.stderr], [0, ""]);
  const wrong = await script(`watchpoint:fill+arg0:8:w { @writes = count(); }`, "-c", program.path);
  assertEquals(wrong.status, 0);
  assertMatch(wrong.stderr, /WARNING: Cannot watch 0x5: /);
  const lone = await script(`watchpoint:fill+arg1:8:w { @writes = count(); }`);
  assertEquals(lone.status, 2);
  assertMatch(lone.stderr, /a watchpoint of what a function is given needs a program/);
});

test("nothing behind exit() is counted, by no probe", { needs: [...needs, gcc] }, async () => {
  using program = await compiled(`__attribute__((noinline)) void f(void) { asm volatile(""); }
       __attribute__((noinline)) void g(void) { asm volatile(""); }
       int main(void) { for (int i = 0; i < 1000; i++) { f(); g(); } return 0; }`);
  const probes = `uprobe:${program.path}:f { @f++; if (@f == 3) { exit(7); } }
      uprobe:${program.path}:g { @g++; }`;
  const third = await script(probes, "-c", program.path);
  assertEquals([third.status, third.stdout.trim(), third.stderr], [7, "@f: 3\n@g: 2", ""]);
  const none = await script(`BEGIN { exit(); } ${probes} END { printf("%d %d\\n", @f, @g); }`);
  assertEquals([none.status, none.stdout.trim()], [0, "0 0"]);
});

const NUMBERS = [...Array(40).keys()];
const TIMES = 3;
const MANY = [
  ...NUMBERS.map((i) =>
    `__attribute__((noinline)) int called_${i}(int x) { asm volatile(""); return x + ${i}; }`
  ),
  `int main(void) { for (int i = 0; i < ${TIMES}; i++) {`,
  ...NUMBERS.map((i) => `called_${i}(${i});`),
  "} return 0; }",
].join("\n");

test(
  "all functions that match are one link, where the kernel has such, and each call of each counts",
  {
    needs: [...needs, gcc],
  },
  async () => {
    using program = await compiled(MANY);
    const probes = `uprobe:${program.path}:called_* { @calls = count(); @[arg0] = count(); }
      uretprobe:${program.path}:called_?? { @returned = sum(retval); }
      uprobe:${program.path}:called_7 { @one = count(); }`;
    const { stdout, stderr } = await script(probes, "-c", program.path);
    const returned = NUMBERS.filter((i) => i > 9).reduce((sum, i) => sum + TIMES * 2 * i, 0);
    assertMatch(stdout, new RegExp(`^@calls: ${TIMES * NUMBERS.length}$`, "m"), stderr);
    assertMatch(stdout, new RegExp(`^@returned: ${returned}$`, "m"));
    assertMatch(stdout, new RegExp(`^@one: ${TIMES}$`, "m"));
    for (const i of NUMBERS) assertMatch(stdout, new RegExp(`^@\\[${i}\\]: ${TIMES}$`, "m"));

    const source = new Source("probes", probes);
    const facts = new RunningKernel();
    const settings = DEFAULT_SETTINGS;
    const { plan } = compile(source, { facts, settings, suggest: () => "" });
    const { attached } = placeScript(plan!, { name: "probes" });
    const links = attached.links.length;
    attached[Symbol.dispose]();
    const symbols = Deno.readTextFileSync("/proc/kallsyms");
    const hasMulti = symbols.includes(" bpf_uprobe_multi_link_attach\n");
    assertEquals(links, hasMulti ? 3 : NUMBERS.length + 31);
  },
);

test("instructions of functions that match are not taken for the functions", {
  needs: [...needs, gcc],
}, async () => {
  const functions = ["one", "two", "three"].map((name) =>
    `__attribute__((noinline, aligned(16))) void called_${name}(void) { asm volatile("nop; nop"); }`
  );
  const calls = "int main(void) { called_one(); called_two(); called_three(); return 0; }";
  const source = [...functions, calls].join("\n");
  using program = await compiled(source, "gcc", "-fcf-protection=none");
  const { stdout, stderr } = await script(
    `uprobe:${program.path}:called_*+1 { @[reg("ip") & 15] = count(); }`,
    ...["-c", program.path],
  );
  assertEquals(stdout.trim(), "@[1]: 3", stderr);
});

test("functions of C++, by their names with and without parameters", {
  needs: [...needs, cxx],
}, async () => {
  using program = await compiled(
    `namespace ns { __attribute__((noinline)) int f(int x) { asm volatile(""); return x + 1; }
         __attribute__((noinline)) int f(const char *s) { asm volatile(""); return s[0]; } }
       int main() { return ns::f(1) + ns::f(2) + ns::f("a") == 0; }`,
    "g++",
  );
  const both = await script(
    `uprobe:${program.path}:cpp:ns::f { @[probe] = count(); }`,
    "-c",
    program.path,
  );
  assertMatch(both.stdout, /_ZN2ns1fEi\]: 2$/m);
  assertMatch(both.stdout, /_ZN2ns1fEPKc\]: 1$/m);
  const one = await script(
    `uprobe:${program.path}:"ns::f(int)" { @ = count(); }`,
    "-c",
    program.path,
  );
  assertMatch(one.stdout, /^@: 2$/m);
  const none = await script(`uprobe:${program.path}:cpp:ns::g { }`);
  assertMatch(none.stderr, /No functions of .* match ns::g/);
});

test("uaddr() finds variables of the program, wherever it was loaded", {
  needs: [...needs, gcc],
}, async () => {
  using program = await compiled(`int counter = 41; char text[16] = "hi there";
       __attribute__((noinline)) int tick(int x) { counter += x; asm volatile(""); return counter; }
       int main(void) { tick(1); tick(2); return 0; }`);
  const { stdout, stderr } = await script(
    `uprobe:${program.path}:tick { printf("%d %s\\n", *uaddr("counter"), str(uaddr("text"))); }`,
    ...["-c", program.path],
  );
  assertEquals(stdout.trim(), "41 hi there\n42 hi there", stderr);
});

test("a loop over a map sees the probe's arguments, and long ranges go on to their end", {
  needs,
}, async () => {
  const { stdout, stderr } = await script(
    `tracepoint:syscalls:sys_enter_openat /pid == cpid/ {
       @name[tid] = str(args.filename);
       for ($kv : @name) { printf("%d %s\\n", $kv.0 == tid, $kv.1 == str(args.filename) ? "same" : "other"); }
       $n = 0; for ($i : 0..pid * 0 + 3000) { $n += len(@name); } printf("%d\\n", $n);
       exit();
     }`,
    ...["-c", "/bin/true"],
  );
  assertMatch(stdout, /^1 same\n3000$/m, stderr);
});

test(
  "a time is the same by every clock that knows it; stacks have three modes",
  { needs },
  async () => {
    const { stdout, stderr } = await script(
      `tracepoint:sched:sched_switch {
       printf("%s %s\\n", strftime("%Y-%m-%d %H", nsecs), strftime("%Y-%m-%d %H", nsecs(tai)));
       print(kstack(raw, 1)); print(kstack(perf, 1)); print(kstack(bpftrace, 1)); print(len(kstack) > 1);
       exit();
     }`,
    );
    const [times, ...stacks] = stdout.split("\n").filter((line) => line !== "");
    const [date, hour, taiDate, taiHour] = times!.split(" ");
    assertEquals([taiDate, taiHour], [date, hour], stderr);
    assertMatch(stacks[0]!, /^[0-9a-f]{16}$/);
    assertMatch(stacks[1]!, /^\s*[0-9a-f]+ \S+\+\d+/);
    assertMatch(stacks[2]!, /^ +\S+\+\d+$/);
    assertEquals(stacks[3], "1");
  },
);

test("print_maps_on_exit = false keeps maps to themselves", { needs }, async () => {
  const { stdout } = await script(
    "config = { print_maps_on_exit = false } BEGIN { @x = 1; exit(); }",
  );
  assertEquals(stdout, "");
});

test("tseries() draws the last intervals", { needs }, async () => {
  const { stdout } = await script(
    `interval:ms:50 { @n++; @s = tseries(@n, 50ms, 4, "max"); if (@n == 12) { exit(); } }`,
  );
  const rows = stdout.match(/^\d\d:\d\d:\d\d\.\d{3} .*[|*] (\d+|-)$/gm) ?? [];
  // One row an interval; what is older than four intervals is gone.
  assert(rows.length >= 2 && rows.length <= 4, stdout);
  assertMatch(rows.at(-1)!, /\* 12$/);
});

/** What a script prints in the machine's first pid namespace, and in one of its own. */
const IN_NAMESPACE = {
  first: /^@first\[1, 1, 1\]: (\d+)\n+@own\[1, 1\]: \1$/,
  own: /^@first\[1, 1, 0\]: (\d+)\n+@own\[1, 1\]: \1$/,
};

test("pid() is a process's number in gimlet's own pid namespace, pid is that of the machine", {
  needs,
}, async () => {
  const program = `rawtracepoint:sys_enter /arg1 == 95 && pid() == cpid/ {
    @own[pid(curr_ns) == cpid, tid(curr_ns) == cpid] = count();
    @first[pid(init) == pid, tid(init) == tid, pid == cpid] = count(); }`;
  const words = [BINARY, "-q", "-c", "umask 27; umask 22", "-e", program];
  const outside = await run(words);
  assertEquals([outside.status, outside.stderr], [0, ""]);
  const isFirst = ownPidNamespace() === undefined;
  assertMatch(
    outside.stdout.trim(),
    isFirst ? IN_NAMESPACE.first : IN_NAMESPACE.own,
  );
  const inside = await run(["unshare", "--pid", "--fork", "--mount-proc", ...words]);
  assertEquals([inside.status, inside.stderr], [0, ""]);
  assertMatch(inside.stdout.trim(), IN_NAMESPACE.own);
});

test("warnf() and errorf() go to stderr, and to programs as records", { needs }, async () => {
  const program =
    `BEGIN { printf("out\\n"); warnf("low on %s", "luck"); errorf("gone: %d", 7); exit(); }`;
  const warning = "stdin:1:26-52: WARNING: low on luck\n";
  const error = "stdin:1:54-75: ERROR: gone: 7\n";
  const plain = await script(program, "-q");
  assertEquals([plain.stdout.trim(), plain.stderr], ["out", warning + error]);
  const silent = await script(program, "-q", "--no-warnings");
  assertEquals([silent.stdout.trim(), silent.stderr], ["out", error]);
  const { stdout } = await script(program, "--json");
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line))
    .filter(({ type }) => type === "event");
  assertEquals(events.map(({ kind, text }) => [kind, text]), [
    ["printf", "out\n"],
    ["warnf", "low on luck"],
    ["errorf", "gone: 7"],
  ]);
});
