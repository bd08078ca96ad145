import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, gimlet, inOwnMounts, run, RUNNERS } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, capabilities, test } from "../support.ts";

const needs = [capabilities, binary];

for (const [way, runner] of Object.entries(RUNNERS)) {
  test(`every tool sees what a second process does (${way})`, { needs }, async () => {
    const { status, stdout } = await run([...runner, "selftest", "--format", "json"]);
    const results = jsonRecords(stdout);
    for (const { name, outcome, detail } of results) {
      assertEquals([name, outcome], [name, "pass"], String(detail));
    }
    const folders = [...Deno.readDirSync(new URL("../../programs/tools", import.meta.url))];
    assertEquals(results.map(({ name }) => name).sort(), folders.map(({ name }) => name).sort());
    assertEquals(status, 0);
  });
}

test("selftest reports in the formats of CI systems", { needs }, async () => {
  const only = ["selftest", "--only", "strlen-count,hello_perf_output", "--format"];
  const tap = await gimlet([...only, "tap"]);
  assertMatch(
    tap.stdout,
    /^TAP version 14\n1\.\.2\nok 1 strlen_count # plan uprobe\nok 2 hello_perf_output # plan \w+\n$/,
  );
  const junit = await gimlet([...only, "junit"]);
  assertStringIncludes(
    junit.stdout,
    '<testsuite name="gimlet selftest" tests="2" failures="0" skipped="0"',
  );
});

test(
  "without the libraries that it needs, selftest fails and does not skip",
  { needs },
  async () => {
    const env = { GIMLET_LIBBPF: "/no/libbpf.so.1" };
    const { status, stdout } = await gimlet(["selftest", "--only", "strlen_count"], { env });
    assertEquals(status, 1);
    assertMatch(stdout, /^FAIL +strlen_count +E_NO_LIBBPF: /);
  },
);

test(
  "where tracefs is out of reach, what needs it is skipped with the reason",
  { needs },
  async () => {
    const script = `umount -a -t tracefs; exec setpriv --bounding-set=-sys_admin "$@"`;
    const { status, stdout } = await inOwnMounts(script, [
      BINARY,
      "selftest",
      "--only",
      "hello_world",
    ]);
    assertMatch(stdout, /^skip +hello_world +E_NO_TRACEFS: it is not mounted/);
    assertStringIncludes(stdout, "0 passed, 0 failed, 1 skipped\n");
    assertEquals(status, 0);
  },
);
