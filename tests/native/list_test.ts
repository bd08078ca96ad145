/** What can be traced here: gimlet's lists are those of bpftrace, and the reasons why something cannot be. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { type Finished, gimlet, run, workload } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, gcc, type Need, needsProgram, root, test } from "../support.ts";

const needs = [root, binary, needsProgram("bpftrace")];

const PYTHON = "/usr/bin/python3";

/** A program with static probes, as Debian's Python is. */
const python: Need = {
  reason: `needs a ${PYTHON} with static probes`,
  ok: () => {
    const { stdout } = new Deno.Command("bpftrace", { args: ["-l", `usdt:${PYTHON}:*`] })
      .outputSync();
    return stdout.length > 0;
  },
};

async function list(...args: readonly string[]): Promise<string[]> {
  return linesOf(await gimlet(args));
}

async function bpftraceList(...args: readonly string[]): Promise<string[]> {
  return linesOf(await run(["bpftrace", ...args]));
}

function linesOf({ status, stdout }: Finished): string[] {
  assertEquals(status, 0);
  return stdout.split("\n").filter((line) => line !== "");
}

const PATTERNS = [
  "tracepoint:*",
  "t:sched:sched_s*",
  "tracepoint:*:*open*",
  "tracepoint:sched:sched_w*,tracepoint:irq:*",
  "tracepoint:nosuch:*",
  "uprobe:/usr/bin/bash:*",
  "uretprobe:/usr/bin/bash:read_*",
  "uprobe:/usr/bin/bas[h]:readline",
  "uprobe:/usr/bin/bas*:readline",
  "uprobe:libc:strl*",
  "u:/usr/bin/bash:no_such_function",
];

test("-l lists what bpftrace does, in its order", { needs }, async (t) => {
  for (const pattern of PATTERNS) {
    // bpftrace 0.17 takes no brackets in a path.
    const same = pattern.replaceAll(/\[(.)\]/g, "$1");
    await t.step(pattern, async () => {
      assertEquals(await list("-l", pattern), await bpftraceList("-l", same));
    });
  }
});

test("-l lists the static probes of a program as bpftrace does", {
  needs: [...needs, python],
}, async () => {
  for (const pattern of [`usdt:${PYTHON}:*`, `usdt:${PYTHON}:python:gc*`, `U:${PYTHON}:gc*`]) {
    assertEquals(await list("-l", pattern), await bpftraceList("-l", pattern), pattern);
  }
});

test("-l without a pattern has all of the kernel's types, in the order of their names", {
  needs: [root, binary],
}, async () => {
  const lines = await list("-l");
  const types = lines.map((line) => line.slice(0, line.indexOf(":")));
  assertEquals(types, types.toSorted());
  for (const type of ["hardware", "iter", "rawtracepoint", "software", "tracepoint"]) {
    assert(types.includes(type), type);
  }
  assertEquals(new Set(lines).size, lines.length);
});

test("-l lists the counters of perf", { needs: [binary, needsProgram("perf")] }, async () => {
  const { stdout } = await run(["perf", "list", "--no-desc", "hw", "sw"]);
  const known = new Set(
    Array.from(stdout.matchAll(/^\s*([\w-]+(?: OR [\w-]+)*)\s+\[/gm), ([, names]) => names!)
      .flatMap((names) => names.split(" OR ")),
  );
  const own = await list("-l", "software:*,hardware:*");
  const names = own.map((line) => line.split(":")[1]!);
  // bpftrace's own short names, and those that this machine's processor has no counters for.
  const notPerfs = ["backend-stalls", "frontend-stalls", "cpu", "ref-cycles"];
  for (const name of names.filter((name) => !notPerfs.includes(name))) {
    const isHardware = own.includes(`hardware:${name}:`);
    assert(isHardware || known.has(name), `software:${name} is none of perf's: ${[...known]}`);
  }
  assertEquals(names.length, 26);
});

test("a list of nothing says so", { needs: [binary] }, async () => {
  for (
    const [pattern, note] of [
      [
        "t:sched:sched_swich",
        "no probe matches t:sched:sched_swich: gimlet list --why t:sched:sched_swich tells more",
      ],
      ["t:sched:sched_swich*", "no probe matches t:sched:sched_swich*"],
      ["struct no_such_struct", "no type matches struct no_such_struct"],
    ] as const
  ) {
    const { status, stdout, stderr } = await gimlet(["-l", pattern]);
    assertEquals({ status, stdout, stderr }, {
      status: 0,
      stdout: "",
      stderr: `gimlet: ${note}\n`,
    });
  }
});

test("-l lists timers, and says what it does not know", { needs: [binary] }, async () => {
  assertEquals(await list("-l", "interval:*"), [
    ...["interval:hz:", "interval:ms:", "interval:s:", "interval:us:"],
  ]);
  const { status, stderr } = await gimlet(["-l", "nosuch:x"]);
  assertEquals(status, 2);
  assertStringIncludes(stderr, 'there is no probe type "nosuch"');
});

test("-lv shows the fields of 50 tracepoints as bpftrace does", { needs }, async () => {
  const all = await list("-l", "tracepoint:*");
  // A step of a prime: from all over the list, the same on every run.
  const step = Math.max(1, Math.floor(all.length / 50));
  const chosen = Array.from({ length: 50 }, (_, i) => all[i * step]!);
  assertEquals(new Set(chosen).size, 50);
  const pattern = chosen.join(",");
  assertEquals(await list("-lv", pattern), await bpftraceList("-lv", pattern));
});

test("-lv shows structs as bpftrace does, but for the holes in them", {
  needs: [...needs],
}, async () => {
  for (const type of ["struct path", "struct task_struct", "enum pid_type", "struct sk_buff"]) {
    const own = await list("-lv", type);
    const theirs = (await bpftraceList("-lv", type)).filter(isNoHole);
    assertEquals(own, theirs, type);
  }
});

/** bpftrace writes `long: 0;` or `char: 8;` where bytes lie between fields. */
function isNoHole(line: string): boolean {
  return !/^\s*(long|int|short|char): \d+;$/.test(line);
}

test("list --pid lists the functions of what a process has mapped", {
  needs: [root, binary, gcc],
}, async () => {
  const path = await workload("climber");
  const process = new Deno.Command(path, { stdout: "piped" }).spawn();
  try {
    const reader = process.stdout.getReader();
    await reader.read(); // It runs.
    await reader.cancel();
    const lines = await list("list", "--pid", String(process.pid), "uprobe:climb_*");
    assertEquals(lines.map((line) => line.replace(/^.*\//, "")), [
      ...[
        "climber:climb_inner",
        "climber:climb_middle",
        "climber:climb_outer",
        "climber:climb_rest",
      ],
    ]);
    assert((await list("list", "-p", String(process.pid), "uprobe:malloc")).length > 0);
  } finally {
    process.kill("SIGKILL");
    await process.status;
  }
});

test("C++ functions are found by the names that their authors gave them", {
  needs: [binary, needsProgram("g++")],
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-list-" });
  try {
    await Deno.writeTextFile(
      `${folder}/a.cc`,
      "namespace deep { int open(int n) { return n; } }\nint main() { return deep::open(0); }\n",
    );
    const built = await run(["g++", "-o", `${folder}/a`, `${folder}/a.cc`]);
    assertEquals(built.status, 0);
    assertEquals(await list("list", `uprobe:${folder}/a:deep::open*`), [
      `uprobe:${folder}/a:_ZN4deep4openEi`,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

test("list --json has a record for each probe, with its arguments where they are asked for", {
  needs: [root, binary],
}, async () => {
  const plain = jsonRecords((await gimlet(["list", "--json", "iter:task"])).stdout);
  assertEquals(plain, [{ type: "probe", probe: "iter:task", verified: true }]);
  const args = ["list", "--json", "-v", "tracepoint:sched:sched_process_exec"];
  const [record] = jsonRecords((await gimlet(args)).stdout) as unknown as {
    readonly arguments: readonly { readonly name: string }[];
  }[];
  assertEquals(record!.arguments.map(({ name }) => name), ["filename", "pid", "old_pid"]);
  const type = jsonRecords((await gimlet(["list", "--json", "struct", "path"])).stdout);
  assertEquals(type.map((each) => ({ ...each })), [
    { type: "c_type", name: "struct path", module: "vmlinux", size: 16 },
  ]);
});

interface WhyRecord {
  readonly probe: string;
  readonly usable: boolean;
  readonly reasons: readonly { readonly code: string }[];
  readonly instead: readonly string[];
  readonly tools: readonly { readonly tool: string }[];
}

async function why(name: string): Promise<WhyRecord> {
  const { stdout, stderr } = await gimlet(["list", "--json", "--why", name]);
  const [record] = jsonRecords(stdout) as unknown as WhyRecord[];
  assert(record !== undefined, stderr);
  return record;
}

/** Questions with the same answer on every kernel. */
const ALWAYS = [
  ["tracepoint:random:urandom_read", "removed", "tracepoint:syscalls:sys_enter_getrandom"],
  ["random:urandom_read", "removed", "tracepoint:syscalls:sys_enter_getrandom"],
  ["tracepoint:tcp:tcp_set_state", "renamed", "tracepoint:sock:inet_sock_set_state"],
  ["tracepoint:syscalls:sys_enter_umount2", "renamed", "tracepoint:syscalls:sys_enter_umount"],
  ["tracepoint:syscalls:sys_exit_uname", "renamed", "tracepoint:syscalls:sys_exit_newuname"],
  ["tracepoint:sched:sched_swich", "not_found", "tracepoint:sched:sched_switch"],
  ["tracepoint:scheds:sched_switch", "not_found", "tracepoint:sched:sched_switch"],
  ["rawtracepoint:sys_enter_openat", "renamed", "rawtracepoint:sys_enter"],
  ["rawtracepoint:sched_swicth", "not_found", "rawtracepoint:sched_switch"],
  ["hardware:cyclez", "not_found", "hardware:cycles:"],
  ["uprobe:/usr/bin/bash:readlin", "not_found", "uprobe:/usr/bin/bash:readline"],
  ["usdt:/usr/bin/bash:x:y", "not_found", undefined],
  ["uprobe:/no/such/file:main", "no_file", undefined],
  ["uprobe:no_such_library:main", "no_file", undefined],
  ["iter:tasks", "not_found", "iter:task"],
] as const;

test("--why says why a probe is not there, and what is", { needs: [root, binary] }, async (t) => {
  for (const [name, code, instead] of ALWAYS) {
    await t.step(name, async () => {
      const answer = await why(name);
      assertEquals([answer.usable, answer.reasons.map((reason) => reason.code)], [false, [code]]);
      if (instead !== undefined) assert(answer.instead.includes(instead), answer.instead.join());
    });
  }
});

test("--why says that a probe is there", { needs: [root, binary] }, async () => {
  for (const name of ["tracepoint:sched:sched_switch", "rawtracepoint:sched_switch", "iter:task"]) {
    const { usable, reasons } = await why(name);
    assertEquals([usable, reasons], [true, []], name);
  }
  const { status } = await gimlet(["list", "--why", "tracepoint:sched:sched_switch"]);
  assertEquals(status, 0);
});

const noKprobes: Need = {
  reason: "needs a kernel without kprobes",
  ok: () => {
    try {
      Deno.statSync("/sys/bus/event_source/devices/kprobe");
      return false;
    } catch {
      return true;
    }
  },
};

/** Questions about a kernel that has no kprobes. */
const WITHOUT_KPROBES = [
  ["vfs_read", ["config_off", "unverified"], [], "vfsreadlat"],
  ["kprobe:do_fork", ["config_off", "renamed"], ["tracepoint:sched:sched_process_fork"], undefined],
  ["kprobe:sys_clone", ["config_off", "renamed"], [
    "tracepoint:syscalls:sys_enter_clone",
  ], "hello_world"],
  ["kprobe:no_such_function_there", ["config_off", "not_found"], [], undefined],
] as const;

test("--why on a kernel without kprobes names what sees the same event", {
  needs: [root, binary, noKprobes],
}, async (t) => {
  for (const [name, codes, instead, tool] of WITHOUT_KPROBES) {
    await t.step(name, async () => {
      const answer = await why(name);
      assertEquals(answer.reasons.map(({ code }) => code), [...codes]);
      assertEquals(answer.instead, [...instead]);
      if (tool !== undefined) assert(answer.tools.some((each) => each.tool === tool));
    });
  }
});

test("--why is told to people in sentences, and ends with 4 where there is no probe", {
  needs: [root, binary],
}, async () => {
  const { status, stdout, stderr } = await gimlet([
    "list",
    "--why",
    "tracepoint:random:urandom_read",
  ]);
  assertEquals([status, stderr], [4, ""]);
  assertMatch(stdout, /^tracepoint:random:urandom_read: no\n/);
  assertStringIncludes(stdout, "was removed in Linux 5.18\n");
  assertStringIncludes(stdout, "gimlet urandomread");
});
