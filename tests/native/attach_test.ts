/** Every place that programs attach to, on this machine's kernel: exact, or refused for the reason that there is. */

import {
  BpfError,
  enableStats,
  libbpfVersion,
  type LoadedObject,
  openObject,
  openPinnedLink,
} from "../../mod.ts";
import { readLockdown } from "../../ffi/host/lockdown.ts";
import { exists } from "../../ffi/host/files.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import { type Lab, type Need, outcomeOf, TRIALS } from "../attach/trials.ts";
import { run, workload } from "../gimlet.ts";
import { gcc, root, test } from "../support.ts";
import { attach } from "../workload/attach/attach.gen.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const needs = [root, gcc];

/** A cgroup2 file system and a bpffs of its own. */
async function laboratory(): Promise<Lab & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-attach-" });
  const mounts = { cgroups: ["cgroup2", `${folder}/cgroups`], pins: ["bpf", `${folder}/pins`] };
  for (const [type, path] of Object.values(mounts)) {
    await Deno.mkdir(path!);
    await succeed(["mount", "-t", type!, type!, path!]);
  }
  return {
    calls: await workload("calls"),
    waiter: await workload("waiter"),
    cgroups: mounts.cgroups[1]!,
    pins: mounts.pins[1]!,
    async [Symbol.asyncDispose]() {
      for (const [, path] of Object.values(mounts)) await succeed(["umount", path!]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function succeed(words: readonly string[]): Promise<void> {
  const { status, stderr } = await run(words);
  assertEquals(status, 0, `${words.join(" ")}: ${stderr}`);
}

/** What the kernel says itself of what it has. */
async function kernelHas(symbol: string): Promise<boolean> {
  return new RegExp(` ${symbol}$`, "m").test(await Deno.readTextFile("/proc/kallsyms"));
}

/** The code of the refusal where this machine lacks what a trial needs; `undefined` where it has it. */
const REFUSALS: Readonly<Record<Need, () => Promise<string | undefined> | string | undefined>> = {
  "kprobes": () => exists("/sys/bus/event_source/devices/kprobe/type") ? undefined : "E_NO_KPROBES",
  "kprobe.multi": async () => await kernelHas("register_fprobe_ips") ? undefined : "E_UNSUPPORTED",
  "patterns": async () =>
    isFunctionListRefused() ? "E_PERMISSION" : await REFUSALS["kprobe.multi"](),
  "uprobe.multi": async () =>
    await kernelHas("bpf_uprobe_multi_link_attach") ? undefined : "E_UNSUPPORTED",
  "trampolines": () => isLockedDown() ? "E_PERMISSION" : undefined,
  "lsm": () => isLockedDown() ? "E_PERMISSION" : undefined,
  "tcx": async () => await kernelHas("tcx_link_attach") ? undefined : "E_UNSUPPORTED",
  "raw_tp cookies": () => hasLibbpf(1, 4) ? undefined : "E_UNSUPPORTED",
  "hardware counters": () =>
    exists("/sys/bus/event_source/devices/cpu/type") ? undefined : "E_NO_PROBE",
};

function isLockedDown(): boolean {
  return (readLockdown() ?? "none") !== "none";
}

/** libbpf reads the list from 1.4 on; some kernels show it to nobody. */
function isFunctionListRefused(): boolean {
  if (!hasLibbpf(1, 4)) return false;
  try {
    Deno.openSync(`${tracefsPath()}/available_filter_functions`).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}

function hasLibbpf(major: number, minor: number): boolean {
  const [, here, minorHere] = /^v(\d+)\.(\d+)/.exec(libbpfVersion()!)!.map(Number);
  return here! > major || (here === major && minorHere! >= minor);
}

for (const trial of TRIALS) {
  test(`attaching: ${trial.name}`, { needs }, async () => {
    await using lab = await laboratory();
    const before = await ownLinks();
    const outcome = await outcomeOf(trial, lab);
    const refusal = trial.needs === undefined ? undefined : await REFUSALS[trial.needs]();
    if (refusal === undefined) assertEquals(outcome, { name: trial.name, found: trial.expected });
    else assertEquals("code" in outcome ? outcome.code : outcome, refusal);
    assertEquals(await ownLinks(), before);
  });
}

/** The descriptors of this process that are links, perf events, programs and maps: what others hold is not looked at. */
async function ownLinks(): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    const target = await Deno.readLink(`/proc/self/fd/${name}`).catch(() => "");
    if (/bpf|perf_event/.test(target)) count++;
  }
  return count;
}

type Object = LoadedObject<typeof attach>;

function loaded(...programs: (keyof typeof attach.programs)[]): Object {
  return openObject(attach).loadOnly(new Set(programs)).setGlobal("gimlet_armed", true).load();
}

/** What was thrown, which must be a BpfError. */
function refusal(action: () => unknown): BpfError {
  return assertThrows(action, BpfError);
}

test("a program of a closed object refuses everything", { needs }, () => {
  const object = loaded("on_tracepoint");
  const program = object.program("on_tracepoint");
  const link = program.attach();
  object[Symbol.dispose]();
  const actions: readonly (() => unknown)[] = [
    () => program.fd,
    () => program.section,
    () => program.attach(),
    () => program.attachKprobe("vfs_read"),
    () => program.attachKprobeMulti({ symbols: ["vfs_read"] }),
    () => program.attachKsyscall("read"),
    () => program.attachTracepoint("syscalls", "sys_enter_getpgid"),
    () => program.attachRawTracepoint("sys_enter"),
    () => program.attachTrace(),
    () => program.attachLsm(),
    () => program.attachUprobe({ path: "/bin/sh", offset: 0 }),
    () => program.attachUsdt({ path: "/bin/sh", provider: "a", name: "b" }),
    () => program.attachPerfEvent({ event: "cpu-clock", frequency: 1 }),
    () => program.attachIterator(),
    () => program.iterate(),
    () => program.attachSocket(0),
    () => program.attachXdp("lo"),
    () => program.attachTcx("lo", "ingress"),
    () => program.attachTc("lo", { direction: "ingress" }),
    () => program.attachCgroup("/"),
    () => program.attachNetns("/proc/self/ns/net"),
    () => program.attachFreplace(),
    () => program.testRun(),
    () => program.info(),
    () => program.stats(),
    () => link.fd,
    () => link.info(),
    () => link.disconnect(),
    () => link.pin("/sys/fs/bpf/gimlet-never"),
  ];
  for (const action of actions) assertEquals(refusal(action).code, "E_CLOSED", String(action));
  link[Symbol.dispose](); // twice is safe
});

test(
  "closing an object detaches, also while a link is being detached elsewhere",
  { needs },
  async () => {
    const path = await workload("waiter");
    const before = await ownLinks();
    const object = loaded("on_usdt");
    const program = object.program("on_usdt");
    const target = { path, provider: "node", name: "http__server__request" };
    const first = program.attachUsdt(target);
    const second = program.attachUsdt(target);
    const detached = first.detach();
    object[Symbol.dispose]();
    await detached;
    await second.detach(); // it is gone already
    assertEquals(await ownLinks(), before);
  },
);

test("a link that was left stays until its process ends", { needs }, async () => {
  const calls = await workload("calls");
  const script = `
    import { openObject } from "./mod.ts";
    import { attach } from "./tests/workload/attach/attach.gen.ts";
    const object = openObject(attach).loadOnly(new Set(["on_tracepoint"]))
      .setGlobal("gimlet_comm", "calls").setGlobal("gimlet_armed", true).load();
    object.program("on_tracepoint").attach().disconnect();
    await new Deno.Command(${JSON.stringify(calls)}, { args: ["getpgid", "7"] }).output();
    console.log(object.global("hits"));`;
  const { stdout, stderr } = await run([Deno.execPath(), "eval", "--quiet", script], { cwd: ROOT });
  assertEquals([stdout, stderr], ["7n\n", ""]);
});

test("a program that was left out of loading cannot be used, and says so", { needs }, () => {
  using object = loaded("on_tracepoint");
  const program = object.program("on_xdp");
  assertEquals(program.section, "xdp");
  for (const action of [() => program.fd, () => program.attachXdp("lo"), () => program.attach()]) {
    assertStringIncludes(refusal(action).message, "left out when its object was loaded");
  }
});

test("what is not there is said to be not there", { needs }, () => {
  using object = loaded("on_tracepoint", "on_raw_tracepoint", "on_uprobe", "on_xdp", "on_cgroup");
  const tracepoint = object.program("on_tracepoint");
  const raw = object.program("on_raw_tracepoint");
  const uprobe = object.program("on_uprobe");
  const refusals = [
    refusal(() => tracepoint.attachTracepoint("syscalls", "sys_enter_nothing")),
    refusal(() => raw.attachRawTracepoint("nothing")),
    refusal(() => uprobe.attachUprobe({ path: "/bin/sh", symbol: "no_such_function" })),
    refusal(() => object.program("on_xdp").attachXdp("nothing0")),
    refusal(() => object.program("on_cgroup").attachCgroup("/no/such/cgroup")),
  ];
  assertEquals(refusals.map(({ code }) => code), Array(5).fill("E_NO_PROBE"));
  for (const { cause } of refusals) {
    assertMatch(cause, /nothing|no such|no_such|of that name|ENOENT/);
  }
});

test("a section that does not say where is answered by what to call", { needs }, () => {
  using object = loaded("on_kprobe", "on_xdp", "on_tc", "on_uprobe", "on_perf_event", "on_cgroup");
  const hints =
    (["on_kprobe", "on_xdp", "on_tc", "on_uprobe", "on_perf_event", "on_cgroup"] as const)
      .map((name) => refusal(() => object.program(name).attach()).hint?.match(/attach\w+/)?.[0]);
  assertEquals(hints, [
    "attachKprobe",
    "attachXdp",
    "attachTc",
    "attachUprobe",
    "attachPerfEvent",
    "attachCgroup",
  ]);
});

test("several perf events are no single link, and a frequency excludes a period", { needs }, () => {
  using object = loaded("on_perf_event");
  const program = object.program("on_perf_event");
  assertThrows(
    () => program.attachPerfEvent({ event: "cpu-clock", frequency: 9, period: 9n }),
    TypeError,
  );
  using link = program.attachPerfEvent({ event: "dummy" });
  if (navigator.hardwareConcurrency > 1) {
    assertEquals(refusal(() => link.fd).code, "E_UNSUPPORTED");
  }
  using one = program.attachPerfEvent({ event: "cpu-clock", frequency: 1, cpu: 0 });
  assert(one.fd > 2);
});

test("test runs: what has none, and input that does not fit", { needs }, () => {
  using object = loaded("on_tracepoint", "on_xdp");
  const none = refusal(() => object.program("on_tracepoint").testRun());
  assertEquals(none.code, "E_UNSUPPORTED");
  const short = refusal(() => object.program("on_xdp").testRun({ data: new Uint8Array(3) }));
  assertEquals(short.code, "E_READ");
  assertStringIncludes(short.hint!, "at least 14 bytes");
});

test("before loading: a target or attach type that there is not", { needs }, () => {
  using object = openObject(attach);
  const target = refusal(() => object.setAttachTarget("on_fexit", "no_such_function"));
  assertEquals(target.code, "E_NO_PROBE");
  assertThrows(
    () => object.setExpectedAttachType("on_fexit", "nothing"),
    RangeError,
    "trace_fexit",
  );
});

test(
  "a pinned link is opened by its path, and nothing else is pinned or opened",
  { needs },
  async () => {
    await using lab = await laboratory();
    using object = loaded("on_cgroup");
    assertEquals(refusal(() => openPinnedLink(`${lab.pins}/nothing`)).code, "E_ATTACH");
    const path = `${lab.pins}/link`;
    using link = object.program("on_cgroup").attachCgroup(lab.cgroups).pin(path);
    const { id } = link.info();
    using again = openPinnedLink(path);
    assertEquals(again.info().id, id);
    link.unpin().unpin();
    assert(!exists(path));
    object.map("numbers").pin(`${lab.pins}/map`);
    assertStringIncludes(refusal(() => openPinnedLink(`${lab.pins}/map`)).cause, "is no link");
    const elsewhere = refusal(() => link.pin("/tmp/gimlet-no-bpffs"));
    assertStringIncludes(elsewhere.hint!, "mount -t bpf");
  },
);

test("counting runs can be switched on twice and off", { needs }, () => {
  const first = enableStats();
  using second = enableStats();
  first[Symbol.dispose]();
  assert(second);
});
