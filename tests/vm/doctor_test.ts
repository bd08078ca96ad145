/** What `gimlet doctor` predicts is what the tools do, on every kernel, as it is and with things switched off. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { assertPredicted, PREDICT_AND_TRY } from "../predictions.ts";
import { type JsonRecord, ofType } from "../records.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, needsProgram("setpriv")];

/** A machine, and what is known of it from elsewhere. */
interface Machine {
  readonly kernel: KernelSeries;
  readonly append?: readonly string[];
  /** A shell script before the doctor comes. */
  readonly before?: string;
  /** Probe types that do not work there. Counters and breakpoints of the processor are QEMU's matter. */
  readonly not: readonly string[];
}

const KPROBES = ["kprobe", "kretprobe", "kprobe.multi"];

const MACHINES: Readonly<Record<string, Machine>> = {
  "5.10": { kernel: "5.10", not: ["kprobe.multi"] },
  "6.1": { kernel: "6.1", not: ["kprobe.multi"] },
  "6.12": { kernel: "6.12", not: [] },
  "7.2": { kernel: "7.2", not: [] },
  "6.12 with kprobes switched off": {
    kernel: "6.12",
    before: "echo 0 > /sys/kernel/debug/kprobes/enabled",
    not: KPROBES,
  },
  "6.12 without BTF": {
    kernel: "6.12",
    before: "mount -t tmpfs none /sys/kernel/btf",
    not: ["fentry", "fexit", "tp_btf", "iter"],
  },
};

const OF_THE_PROCESSOR = ["hardware", "watchpoint"];

for (const [name, machine] of Object.entries(MACHINES)) {
  test(`${name}: every tool does what the doctor predicts`, { needs }, async () => {
    const doctor = assertPredicted(await inMachine(machine));
    const refused = ofType(doctor, "probe_type").filter(({ usable }) => usable !== true)
      .map(({ name }) => String(name));
    assertEquals(refused.filter((type) => !OF_THE_PROCESSOR.includes(type)), machine.not);
  });
}

test("6.1, lockdown in mode confidentiality: every tool does what the doctor predicts", {
  needs,
}, async () => {
  const doctor = assertPredicted(
    await inMachine({ kernel: "6.1", append: ["lockdown=confidentiality"], not: [] }),
  );
  const [fact] = ofType(doctor, "fact").filter(({ name }) => name === "lockdown");
  assertEquals(fact?.value, "confidentiality");
  assertEquals(typeOf(doctor, "kprobe").code, "E_LOCKDOWN");
});

test("7.2: an unprivileged user is told what cannot be known, and why", { needs }, async () => {
  const as = 'exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"';
  const output = await inMachine({ kernel: "7.2", not: [] }, as);
  const doctor = assertPredicted(output);
  const kprobe = typeOf(doctor, "kprobe");
  assertEquals([kprobe.usable, kprobe.code], [null, "E_CAPABILITY"]);
  assertStringIncludes(String(kprobe.fix), "sudo");
  const [btf] = ofType(doctor, "fact").filter(({ name }) => name === "btf");
  assertEquals(btf?.known_by, "file");
});

function typeOf(doctor: readonly JsonRecord[], wanted: string): JsonRecord {
  return ofType(doctor, "probe_type").find(({ name }) => name === wanted)!;
}

/** Runs the doctor and all tools; gives what they wrote. */
async function inMachine(
  { kernel, append = [], before = ":" }: Machine,
  under = 'exec "$@"',
): Promise<string> {
  const installed = await debianKernel(kernel);
  const { status, stdout, stderr } = await runVm({
    kernel: installed.path,
    modules: installed.modulesFor(["virtio_pci", "virtio_blk"]),
    binary: BINARY,
    files: ["/bin/sh", "/bin/mount", "/usr/bin/setpriv"],
    disks: [{ size: 16 << 20, kind: "virtio" }],
    env: { PREDICT: PREDICT_AND_TRY, BEFORE: before, UNDER: under },
    kernelArguments: append,
    command: [
      "sh",
      "-e",
      "-c",
      'eval "$BEFORE"; sh -e -c "$UNDER" sh sh -e -c "$PREDICT" sh /gimlet',
    ],
    timeout: 600,
  });
  assertEquals(status, 0, stdout + stderr);
  return stdout;
}
