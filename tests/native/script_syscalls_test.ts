/** Tracepoints of system calls, seen through the raw ones: each is counted once, and reads as the tracepoint's own record does. */

import { assert, assertEquals, assertMatch } from "../assert.ts";
import { BINARY, gimlet, Running, workload } from "../gimlet.ts";
import { binary, capabilities, gcc, root, test } from "../support.ts";

const needs = [root, capabilities, binary, gcc];
const T = "tracepoint:syscalls";

/** What keeps the tracepoint's own program: only that has its context. */
const OWN = "$own = ctx;";

/** Runs a script for as long as a command runs; gives what it prints behind its first line. */
async function script(program: string, ...command: readonly (string | number)[]): Promise<string> {
  const { stdout, stderr, status } = await gimlet(["-e", program, "-c", command.join(" ")]);
  assertEquals(status, 0, stderr);
  return stdout.replace(/^Attach.*\n/, "").trim();
}

test("a system call is counted once, when it begins and when it returns", { needs }, async () => {
  const printed = await script(
    `${T}:sys_enter_getppid /pid == cpid/ { @enter = count(); @numbers[args.__syscall_nr] = count(); }
     ${T}:sys_exit_getppid /pid == cpid/ { @exit = count(); @right = sum(args.ret == ppid); }`,
    ...[await workload("calls"), "getppid", 100_003],
  );
  const number = Deno.build.arch === "x86_64" ? 110 : 173;
  const counts = ["@enter: 100003", "@exit: 100003", `@numbers[${number}]: 100003`];
  assertEquals(printed.split(/\n+/), [...counts, "@right: 100003"]);
});

const compat = {
  reason: "needs a kernel that runs 32-bit programs of x86",
  ok: () => Deno.build.arch === "x86_64",
};

test(
  "a 32-bit call is not taken for that with its number",
  { needs: [...needs, compat] },
  async () => {
    // 64 is getppid to 32-bit programs, and semget to others.
    const printed = await script(
      `${T}:sys_enter_semget, ${T}:sys_exit_semget /pid == cpid/ { @compat = count(); }
       tracepoint:raw_syscalls:sys_enter /pid == cpid && args.id == 64/ { @all = count(); }`,
      ...[await workload("calls"), "compat", 53, 64],
    );
    assertEquals(printed.split(/\n+/), ["@all: 53"]);
  },
);

test("a pattern sees what each of its calls does, by its name", { needs }, async () => {
  const command = [await workload("calls"), "getppid", 5003];
  const all = (own: string) =>
    script(`${T}:sys_e*_get*p*id /pid == cpid/ { ${own} @[probe] = count(); }`, ...command);
  const printed = await all("");
  assertEquals(printed, await all(OWN));
  assertEquals(printed.split("\n"), [
    "@[tracepoint:syscalls:sys_enter_getppid]: 5003",
    "@[tracepoint:syscalls:sys_exit_getppid]: 5003",
  ]);
});

test("all calls at once are as many as one by one", { needs }, async () => {
  const names = await script(
    `${T}:sys_enter_* /pid == cpid/ { @[probe] = count(); }
     tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @all = count(); }`,
    ...[await workload("calls"), "sync", 3],
  );
  const counts = [...names.matchAll(/^@\[tracepoint:syscalls:(\w+)\]: (\d+)$/gm)];
  const sum = counts.reduce((sum, [, , count]) => sum + Number(count), 0);
  assertEquals(sum, Number(/^@all: (\d+)$/m.exec(names)?.[1]));
  assertEquals(counts.find(([, name]) => name === "sys_enter_sync")?.[2], "3");
});

test("six arguments read as those of the tracepoint", { needs }, async () => {
  const command = [await workload("calls"), "sendto", 64];
  const read = (own: string) =>
    script(
      `${T}:sys_enter_sendto /pid == cpid/ {
         ${own}
         @[(int32)args.fd, args.buff, args.len, args.flags, args->addr, args->addr_len] = count();
       }
       ${T}:sys_exit_sendto /pid == cpid/ { ${own} @ret[args->ret] = count(); }`,
      ...command,
    );
  const printed = await read("");
  assertEquals(printed, await read(OWN));
  assertMatch(printed, /^@\[-1, 64, 0, 0, 0, 32\]: 1$/m);
  assertMatch(printed, /^@ret\[-9\]: 64$/m);
});

test("a field is read where the call that is seen has it", { needs }, async () => {
  const printed = await script(
    `${T}:sys_enter_getpgid, ${T}:sys_enter_kill, ${T}:sys_enter_tgkill /pid == cpid/ {
       @[probe, args.pid == pid] = count();
     }`,
    ...["sh -c 'kill -0 $$'"],
  );
  assertEquals(printed, "@[tracepoint:syscalls:sys_enter_kill, 1]: 1");
});

test("execve and what it returns are seen", { needs }, async () => {
  const printed = await script(
    `${T}:sys_enter_execve /pid == cpid/ { printf("%s\\n", str(args.filename)); }
     ${T}:sys_exit_execve /pid == cpid/ { printf("%d\\n", args.ret); }`,
    "/bin/true",
  );
  assertEquals(printed, "/bin/true\n0");
});

test("a call that began before the script returns in its sight", { needs }, async () => {
  const cat = new Running(["cat"], { stdin: "piped" });
  const reading = new Running([
    ...[BINARY, "-e"],
    `BEGIN { printf("ready\\n"); }
     ${T}:sys_exit_read /pid == ${cat.pid}/ { printf("%d\\n", args.ret); exit(); }`,
  ]);
  await reading.until("ready");
  cat.closeInput();
  const { status, stdout } = await reading.finished();
  await cat.finished();
  assertEquals(status, 0);
  assertMatch(stdout, /^0$/m);
});

test("the program's stack is the one that the tracepoint has", { needs }, async () => {
  const printed = await script(
    `${T}:sys_enter_getppid /pid == cpid/ { @raw[ustack] = count(); }
     ${T}:sys_enter_getppid /pid == cpid/ { ${OWN} @own[ustack] = count(); }`,
    ...[await workload("calls"), "getppid", 7],
  );
  const stacks = printed.match(/^@own\[\n([^]*)\n\]: 7\n@raw\[\n([^]*)\n\]: 7$/);
  assert(stacks !== null, printed);
  assertMatch(stacks[1]!, /getppid|main|^ +0x/m);
  assertEquals(stacks[1], stacks[2]);
});

test("so many probes are attached as are named", { needs }, async () => {
  const { stdout, status, stderr } = await gimlet([
    ...["--dry-run", "-e", `${T}:sys_e*_getp*id, ${T}:sys_enter_sync { @[probe] = count(); }`],
  ]);
  assertEquals(status, 0, stderr);
  const { stdout: listed } = await gimlet(["-l", `${T}:sys_e*_getp*id`]);
  const count = listed.trim().split("\n").length + 1;
  assertEquals(stdout.split("\n")[0], `Attaching ${count} probes...`);
});
