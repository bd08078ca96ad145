/** Lessons 2 to 5, 8, 11, 12 and 16 on Debian's kernels: by every plan, with a known workload, one machine for each kernel. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { type JsonRecord, jsonRecords, ofType } from "../records.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, gcc];

/** A tool that is run in the machine, and what it must say. */
interface Trial {
  readonly name: string;
  readonly plan: string;
  readonly options?: string;
  readonly command: string;
  /** What is to be known of its records. */
  readonly finding: (records: readonly JsonRecord[]) => unknown;
  readonly expected: unknown;
}

interface Bucket {
  readonly count: number;
}

interface Entry {
  readonly key: { readonly prev_pid: number; readonly curr_pid: number };
  readonly value: number;
}

const CALLS = "--comm calls";

function plan(records: readonly JsonRecord[]): unknown {
  return ofType(records, "header")[0]!.plan;
}

/** Counts the events that have these values. */
function events(fields: Readonly<Record<string, unknown>>) {
  return (records: readonly JsonRecord[]) =>
    ofType(records, "event")
      .filter((event) => Object.entries(fields).every(([name, value]) => event[name] === value))
      .length;
}

/** How many calls were timed, and how many got lost. */
function timed(records: readonly JsonRecord[]): { timed: number; lost: number } {
  const buckets = ofType(records, "hist").flatMap(({ buckets }) => buckets as Bucket[]);
  return {
    timed: buckets.reduce((sum, { count }) => sum + count, 0),
    lost: ofType(records, "summary")[0]!.lost as number,
  };
}

/** The counts of those pairs of tasks that were switched between so often. */
function switches(times: number) {
  return (records: readonly JsonRecord[]) => {
    const entries = (ofType(records, "map")[0]!.entries as Entry[])
      .filter(({ value }) => value === times);
    const [there, back] = entries.map(({ key }) => key);
    const mirrored = there?.prev_pid === back?.curr_pid && there?.curr_pid === back?.prev_pid;
    return { pairs: entries.length, mirrored };
  };
}

const SYNC = ["kprobe", "raw_syscalls", "tracepoint"];
const READ = ["kprobe", "fentry", "raw_syscalls", "tracepoint"];

const TRIALS: readonly Trial[] = [
  ...SYNC.flatMap((plan) => [
    {
      ...{ name: "sys_sync", plan, options: CALLS, command: "calls sync 23" },
      finding: events({ message: "sys_sync() called" }),
      expected: 23,
    },
    {
      ...{ name: "sync_timing", plan, options: CALLS, command: "calls sync 23" },
      finding: events({}),
      expected: 22,
    },
    {
      ...{ name: "sync_count", plan, options: CALLS, command: "calls sync 23" },
      finding: (records: readonly JsonRecord[]) =>
        ofType(records, "event").map(({ count }) => count),
      expected: Array.from({ length: 23 }, (_, i) => i + 1),
    },
    {
      ...{ name: "sync_perf_output", plan, options: CALLS, command: "calls sync 23" },
      finding: events({ comm: "calls", uid: 0 }),
      expected: 22,
    },
  ]),
  ...["kprobe", "raw_syscalls", "tracepoint", "tp_btf"].map((plan) => ({
    ...{ name: "hello_fields", plan, options: "--comm sh" },
    command: "sh -c '/bin/true; /bin/true; /bin/true; :'",
    finding: events({ message: "Hello, World!" }),
    expected: 3,
  })),
  ...["kretprobe", "fexit", "raw_syscalls", "syscalls"].map((plan) => ({
    ...{ name: "urandomread", plan, options: CALLS, command: "calls urandom 23 1009" },
    finding: events({ comm: "calls", got_bits: 8 * 1009 }),
    expected: 23,
  })),
  ...["kprobe", "tp_btf", "tracepoint"].map((plan) => ({
    ...{ name: "task_switch", plan, command: "calls switch 197" },
    finding: switches(197),
    expected: { pairs: 2, mirrored: true },
  })),
];

/** What each tool takes by itself on a kernel with kprobes. */
const CHOSEN: Readonly<Record<string, string>> = {
  sys_sync: "kprobe",
  hello_fields: "kprobe",
  sync_timing: "kprobe",
  sync_count: "kprobe",
  sync_perf_output: "kprobe",
  vfsreadlat: "kprobe",
  urandomread: "kretprobe",
  task_switch: "kprobe",
};

/** The option for a plan: what a tool takes by itself is not asked for, so that it is seen to take it. */
function asked(name: string, plan: string): string {
  return CHOSEN[name] === plan ? "" : `--plan ${plan}`;
}

/** Runs commands in one machine; gives the records of each. */
async function inVm(series: KernelSeries, commands: readonly string[]): Promise<JsonRecord[][]> {
  const kernel = await debianKernel(series);
  const MARK = "~~~";
  const { status, stdout, stderr } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    files: ["/bin/sh", "/bin/true", { source: await workload("calls"), target: "/bin/calls" }],
    command: ["sh", "-c", commands.map((each) => `${each} || exit; echo '${MARK}'\n`).join("")],
    timeout: 600,
  });
  assertEquals(status, 0, `${stdout}${stderr}`);
  return stdout.split(`${MARK}\n`).slice(0, -1).map(jsonRecords);
}

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(`${series}: the lessons count exactly, by every plan`, { needs }, async () => {
    const commands = TRIALS.map(({ name, plan, options = "", command }) =>
      `/gimlet ${name} --json ${asked(name, plan)} ${options} -- ${command}`
    );
    const results = await inVm(series, commands);
    const found = results.map((records, i) => {
      const { name, finding } = TRIALS[i]!;
      return [name, plan(records), finding(records)];
    });
    assertEquals(found, TRIALS.map(({ name, plan, expected }) => [name, plan, expected]));
  });

  test(`${series}: vfsreadlat times every read, or says what it missed`, { needs }, async () => {
    const deeds = ["read 0", "read 997", "crowd 0", "crowd 67"];
    const commands = READ.flatMap((plan) =>
      deeds.map((deed) =>
        `/gimlet vfsreadlat --json ${asked("vfsreadlat", plan)} ${CALLS} -- calls ${deed}`
      )
    );
    const results = await inVm(series, commands);
    assertEquals(results.map(plan), READ.flatMap((plan) => deeds.map(() => plan)));
    for (const [i, name] of READ.entries()) {
      const [noRead, read, noCrowd, crowd] = results.slice(4 * i, 4 * i + 4).map(timed);
      assertEquals(read!.timed - noRead!.timed, 997, name);
      assertEquals(crowd!.timed + crowd!.lost - noCrowd!.timed, 2 * 67, name);
      // Of 67 calls that are under way together a kretprobe sees those return that it had room for.
      assertEquals([read!.lost, crowd!.lost > 0], [0, name === "kprobe"], name);
    }
  });
}
