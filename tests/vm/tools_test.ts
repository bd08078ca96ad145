/** The tools on a kernel of a distribution, where kprobes exist: by the compiled binary, with a known workload. */

import { runVm, type VmOptions, type VmResult } from "../../cmd/vm/vm.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel } from "./kernels.ts";

const needs = [qemu, binary, gcc];
const THREE_TASKS = ["sh", "-c", "echo $$ >&2; for i in 1 2 3; do /bin/true; done"];

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
    command: ["/gimlet", ...args],
    ...options,
  });
}

for (const plan of ["kprobe", "raw_syscalls", "tracepoint", "tp_btf"]) {
  test(`6.1: hello_perf_output prints three exact events (plan ${plan})`, { needs }, async () => {
    const asked = plan === "kprobe" ? [] : ["--plan", plan]; // kprobe is what it chooses by itself
    const { status, stdout, stderr } = await gimletIn([
      ...["hello_perf_output", "--json", "--comm", "sh", "--max-events", "3", ...asked],
      ...["--", ...THREE_TASKS],
    ]);
    const records = jsonRecords(stdout);
    assertEquals(ofType(records, "header")[0]!.plan, plan);
    const pid = Number(stderr.trim());
    const events = ofType(records, "event").map(({ pid, tgid, comm }) => [pid, tgid, comm]);
    assertEquals(events, Array(3).fill([pid, pid, "sh"]));
    assertEquals(status, 0);
  });
}

test("6.1: hello_world prints the kernel's own lines by kprobe", { needs }, async () => {
  const { status, stdout, stderr } = await gimletIn([
    ...["hello_world", "-v", "--comm", "sh", "--", ...THREE_TASKS],
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

for (const kind of ["virtio", "nvme"] as const) {
  for (const plan of ["kprobe", "tp_btf", "tracepoint"]) {
    test(
      `6.1: bitehist shows exactly what dd writes to a ${kind} disk (plan ${plan})`,
      { needs },
      async () => {
        // 128 KiB: no disk of these has a smaller limit, so each write is one request.
        const dd = [
          "dd",
          "if=/dev/zero",
          "of=/dev/disk0",
          "bs=128k",
          "count=61",
          "oflag=direct",
          "status=none",
        ];
        const { status, stdout, stderr } = await gimletIn(
          ["bitehist", "--json", "--plan", plan, "--", ...dd],
          { disks: [{ size: 64 << 20, kind }] },
        );
        assertEquals([status, stderr], [0, ""]);
        const [log2, linear] = ofType(jsonRecords(stdout), "hist");
        const used = (hist: Bucket[]) => hist.filter(({ count }) => count > 0);
        assertEquals(used(log2!.buckets as Bucket[]), [{ low: 128, high: 255, count: 61 }]);
        assertEquals(used(linear!.buckets as Bucket[]).map(({ count }) => count), [61]);
      },
    );
  }
}

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
