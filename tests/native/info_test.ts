import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { gimlet, run, RUNNERS } from "../gimlet.ts";
import { binary, test } from "../support.ts";

const needs = [binary];
const TOOLS = new URL("../../programs/tools/", import.meta.url);
const names = [...Deno.readDirSync(TOOLS)].map(({ name }) => name).sort();

for (const [way, runner] of Object.entries(RUNNERS)) {
  test(`lessons travel with gimlet: notes and source, as in the repository (${way})`, {
    needs,
  }, async () => {
    for (const name of names) {
      const { status, stdout } = await run([...runner, "lesson", name]);
      assertEquals(status, 0);
      for (const file of ["lesson.md", `${name}.bpf.c`, `${name}.ts`]) {
        const text = (await Deno.readTextFile(new URL(`${name}/${file}`, TOOLS))).trimEnd();
        assert(stdout.includes(text), `${name}: ${file} is not there whole`);
      }
    }
  });
}

test("gimlet lesson lists every tool by number, and each opens by number too", {
  needs,
}, async () => {
  const { stdout } = await gimlet(["lesson"]);
  const lines = stdout.trimEnd().split("\n").map((line) => line.trim().split(/\s+/));
  const listed = lines.map(([, name]) => name!);
  assertEquals(listed.filter((name) => names.includes(name)).sort(), names);
  for (const [number, name] of lines) {
    const { status, stdout } = await gimlet(["lesson", number!]);
    assertEquals([number, status], [number, 0]);
    if (names.includes(name!)) assertStringIncludes(stdout, `── ${name}.bpf.c`);
  }
});

test("gimlet --help names every tool, and every tool explains itself", { needs }, async () => {
  const help = await gimlet(["--help"]);
  assertEquals([help.status, help.stderr], [0, ""]);
  for (const name of names) {
    assertStringIncludes(help.stdout, `\n  ${name} `);
    for (const args of [[name, "--help"], [name.replaceAll("_", "-"), "-h"], ["help", name]]) {
      const { status, stdout } = await gimlet(args);
      assertEquals([args, status], [args, 0]);
      const usage = new RegExp(`\\(lesson \\d+\\)\\.\\n\\nUsage: gimlet ${name} \\[OPTIONS\\]`);
      assertMatch(stdout, usage);
      assertStringIncludes(stdout, "\nTry:\n  sudo gimlet ");
    }
  }
});

test("help fits a terminal of 100 columns", { needs }, async () => {
  for (const args of [["--help"], ...names.map((name) => [name, "--help"])]) {
    const { stdout } = await gimlet(args);
    assertEquals(stdout.split("\n").filter((line) => [...line].length > 100), []);
  }
});

test("gimlet alone is a usage error that shows the help", { needs }, async () => {
  const { status, stdout, stderr } = await gimlet([]);
  assertEquals([status, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: gimlet TOOL");
});

test("version says what this is and what it runs on, for people and machines", {
  needs,
}, async () => {
  const { stdout } = await gimlet(["version", "--json"]);
  const facts = JSON.parse(stdout);
  assertEquals(Object.keys(facts), ["gimlet", "commit", "deno", "libbpf", "kernel", "arch"]);
  assertMatch(facts.commit, /^([\da-f]{40}(-dirty)?|unknown)$/);
  assertEquals(facts.kernel, Deno.osRelease());
  assertMatch(facts.libbpf, /^v1\.\d+/);
  const text = await gimlet(["--version"]);
  assertStringIncludes(text.stdout, `gimlet  ${facts.gimlet}\n`);
  const source = await run([...RUNNERS["deno run"], "version", "--json"]);
  assertEquals(JSON.parse(source.stdout).commit, "unknown");
});
