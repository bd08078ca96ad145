import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, type Finished, gimlet, inOwnMounts, NOBODY, publicCopy, run } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, capabilities, gcc, needsProgram, root, test } from "../support.ts";
import { MiniRoot } from "./mini_root.ts";

const needs = [root, capabilities, binary];
const TRUE = ["--", "/bin/true"] as const;

/** The error of a run, which must be whole: status, a first line, no more than six lines, JSON under --json. */
function failed({ status, stderr, stdout }: Finished, expected: number): string {
  assertEquals(status, expected, stderr);
  assertEquals(stdout, "");
  const lines = stderr.trimEnd().split("\n");
  assertMatch(lines[0]!, /^gimlet: Cannot /);
  assert(lines.length <= 6, stderr);
  return stderr;
}

test(
  "an unprivileged user is told what is missing and both ways to give it",
  { needs },
  async () => {
    await using copy = await publicCopy();
    const stderr = failed(await run([copy.path, "hello_perf_output"], NOBODY), 3);
    assertEquals(stderr.trimEnd().split("\n"), [
      "gimlet: Cannot trace: CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH are missing",
      `  → Run it as root: sudo ${copy.path} …`,
      `  → Or give the file the capabilities: sudo setcap cap_bpf,cap_perfmon,cap_dac_read_search+ep ${copy.path}`,
    ]);
    const json = await run([copy.path, "hello_perf_output", "--json"], NOBODY);
    const [record] = jsonRecords(json.stdout);
    assertEquals([record!.type, record!.code, json.status], ["error", "E_CAPABILITY", 3]);
  },
);

test("the capabilities are enough: nobody asks for root", {
  needs: [...needs, needsProgram("setcap")],
}, async () => {
  await using copy = await publicCopy();
  const caps = "cap_bpf,cap_perfmon,cap_dac_read_search+ep";
  assertEquals((await run(["setcap", caps, copy.path])).status, 0);
  const args = ["--json", "--", "sh", "-c", "/bin/true; /bin/true; :"];
  for (const plan of [[], ["--plan", "tp_btf"]]) {
    const { status, stdout, stderr } = await run(
      [copy.path, "hello_perf_output", ...plan, ...args],
      NOBODY,
    );
    assertEquals([status, stderr], [0, ""]);
    const events = jsonRecords(stdout).filter(({ comm }) => comm === "sh");
    assertEquals(events.length, 2);
  }
  // The kernel wants more for probes in user space.
  const uprobe = failed(await run([copy.path, "strlen_count", "--", "ls", "/"], NOBODY), 3);
  assertStringIncludes(uprobe, "CAP_SYS_ADMIN is missing");
});

test("a machine with libbpf1 and nothing else runs every tool", { needs }, async () => {
  await using machine = await MiniRoot.make();
  for (const tool of ["hello_world", "hello_perf_output", "bitehist", "strlen_count"]) {
    const { status, stderr } = await machine.run(["/gimlet", tool, "--duration", "10ms"]);
    assertEquals([tool, status, stderr], [tool, 0, ""]);
  }
  const listed = await machine.run(["/gimlet", "lesson"]);
  assertEquals(listed.status, 0);
});

test("a machine without libbpf is told how to get it", { needs }, async () => {
  await using machine = await MiniRoot.make({ libbpf: false });
  const stderr = failed(await machine.run(["/gimlet", "hello_perf_output"]), 7);
  assertStringIncludes(stderr, "Cannot open libbpf: libbpf.so.1 is not installed\n");
  assertStringIncludes(stderr, "sudo apt-get install libbpf1\n");
  const version = await machine.run(["/gimlet", "version"]);
  assertEquals(version.status, 0);
  assertStringIncludes(version.stdout, "libbpf  not installed\n");
});

test("libbpf.so.0 alone is too old", { needs: [...needs, gcc] }, async () => {
  await using machine = await MiniRoot.make({ libbpf: false });
  await machine.stubLibrary("libbpf.so.0");
  const stderr = failed(await machine.run(["/gimlet", "hello_perf_output"]), 7);
  assertStringIncludes(
    stderr,
    "only libbpf.so.0 is installed, and libbpf 1.0 or newer is needed\n",
  );
});

test("without tracefs, tools that can do without find a plan that works", {
  needs: [...needs, needsProgram("setpriv")],
}, async () => {
  const script = `umount -a -t tracefs; exec setpriv --bounding-set=-sys_admin "$@"`;
  assertEquals((await inOwnMounts(script, [BINARY, "bitehist", ...TRUE])).status, 0);
});

test("tracefs is mounted where it is not", { needs }, async () => {
  const { status, stdout } = await inOwnMounts(`umount -a -t tracefs; exec "$@"`, [
    ...[BINARY, "hello_world", "--", "sh", "-c", "/bin/true; :"],
  ]);
  assertEquals(status, 0);
  assertStringIncludes(stdout, "Hello, World!");
});

test("without BTF, what does not need it runs", { needs }, async () => {
  const { status, stdout } = await inOwnMounts(`mount -t tmpfs none /sys/kernel/btf; exec "$@"`, [
    ...[BINARY, "hello_perf_output", "--", "sh", "-c", "/bin/true; :"],
  ]);
  assertEquals(status, 0);
  assertStringIncludes(stdout, "Hello, perf_output!");
});

test(
  "a program that the verifier refuses is reported with its reason and line",
  { needs },
  async () => {
    const main = new URL("./refused_main.ts", import.meta.url).pathname;
    const refused = (...args: string[]) => run([Deno.execPath(), "run", "-A", main, ...args]);
    const stderr = failed(await refused(), 5);
    assertStringIncludes(
      stderr,
      "the kernel's verifier refused program refused: R0 invalid mem access",
    );
    assertStringIncludes(stderr, "return *count;");
    const verbose = await refused("-v");
    assertEquals(verbose.status, 5);
    assertStringIncludes(verbose.stderr, "-- BEGIN PROG LOAD LOG --");
  },
);

const USAGE = [
  [["helo_world"], 'Unknown tool "helo_world"', "Did you mean hello_world?"],
  [["verson"], 'Unknown tool "verson"', "Did you mean version?"],
  [["bitehist", "--max-event", "3"], 'Unknown option "--max-event"', "Did you mean --max-events?"],
  [["bitehist", "--plan", "kprob"], 'Unknown plan "kprob"', "Did you mean kprobe?"],
  [["bitehist", "--duration", "soon"], 'Cannot read duration "soon"', "500ms"],
  [["bitehist", "extra"], 'Unexpected argument "extra"', "-- CMD"],
  [["lesson", "99"], 'Unknown lesson "99"', "Did you mean"],
  [["version", "--xml"], 'Unexpected argument "--xml"', "--json"],
] as const;

for (const [args, message, hint] of USAGE) {
  test(`gimlet ${args.join(" ")} is a usage error`, { needs: [binary] }, async () => {
    const { status, stdout, stderr } = await gimlet(args);
    assertEquals([status, stdout], [2, ""]);
    assertStringIncludes(stderr, `gimlet: ${message}`);
    assertStringIncludes(stderr, hint);
  });
}
