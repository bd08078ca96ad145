/** What `gimlet doctor` says of this machine, as root, without rights and with things hidden; and that it is so. */

import { census } from "../../ffi/bpf/census.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { BINARY, type Finished, gimlet, inOwnMounts, workload } from "../gimlet.ts";
import { leftBehind, NOTHING } from "../left_behind.ts";
import { assertPredicted, PREDICT_AND_TRY } from "../predictions.ts";
import { type JsonRecord, jsonRecords, ofType } from "../records.ts";
import { binary, capabilities, gcc, needsProgram, root, test } from "../support.ts";

const needs = [root, capabilities, binary, needsProgram("setpriv"), needsProgram("prlimit")];

/** As nobody, and where nobody may run it. */
const AS_NOBODY = `mount -t tmpfs none /mnt; chmod 755 /mnt; cp "$1" /mnt/gimlet; shift
  cd /; exec setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/gimlet "$@"`;

async function doctor(under: string): Promise<JsonRecord[]> {
  const { status, stdout, stderr } = await inOwnMounts(under, [BINARY, "doctor", "--json"]);
  assertEquals([status, stderr], [0, ""]);
  return jsonRecords(stdout);
}

function find(records: readonly JsonRecord[], type: string, wanted: string): JsonRecord {
  const found = ofType(records, type).find(({ name, tool }) => (name ?? tool) === wanted);
  assert(found !== undefined, wanted);
  return found;
}

test("every tool does what the doctor predicts", { needs }, async () => {
  assertPredicted(done(await inOwnMounts(PREDICT_AND_TRY, [BINARY])));
});

/** Faults, and the scripts that make them; each is told, and no prediction is wrong because of it. */
const FAULTS: Readonly<Record<string, string>> = {
  "no BTF": "mount -t tmpfs none /sys/kernel/btf",
  "no probes at all": "mount -t tmpfs none /sys/bus/event_source/devices; umount -a -t tracefs",
  "tracing switched off": `echo 0 > /sys/kernel/tracing/tracing_on
    trap 'echo 1 > /sys/kernel/tracing/tracing_on' EXIT`,
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`${name}: every tool does what the doctor predicts`, { needs }, async () => {
    assertPredicted(done(await inOwnMounts(`${fault}\n${PREDICT_AND_TRY}`, [BINARY])));
  });
}

function done({ status, stdout, stderr }: Finished): string {
  assertEquals(status, 0, stderr);
  return stdout;
}

test("it leaves nothing behind", { needs, sanitizeResources: false }, async () => {
  const before = census();
  const { status } = await gimlet(["doctor"]);
  assertEquals(status, 0);
  assertEquals(await leftBehind(before), NOTHING);
});

test("each no has a reason and something that helps", { needs }, async () => {
  const records = await doctor('exec "$@"');
  for (const { name, usable, reason, fix } of ofType(records, "probe_type")) {
    if (usable !== true) assert(reason !== null && fix !== null, String(name));
  }
  for (const { tool, usable, reason, fix } of ofType(records, "verdict")) {
    if (usable !== true) assert(reason !== null && fix !== null, String(tool));
  }
  for (const { name, available, fix } of ofType(records, "feature")) {
    assertEquals(fix !== null, available === false, String(name));
  }
  for (const { name, value, source } of ofType(records, "fact")) {
    assert(value !== null || source !== "", String(name));
  }
});

test("what is known by BTF and by an attempt agrees with what the library does", {
  needs,
}, async () => {
  const records = await doctor('exec "$@"');
  for (const [kind, name] of [["map_type", "ringbuf"], ["program_type", "tracing"]] as const) {
    const feature = ofType(records, "feature")
      .find((each) => each.kind === kind && each.name === name);
    assertEquals([feature?.available, feature?.known_by], [true, "attempt"], name);
  }
  const helper = (wanted: string) =>
    ofType(records, "feature").find(({ kind, name }) => kind === "helper" && name === wanted);
  assertEquals(helper("get_current_pid_tgid")?.available, true);
  assertEquals(helper("xdp_adjust_head")?.available, false);
});

test("without BTF, libbpf's names are tried", { needs }, async () => {
  const records = await doctor('mount -t tmpfs none /sys/kernel/btf; exec "$@"');
  const features = ofType(records, "feature").filter(({ kind }) => kind === "map_type");
  assertEquals(features.find(({ name }) => name === "ringbuf")?.available, true);
  assertEquals(features.find(({ name }) => name === "hash")?.known_by, "attempt");
});

test("without rights it says what cannot be known, and why", { needs }, async () => {
  const records = await doctor(AS_NOBODY);
  const kprobe = find(records, "probe_type", "tracepoint");
  assertEquals([kprobe.usable, kprobe.known_by, kprobe.code], [null, "nothing", "E_CAPABILITY"]);
  assertStringIncludes(String(kprobe.fix), "sudo");
  const tool = find(records, "verdict", "bitehist");
  assertEquals([tool.usable, tool.plan, tool.code], [false, null, "E_CAPABILITY"]);
  assertMatch(String(find(records, "fact", "btf").value), /^\d+ bytes$/);
  assertEquals(find(records, "feature", "ringbuf").available, null);
  assertEquals(ofType(records, "feature").some(({ known_by }) => known_by === "attempt"), false);
});

test("without /sys it goes on, and says what is missing", { needs }, async () => {
  const records = await doctor('mount -t tmpfs none /sys; exec "$@"');
  const btf = find(records, "fact", "btf");
  assertEquals([btf.value, btf.known_by], [null, "nothing"]);
  assertStringIncludes(String(btf.fix), "CONFIG_DEBUG_INFO_BTF=y");
  assertEquals(find(records, "probe_type", "fentry").code, "E_NO_BTF");
  assertEquals(find(records, "verdict", "hello_world").usable, false);
});

test("without tracefs and the right to mount it, tracepoints by BTF remain", {
  needs,
}, async () => {
  const set = "-sys_admin";
  const records = await doctor(
    `umount -a -t tracefs; exec setpriv --bounding-set=${set} --inh-caps=${set} "$@"`,
  );
  assertEquals(find(records, "probe_type", "tracepoint").code, "E_NO_TRACEFS");
  assertEquals(find(records, "probe_type", "tp_btf").usable, true);
  const tool = find(records, "verdict", "hello_world");
  assertEquals([tool.usable, tool.code], [false, "E_NO_TRACEFS"]);
  assertEquals(find(records, "verdict", "task_switch").plan, "tp_btf");
});

test("a seccomp filter without bpf() is told, and nothing is taken for absent", {
  needs: [...needs, gcc],
}, async () => {
  const records = await doctor(`exec ${await workload("seccomp")} bpf 1 "$@"`);
  assertEquals(find(records, "fact", "seccomp").value, "filtered");
  assertEquals(find(records, "probe_type", "tracepoint").code, "E_PERMISSION");
  assertEquals(find(records, "feature", "hash").available, null);
  const tool = find(records, "verdict", "hello_perf_output");
  assertStringIncludes(String(tool.reason), "a seccomp filter");
  assertStringIncludes(String(tool.fix), "seccomp=unconfined");
});

test("root of a user namespace is told so", { needs }, async () => {
  const records = await doctor('exec unshare --user --map-root-user "$@"');
  assertEquals(find(records, "fact", "user_namespace").value, "its own");
  assertStringIncludes(
    String(find(records, "verdict", "hello_perf_output").reason),
    "root in its own user namespace only",
  );
});

test("tracing that is switched off stands against the tools that read trace_pipe", {
  needs,
}, async () => {
  const records = await doctor(
    `${FAULTS["tracing switched off"]}\n"$@"`,
  );
  assertEquals(find(records, "verdict", "hello_world").code, "E_TRACING_OFF");
  assertEquals(find(records, "verdict", "hello_perf_output").usable, true);
});

test("a libbpf that is missing stands against everything", { needs }, async () => {
  const records = await doctor('GIMLET_LIBBPF=/no/libbpf.so.1 exec "$@"');
  const libbpf = find(records, "fact", "libbpf");
  assertEquals([libbpf.value, libbpf.known_by], [null, "nothing"]);
  assertEquals(find(records, "verdict", "bitehist").code, "E_NO_LIBBPF");
});

test("the report can be pasted: Markdown without colours, and with all names", {
  needs,
}, async () => {
  const { status, stdout } = await gimlet(["doctor", "--report"]);
  assertEquals(status, 0);
  const lines = stdout.trimEnd().split("\n");
  assertEquals([lines[0], lines.at(-1)], ["```text", "```"]);
  assertEquals(stdout.includes("\x1b"), false);
  for (const text of ["bitehist", "tp_btf", "ringbuf", "get_current_pid_tgid", "CONFIG_KPROBES"]) {
    assertStringIncludes(stdout, text);
  }
});
