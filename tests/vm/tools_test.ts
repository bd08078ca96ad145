/** The tools on a kernel of a distribution, where kprobes exist: by the compiled binary, with a known workload. */

import { runVm, type VmOptions, type VmResult } from "../../cmd/vm/vm.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const needs = [qemu, binary, gcc];
/** Three tasks; the shell's own number goes to stderr. */
const TASKS = "echo $$ >&2; for i in 1 2 3; do /bin/true; done";
/** Between the output of two runs. */
const BETWEEN = "----";

/** Runs gimlet in a machine with Debian's 6.1 kernel. */
async function gimletIn(
  args: readonly string[],
  options: Partial<VmOptions> = {},
): Promise<VmResult> {
  const kernel = await debianKernel("6.1");
  return await runVm({
    kernel: kernel.path,
    modules: kernel.modulesFor(["virtio_pci", "virtio_blk"]),
    binary: BINARY,
    files: ["/bin/sh", "/bin/true", "/bin/dd", {
      source: await workload("calls"),
      target: "/bin/calls",
    }],
    timeout: 300,
    command: ["/gimlet", ...args],
    ...options,
  });
}

const PLANS = ["kprobe", "raw_syscalls", "tracepoint", "tp_btf"];

test("6.1: hello_perf_output prints three exact events, by each plan", { needs }, async (t) => {
  const commands = PLANS.map((plan) => {
    const asked = plan === "kprobe" ? "" : `--plan ${plan}`; // kprobe is what it chooses by itself
    return `/gimlet hello_perf_output --json --comm sh --max-events 3 ${asked} -- sh -c '${TASKS}'`;
  });
  const { status, stdout, stderr } = await gimletIn([], {
    command: ["sh", "-e", "-c", commands.join(`; echo ${BETWEEN}; `)],
  });
  assertEquals(status, 0);
  const pids = stderr.trim().split("\n").map(Number);
  const outputs = stdout.split(`${BETWEEN}\n`);
  for (const [i, plan] of PLANS.entries()) {
    await t.step(`plan ${plan}`, () => {
      const records = jsonRecords(outputs[i]!);
      assertEquals(ofType(records, "header")[0]!.plan, plan);
      const events = ofType(records, "event").map(({ pid, tgid, comm }) => [pid, tgid, comm]);
      assertEquals(events, Array(3).fill([pids[i], pids[i], "sh"]));
    });
  }
});

test("6.1: hello_world prints the kernel's own lines by kprobe", { needs }, async () => {
  const { status, stdout, stderr } = await gimletIn([
    ...["hello_world", "-v", "--comm", "sh", "--", "sh", "-c", TASKS],
  ]);
  assertStringIncludes(stderr, "gimlet: plan kprobe, kernel 6.1.");
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 3, stdout);
  for (const line of lines) {
    assertMatch(
      line,
      /^ +(sh|<\.\.\.>)-\d+ +\[\d{3}\] \S+ +\d+\.\d{6}: bpf_trace_printk: Hello, World!$/,
    );
  }
  assertEquals(status, 0);
});

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** The disks of the machine, the first as `/dev/disk0`. */
const DISKS = ["nvme", "virtio"] as const;

test(
  "6.1: bitehist shows exactly what dd writes to a disk, by each plan",
  { needs },
  async (t) => {
    const trials = DISKS.flatMap((kind, i) =>
      ["kprobe", "tp_btf", "tracepoint"].map((plan) => ({ kind, disk: `/dev/disk${i}`, plan }))
    );
    // 128 KiB: no disk of these has a smaller limit, so each write is one request.
    const commands = trials.map(({ disk, plan }) =>
      `/gimlet bitehist --json --plan ${plan} -- dd if=/dev/zero of=${disk} bs=128k count=61 oflag=direct status=none`
    );
    const { status, stdout, stderr } = await gimletIn([], {
      command: ["sh", "-e", "-c", commands.join(`; echo ${BETWEEN}; `)],
      disks: DISKS.map((kind) => ({ size: 64 << 20, kind })),
    });
    assertEquals([status, stderr], [0, ""]);
    const outputs = stdout.split(`${BETWEEN}\n`);
    for (const [i, { kind, plan }] of trials.entries()) {
      await t.step(`${kind}, plan ${plan}`, () => {
        const [log2, linear] = ofType(jsonRecords(outputs[i]!), "hist");
        const used = (hist: Bucket[]) => hist.filter(({ count }) => count > 0);
        assertEquals(used(log2!.buckets as Bucket[]), [{ low: 128, high: 255, count: 61 }]);
        assertEquals(used(linear!.buckets as Bucket[]).map(({ count }) => count), [61]);
      });
    }
  },
);

test("6.1: strlen_count counts exactly", { needs }, async () => {
  const { status, stdout } = await gimletIn([
    "strlen_count",
    "--",
    "/bin/calls",
    "strlen",
    "1000",
    "gimlet",
  ]);
  assertStringIncludes(stdout, '\n      1000 "gimlet"\n');
  assertEquals(status, 0);
});

test("6.1: without libbpf.so.1 the error says how to get it", { needs }, async () => {
  const { status, stderr } = await gimletIn(["hello_world"], { libraries: [] });
  assertStringIncludes(stderr, "gimlet: Cannot open libbpf: libbpf.so.1 is not installed\n");
  assertEquals(status, 7);
});
