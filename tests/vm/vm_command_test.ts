/** `gimlet vm` as its users see it: output, exit statuses, and a word for each way to fail. */

import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, type Finished, gimlet, run, RUNNERS, Running } from "../gimlet.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const needs = [qemu, binary];

/** Words for `gimlet vm`, with the options before `--` and Debian's 6.1 kernel, emulated. */
async function words(options: readonly string[], command: readonly string[]): Promise<string[]> {
  const { version } = await debianKernel("6.1");
  return ["vm", "--kernel", version, "--accel", "tcg", ...options, "--", ...command];
}

async function vm(options: readonly string[], ...command: string[]): Promise<Finished> {
  return await gimlet(await words(options, command));
}

for (const [way, runner] of Object.entries(RUNNERS)) {
  test(`a kernel developer's selftest, in KTAP (${way})`, { needs }, async () => {
    const { status, stdout, stderr } = await run([
      ...runner,
      ...await words(["--disk", "16M"], ["selftest", "--format", "ktap"]),
    ]);
    assertMatch(stdout, /^KTAP version 1\n1\.\.\d+\n(ok \d+ \w+ # plan \w+\n)+$/, stderr);
    assertEquals(status, 0);
  });
}

test("a tool runs there, and the command that it traces comes along", { needs }, async () => {
  const { status, stdout } = await vm(
    ["--file", "/bin/true"],
    ...["hello-perf-output", "--json", "--comm", "sh", "--", "sh", "-c", "/bin/true; exit 3"],
  );
  assertMatch(stdout, /^{"type":"header","tool":"hello_perf_output",.*"kernel":"6\.1\./);
  assertStringIncludes(stdout, '{"type":"summary","events":1,');
  assertEquals(status, 3);
});

test("a script gets its interpreter, files, variables, modules and disks", { needs }, async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const script = `#!/bin/sh
      read text < /data/sub/file
      echo "$text $GREETING" >&2
      [ -b /dev/disk0 ] && [ -b /dev/disk1 ] && echo /sys/block/vd?
      read boot < /proc/cmdline && echo "$boot"
      exit 42`;
    Deno.mkdirSync(`${folder}/data/sub`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/data/sub/file`, "text\n");
    Deno.writeTextFileSync(`${folder}/script`, script);
    const { status, stdout, stderr } = await vm(
      [
        ...["--file", `${folder}/data:/data`, "--env", "GREETING=a=b", "--append", "x.y=z"],
        ...["--module", "virtio_pci", "--module", "virtio_blk"],
        ...["--disk", "8M:virtio", "--disk", "8M", "--memory", "512M", "--cpus", "1"],
      ],
      `${folder}/script`,
    );
    assertEquals(stderr, "text a=b\n");
    assertMatch(stdout, /^\/sys\/block\/vda\n.*console=ttyS0.* x\.y=z\n$/);
    assertEquals(status, 42);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

test("no root is needed, and nothing is left behind", { needs }, async () => {
  const folder = Deno.makeTempDirSync();
  try {
    // Where another user can read them.
    const { path } = await debianKernel("6.1");
    Deno.chmodSync(folder, 0o755);
    Deno.copyFileSync(path, `${folder}/bzImage`);
    Deno.copyFileSync(BINARY, `${folder}/gimlet`);
    Deno.mkdirSync(`${folder}/tmp`);
    Deno.chmodSync(`${folder}/tmp`, 0o777);
    // With --accel auto, as it is without the option.
    const { status, stdout, stderr } = await run(
      [`${folder}/gimlet`, "vm", "--kernel", "bzImage", "--", "version", "--json"],
      { uid: 65534, gid: 65534, cwd: folder, env: { TMPDIR: `${folder}/tmp`, HOME: "/" } },
    );
    assertMatch(stdout, /^{"gimlet":.*"kernel":"6\.1\./, stderr);
    assertEquals(status, 0);
    assertEquals([...Deno.readDirSync(`${folder}/tmp`)], []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

test("output comes as it is written, and a reader that leaves ends all", { needs }, async () => {
  const loop = ["sh", "-c", "while echo line; do :; done"];
  const running = new Running([BINARY, ...await words([], loop)]);
  await running.until("line\n");
  running.kill("SIGTERM");
  assertEquals((await running.finished()).status, 143);
  const script = `set -o pipefail; "$@" | head -1`;
  const line = await run(["bash", "-c", script, "bash", BINARY, ...await words([], loop)]);
  assertEquals([line.status, line.stdout], [0, "line\n"]);
});

/** Says something on the console as the kernel would. */
function say(line: string, then: string): string[] {
  return ["sh", "-c", `echo "<0>${line}" > /dev/kmsg; ${then}`];
}

const FAILURES: Readonly<Record<string, readonly [string, number, string[], string[]]>> = {
  "a kernel that panics": [
    "E_VM_PANIC: the kernel says: Kernel panic - not syncing: VFS: Unable to mount root fs",
    121,
    ["--append", "rdinit=/nonexistent"],
    ["true"],
  ],
  "a kernel that oopses, whatever the command says": [
    "E_VM_OOPS: the kernel says: BUG: kernel NULL pointer dereference",
    122,
    [],
    say("BUG: kernel NULL pointer dereference, address: 0", "exit 0"),
  ],
  "a kernel that hangs": [
    "E_VM_HANG: the kernel says: watchdog: BUG: soft lockup",
    123,
    ["--timeout", "10s"],
    say("watchdog: BUG: soft lockup - CPU#0 stuck for 26s!", "while :; do :; done"),
  ],
  "a command that takes too long": [
    "E_VM_TIMEOUT: the command did not end in time",
    124,
    ["--timeout", "500ms"],
    ["sleep", "1000"],
  ],
  "a disk that no driver knows": [
    "E_VM_BOOT: the guest reports: Cannot find the disk disk0",
    120,
    ["--disk", "8M:virtio"],
    ["true"],
  ],
  "a file that is not there": [
    "E_VM_FILES: No such file",
    125,
    ["--file", "/nonexistent"],
    ["true"],
  ],
};

for (const [what, [message, expected, options, command]] of Object.entries(FAILURES)) {
  test(`${what} has a status and a code`, { needs }, async () => {
    const { status, stderr } = await vm(options, ...command);
    assertStringIncludes(stderr.split("\n").at(-2) ?? "", `gimlet vm: ${message}`);
    assertEquals(status, expected);
  });
}

test("what is not on this machine has a status and a code", { needs: [binary] }, async () => {
  const kernel = await gimlet(["vm", "--kernel", "0.1", "--", "true"]);
  assertStringIncludes(kernel.stderr, "gimlet vm: E_VM_NO_KERNEL: no kernel 0.1: not in /boot, ");
  assertEquals(kernel.status, 125);
  const env = { PATH: "/nonexistent" };
  const qemu = await gimlet(["vm", "--kernel", "/dev/null", "--", "true"], { env });
  assertStringIncludes(qemu.stderr, "gimlet vm: E_VM_NO_KERNEL: no kernel at /dev/null");
  const none = await gimlet(["vm", "--kernel", BINARY, "--", "/bin/true"], { env });
  assertStringIncludes(none.stderr, "gimlet vm: E_VM_NO_QEMU: qemu-system-x86_64 is not installed");
  assertEquals(none.status, 125);
});

test("-v shows the kernel's words and the times", { needs }, async () => {
  const { status, stderr } = await vm(["-v"], "no-such-program");
  assertStringIncludes(stderr, "Linux version 6.1.");
  assertMatch(stderr, /gimlet vm: booted in \d+\.\d s, ready at \d+\.\d s, ended at \d+\.\d s\n$/);
  assertStringIncludes(stderr, "gimlet vm: Cannot run no-such-program: no such program\n");
  assertEquals(status, 127);
});
