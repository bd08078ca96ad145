/**
 * The lessons of the script language and the lines of bpftrace's own tutorial: each command of a lesson is run as it stands, by
 * gimlet and by bpftrace, and both must print the same.
 */

import { assert, assertEquals } from "../assert.ts";
import { BINARY, gimlet, run } from "../gimlet.ts";
import { binary, capabilities, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary];
const both = [...needs, needsProgram("bpftrace"), needsProgram("cat")];
const FOLDER = new URL("../../docs/script_lessons/", import.meta.url);
const LESSONS = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();

/** The lines that count, each once; what else is on the machine prints as well. */
type Counting = (line: string) => string | undefined;

/** Runs a command line with `gimlet` in it by gimlet, or by bpftrace; gives its lines. */
async function lines(command: string, tracer: "gimlet" | "bpftrace"): Promise<string[]> {
  const call = tracer === "gimlet" ? BINARY : "bpftrace";
  // bpftrace 0.17 has no --duration.
  const timed = tracer === "gimlet" ? command : command.replace(/ --duration \S+/, "");
  const limit = timed === command ? "20" : "1";
  const words = timed.replace(/^gimlet/, `timeout -s INT ${limit} ${call}`);
  const { stdout } = await run(["sh", "-c", words]);
  return stdout.split("\n");
}

function counting(all: readonly string[], { counts, sorted }: Comparison): string[] {
  const found = all.flatMap((line) => counts(line) ?? []);
  return sorted === true ? [...new Set(found)].sort() : found;
}

interface Comparison {
  readonly counts: Counting;
  /** Their order and their number say nothing. */
  readonly sorted?: true;
}

const EVERY: Comparison = { counts: (line) => line };
const matching = (pattern: RegExp): Comparison => ({
  counts: (line) => pattern.test(line) ? line : undefined,
  sorted: true,
});

/** Where not all that is printed is of the command. */
const IN_LESSONS: Readonly<Record<string, Comparison>> = {
  "3_opened_files.md": matching(/^cat /),
  "6_scratch_variables.md": {
    counts: (line) => line.replace(/process \d+/, "process 4711"),
  },
  // Entries of one map have no order here.
  "7_maps.md": { ...EVERY, sorted: true },
};

for (const file of LESSONS) {
  test(`lesson ${file}: its commands give what it shows, and what bpftrace gives`, {
    needs: both,
  }, async () => {
    const text = Deno.readTextFileSync(new URL(file, FOLDER));
    const examples = [...text.matchAll(/```sh\n(gimlet [^]*?)\n```\n[^`]*?```text\n([^]*?)```/g)];
    assert(examples.length > 0, "no example");
    assertEquals(examples.length, text.split("```sh").length - 1);
    const comparison = IN_LESSONS[file] ?? EVERY;
    for (const [, command = "", shown = ""] of examples) {
      const expected = counting(shown.split("\n").filter(isOutput), comparison);
      const ours = counting((await lines(command, "gimlet")).filter(isOutput), comparison);
      assertEquals(ours, expected, command);
      const theirs = counting((await lines(command, "bpftrace")).filter(isOutput), comparison);
      assertEquals(ours, theirs, command);
    }
  });
}

/** Neither empty, nor how many probes there are: the lessons leave both out at times. */
function isOutput(line: string): boolean {
  return line !== "" && !line.startsWith("Attaching ");
}

test("gimlet lesson shows the lessons of the script language", { needs: [binary] }, async () => {
  const { stdout } = await gimlet(["lesson"]);
  const listed = [...stdout.matchAll(/^s(\d+) +(\S+)/gm)].map(([, number, name]) =>
    `${number}_${name}.md`
  );
  assertEquals(listed, LESSONS);
  for (const file of LESSONS) {
    const text = Deno.readTextFileSync(new URL(file, FOLDER)).trimEnd();
    const [number = "", name = ""] = file.replace(".md", "").split(/_(.*)/);
    for (const wanted of [`s${number}`, name]) {
      const { status, stdout } = await gimlet(["lesson", wanted]);
      assertEquals([status, stdout.trimEnd()], [0, text]);
    }
  }
});

/**
 * The lessons of bpftrace's tutorial in one-liners, each with a command that makes something happen. 6, 7 and 12 are of kernel
 * functions, and 11 is of a disk: they are among the programs of tests/differential/kernel_programs.ts, for virtual machines.
 */
const TUTORIAL: Readonly<Record<string, readonly [command: string, comparison: Comparison]>> = {
  "1 lists": ["gimlet -l 'tracepoint:syscalls:sys_enter_*'", { ...EVERY, sorted: true }],
  "2 hello": [`gimlet -e 'BEGIN { printf("hello world\\n"); exit(); }'`, EVERY],
  "3 file opens": [
    `gimlet -e 'tracepoint:syscalls:sys_enter_openat { printf("%s %s\\n", comm, str(args->filename)); }' -c 'cat /etc/hostname'`,
    matching(/^cat /),
  ],
  "4 system calls by process": [
    `gimlet -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }' -c 'cat /etc/hostname'`,
    matching(/^@\[cat\]/),
  ],
  "5 sizes of reads": [
    `gimlet -e 'tracepoint:syscalls:sys_exit_read /pid == cpid/ { @bytes = hist(args->ret); }' -c 'cat /etc/hostname'`,
    EVERY,
  ],
  "8 events of the scheduler": [
    `gimlet -e 'tracepoint:sched:sched* { @[probe] = count(); } interval:s:1 { exit(); }'`,
    {
      counts: (line) => /^@\[tracepoint:sched:sched_(?:switch|waking|wakeup)\]/.exec(line)?.[0],
      sorted: true,
    },
  ],
  "9 stacks of the kernel, sampled": [
    `gimlet -e 'profile:hz:99 { @[kstack] = count(); }' -c 'dd if=/dev/zero of=/dev/null bs=1M count=3000 status=none'`,
    {
      counts: (line) => /^ {4}(?:ksys_read|vfs_read|read_zero|do_syscall_64)\b/.exec(line)?.[0],
      sorted: true,
    },
  ],
  "10 who gives up the processor": [
    `gimlet -e 'tracepoint:sched:sched_switch /pid == cpid/ { @[kstack] = count(); }' -c 'sleep 0.05'`,
    matching(/^ {4}(?:do_nanosleep|hrtimer_nanosleep|__x64_sys_clock_nanosleep)\+/),
  ],
};

for (const [lesson, [command, comparison]] of Object.entries(TUTORIAL)) {
  test(`bpftrace's tutorial, lesson ${lesson}`, { needs: both }, async () => {
    const ours = counting((await lines(command, "gimlet")).filter(isOutput), comparison);
    const theirs = counting((await lines(command, "bpftrace")).filter(isOutput), comparison);
    assertEquals(ours, theirs);
    assert(ours.length > 0, "nothing was printed");
  });
}
