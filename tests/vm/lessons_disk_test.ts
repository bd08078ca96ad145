/** The disk lessons on the kernels of distributions, with disks that nobody else uses: exact counts. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { type JsonRecord, jsonRecords, ofType } from "../records.ts";
import { binary, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary];
const WRITES = 61;
const READS = 67;

/** 128 KiB: no disk of these has a smaller limit, so each write is one request. The flush at the end is one as well. */
function workload(disk: string): string {
  return `dd if=/dev/zero of=${disk} bs=128k count=${WRITES} oflag=direct conv=fsync status=none && ` +
    `dd if=${disk} of=/dev/null bs=4k count=${READS} iflag=direct status=none`;
}

/** Its requests, in their order. */
const EXPECTED = [
  ...Array.from({ length: WRITES }, (_, i) => ["W", 131072, 256 * i]),
  ["M", 0, 0],
  ...Array.from({ length: READS }, (_, i) => ["R", 4096, 8 * i]),
];

/** gimlet's arguments, and the disk that it looks at. */
type Run = readonly [disk: string, ...args: string[]];

interface Result {
  readonly name: string;
  readonly records: readonly JsonRecord[];
  readonly plan: unknown;
}

const NVME = "/dev/disk0";
const VIRTIO = "/dev/disk1";

/** Runs gimlet several times in one machine, each time with the workload. */
async function runAll(series: KernelSeries, runs: readonly Run[]) {
  const kernel = await debianKernel(series);
  const lines = runs.map(([disk, ...args]) =>
    `/gimlet ${args.join(" ")} --json -- sh -c '${workload(disk)}'`
  );
  const { status, stdout, stderr } = await runVm({
    kernel: kernel.path,
    modules: kernel.modulesFor(["virtio_pci", "virtio_blk"]),
    binary: BINARY,
    files: ["/bin/sh", "/bin/dd"],
    command: ["sh", "-e", "-c", lines.join("\n")],
    disks: [{ size: 64 << 20, kind: "nvme" }, { size: 64 << 20, kind: "virtio" }],
    timeout: 240,
  });
  assertEquals(status, 0, stderr);
  const outputs = stdout.split(/^(?=\{"type":"header")/m).map(jsonRecords);
  assertEquals(outputs.length, runs.length);
  const results = outputs.map((records, i): Result => ({
    name: `${series}: ${runs[i]!.join(" ")}`,
    records,
    plan: ofType(records, "header")[0]!.plan,
  }));
  return { results, stderr };
}

function assertEvents({ name, records }: Result): void {
  const events = ofType(records, "event");
  assertEquals(events.map(({ op, bytes, sector }) => [op, bytes, sector]), EXPECTED, name);
  assertEquals(new Set(events.map(({ dev }) => dev)).size, 1);
  // dd waits for each before it makes the next. The clocks of two CPUs of a machine that has just started may differ by more than
  // what lies between two of them, not by what lies between all.
  const times = events.map(({ ts, latency_ns }) => ({ end: Number(ts), took: Number(latency_ns) }));
  const [first, last] = [times[0]!, times.at(-1)!];
  const all = times.reduce((sum, { took }) => sum + took, 0);
  const passed = last.end - (first.end - first.took);
  assert(all <= passed, `${name}: the requests took ${all} ns, of ${passed} that passed`);
  assertEquals(ofType(records, "summary")[0]!.lost, 0);
}

interface Bucket {
  readonly low: number;
  readonly count: number;
}

function used({ records }: Result): Bucket[] {
  const [hist] = ofType(records, "hist");
  return (hist!.buckets as Bucket[]).filter(({ count }) => count > 0);
}

function assertLatencies(result: Result): void {
  const counted = used(result).reduce((sum, { count }) => sum + count, 0);
  assertEquals(counted, EXPECTED.length, result.name);
}

function assertSizes(result: Result): void {
  const sizes = used(result).map(({ low, count }) => [low, count]);
  assertEquals(sizes, [[4, READS], [128, WRITES]], result.name);
}

test("6.1: every plan of the disk lessons sees each request once", { needs }, async () => {
  const disks = [NVME, VIRTIO];
  const withPlan = (tool: string, plans: string[]) =>
    disks.flatMap((disk) => plans.map((plan): Run => [disk, tool, "--plan", plan]));
  const snoops = [
    ...withPlan("disksnoop", ["tp_btf", "tracepoint"]),
    ...withPlan("disksnoop_fixed", ["tracepoint"]),
    [VIRTIO, "disksnoop", "--plan", "kprobe_end"] as const,
  ];
  const latencies = withPlan("disklatency", ["tp_btf", "tracepoint"]);
  const sizes = withPlan("bitehist", ["kprobe", "tp_btf", "tracepoint"]);
  const { results, stderr } = await runAll("6.1", [...snoops, ...latencies, ...sizes]);
  results.splice(0, snoops.length).forEach(assertEvents);
  results.splice(0, latencies.length).forEach(assertLatencies);
  results.forEach(assertSizes);
  assertEquals(
    stderr,
    "gimlet: plan kprobe_end misses what disks complete in batches: on NVMe, most requests\n",
  );
});

test("6.1: on NVMe, plan kprobe_end misses requests, and shows none that is wrong", {
  needs,
}, async () => {
  const { results: [result] } = await runAll("6.1", [[NVME, "disksnoop", "--plan", "kprobe_end"]]);
  const events = ofType(result!.records, "event");
  assert(events.length < EXPECTED.length, String(events.length));
  const expected = EXPECTED.map(String);
  for (const { op, bytes, sector } of events) {
    assert(expected.includes(String([op, bytes, sector])));
  }
  const [lost] = ofType(result!.records, "lost");
  assertEquals(lost!.reason, "return_missed");
});

test("6.1: plan kprobe says why it cannot be used", { needs }, async () => {
  const kernel = await debianKernel("6.1");
  const { status, stderr } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    command: ["/gimlet", "disksnoop", "--plan", "kprobe"],
  });
  assertEquals(status, 4);
  assertStringIncludes(
    stderr,
    "the kernel has no kprobe:__blk_account_io_done, " +
      "and kprobe:blk_account_io_done is there, but cannot be probed (EINVAL)",
  );
});

for (const [series, plan] of [["5.10", "kprobe"], ["6.12", "tp_btf"], ["7.2", "tp_btf"]] as const) {
  test(
    `${series}: the disk lessons see each request once, by plan ${plan}`,
    { needs },
    async () => {
      const { results: [snoop, fixed, latency, sizes] } = await runAll(series, [
        [NVME, "disksnoop"],
        [VIRTIO, "disksnoop_fixed"],
        [VIRTIO, "disklatency", "--unit", "usecs"],
        [NVME, "bitehist"],
      ]);
      assertEvents(snoop!);
      assertEvents(fixed!);
      assertLatencies(latency!);
      assertSizes(sizes!);
      assertEquals([snoop, fixed, latency, sizes].map((result) => result!.plan), [
        plan,
        "tracepoint",
        plan,
        "kprobe",
      ]);
    },
  );
}
