/** The recipes of docs/ci.md, as far as this machine can run them. */

import { ExpectationError, expectEvents } from "../../mod.ts";
import helloPerfOutput from "../../programs/tools/hello_perf_output/hello_perf_output.ts";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../assert.ts";
import { BINARY, inOwnMounts, ownShell, run } from "../gimlet.ts";
import { parse } from "../jsonc.ts";
import { binary, capabilities, needsProgram, test } from "../support.ts";

const SHELL = await ownShell();
const ROOT = new URL("../..", import.meta.url).pathname;
const needs = [capabilities, binary];

test("the example of a test in Deno passes", { needs: [capabilities] }, async () => {
  const { status, stdout, stderr } = await run(
    [Deno.execPath(), "test", "-A", "--no-check", "examples/deno_test"],
    { cwd: ROOT, env: { NO_COLOR: "1" } },
  );
  assertMatch(stdout, /\d+ processes, by \d+ shell\n/);
  assertMatch(stdout, /ok \| 1 passed \| 0 failed/);
  assertEquals(status, 0, stderr);
});

test("expectEvents() gives the events that match, or shows those that there were", {
  needs: [capabilities],
  sanitizeResources: false,
}, async () => {
  const command = [SHELL.path, "-c", "/bin/true; /bin/true; exec /bin/true"];
  const where = ({ comm }: { readonly comm?: unknown }) => comm === SHELL.comm;
  const events = await expectEvents(helloPerfOutput, { command, where, atLeast: 2 });
  assertEquals(events.map(({ comm }) => comm), [SHELL.comm, SHELL.comm]);
  const filters = { comm: SHELL.comm };
  const error = await assertRejects(
    () => expectEvents(helloPerfOutput, { command, filters, atLeast: 3 }),
    ExpectationError,
  );
  const [first, ...seen] = error.message.split("\n");
  assertStringIncludes(first!, "saw 2 matching events of 2, should be at least 3");
  assertEquals(seen.length, 2);
  assertMatch(seen[0]!, new RegExp(`^  {"type":"event",.*"comm":"${SHELL.comm}"`));
  const none = await assertRejects(
    () => expectEvents(helloPerfOutput, { command, filters, where: () => false }),
    ExpectationError,
  );
  assertEquals(none.name, "AssertionError");
  assertStringIncludes(none.message, "saw 0 matching events of 2, should be at least 1\n");
});

test("in a container, two capabilities are enough", {
  needs: [...needs, needsProgram("setpriv")],
}, async () => {
  const script = `
    mount -o remount,ro,bind /sys
    mount --bind /sys/kernel/tracing /sys/kernel/tracing
    mount -o remount,ro,bind /sys/kernel/tracing
    exec unshare --pid --fork --mount-proc setpriv --bounding-set=-all,+bpf,+perfmon --inh-caps=-all "$@"`;
  const tools = "hello_world,hello_perf_output,bitehist";
  const { status, stdout, stderr } = await inOwnMounts(script, [
    ...[BINARY, "selftest", "--only", tools],
  ]);
  assertStringIncludes(stdout, "3 passed, 0 failed\n", stderr);
  assertEquals(status, 0);
  const user = await inOwnMounts(script, [BINARY, "selftest", "--only", "strlen_count"]);
  assertStringIncludes(user.stdout, "E_CAPABILITY: plan uprobe: CAP_SYS_ADMIN is missing");
  assertEquals(user.status, 1);
  const one = await inOwnMounts(script.replace(",+perfmon", ""), [BINARY, "hello_perf_output"]);
  assertStringIncludes(one.stderr, "Cannot trace: CAP_PERFMON is missing\n");
});

test("the workflow runs tasks that there are", {}, async () => {
  const workflow = await Deno.readTextFile(`${ROOT}.github/workflows/ci.yml`);
  const { tasks } = parse(await Deno.readTextFile(`${ROOT}deno.json`)) as {
    readonly tasks: Readonly<Record<string, unknown>>;
  };
  const named = [...workflow.matchAll(/deno task ([\w:]+)/g)].map(([, name]) => name!);
  assertEquals(named.filter((name) => tasks[name] === undefined), []);
  const files = [...workflow.matchAll(/(?:^|\s)(tests\/\S+)/gm)].map(([, path]) => path!);
  for (const path of files) Deno.statSync(`${ROOT}${path}`);
  assertEquals(named.length > 3 && files.length > 1, true);
  const ci = await Deno.readTextFile(`${ROOT}.ci/run`);
  const version = /DENO_VERSION=(\S+)/.exec(ci)?.[1];
  assertStringIncludes(workflow, `deno-version: ${version}`);
  assertStringIncludes(workflow, `deno@${version}`);
});
