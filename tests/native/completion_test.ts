/** Completion as the shells do it, with the script that gimlet prints. */

import { assertEquals } from "../assert.ts";
import { BINARY, gimlet, run } from "../gimlet.ts";
import { binary, needsProgram, root, test } from "../support.ts";

async function script(shell: string): Promise<string> {
  const { status, stdout } = await gimlet(["completion", shell]);
  assertEquals(status, 0);
  return stdout;
}

async function lines(words: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await run(words);
  assertEquals(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

/** What bash would offer; it calls the function outside of the line editor, where compopt cannot work. */
async function bash(line: string): Promise<string[]> {
  const program = `${await script("bash")}
compopt() { :; }
COMP_LINE=$1 COMP_POINT=\${#1}
_gimlet
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return await lines(["bash", "-c", program, "bash", line]);
}

/** What zsh would offer: the function runs with the words that the line editor would set. */
async function zsh(...words: readonly string[]): Promise<string[]> {
  const program = `${await script("zsh")}
compadd() { local name="\${@[-1]}"; print -l -- "\${(@P)name}" }
_files() { print -- files }
words=("$@"); CURRENT=$#
_gimlet`;
  return await lines(["zsh", "-f", "-c", program, "zsh", ...words]);
}

async function fish(line: string): Promise<string[]> {
  const folder = BINARY.slice(0, BINARY.lastIndexOf("/"));
  const program = `${await script("fish")}
set -x PATH ${folder} $PATH
complete -C ${JSON.stringify(line)}`;
  const found = await lines(["fish", "--no-config", "-c", program]);
  return found.map((each) => each.split("\t")[0]!);
}

const WAKEUPS = ["tracepoint:sched:sched_wakeup", "tracepoint:sched:sched_wakeup_new"];

test("bash completes tools, options and probes", {
  needs: [root, binary, needsProgram("bash")],
}, async () => {
  assertEquals(await bash(`${BINARY} les`), ["lesson"]);
  assertEquals(await bash(`${BINARY} hello_world --max-`), ["--max-events", "--max-overhead"]);
  assertEquals(await bash(`${BINARY} hello_world --format `), ["json", "text"]);
  assertEquals(await bash(`${BINARY} list tracep`), ["tracepoint:"]);
  // A colon parts words in bash: what stands before it is there already.
  assertEquals(await bash(`${BINARY} -l tracepoint:sched:sched_wakeu`), [
    ...WAKEUPS.map((probe) => probe.replace("tracepoint:sched:", "")),
  ]);
});

test("zsh completes tools, options and probes", {
  needs: [root, binary, needsProgram("zsh")],
}, async () => {
  assertEquals(await zsh(BINARY, "les"), ["lesson"]);
  assertEquals(await zsh(BINARY, "hello_world", "--format", ""), ["json", "text"]);
  assertEquals(await zsh(BINARY, "-l", "tracepoint:sched:sched_wakeu"), WAKEUPS);
  assertEquals(await zsh(BINARY, "record", "x"), ["files"]);
});

test("fish completes tools, options and probes", {
  needs: [root, binary, needsProgram("fish")],
}, async () => {
  assertEquals(await fish("gimlet les"), ["lesson"]);
  assertEquals(await fish("gimlet hello_world --format "), ["json", "text"]);
  assertEquals(await fish("gimlet -l tracepoint:sched:sched_wakeu"), WAKEUPS);
});
