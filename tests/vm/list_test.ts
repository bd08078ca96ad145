/** What can be traced on kernels of distributions, compared with their own bpftrace; and why something cannot. */

import { runVm } from "../../cmd/vm/vm.ts";
import { findUserFile } from "../../ffi/probes/user_function.ts";
import { assert, assertEquals } from "../assert.ts";
import { BINARY } from "../gimlet.ts";
import { jsonRecords } from "../records.ts";
import { binary, needsProgram, qemu, test } from "../support.ts";
import { bpftraceFor } from "./debian_bpftrace.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, needsProgram("bpftrace"), needsProgram("bash")];

/** C++'s library, which has static probes, at the same place for both: the bpftrace of another Debian has a root of its own. */
const LIBRARY = "/traced/libcxx.so";

/** Runs bpftrace and gimlet with each pattern; gives the lines of both. */
async function lists(
  series: KernelSeries,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, { theirs: string[]; ours: string[]; blacklist: Set<string> }>> {
  const kernel = await debianKernel(series);
  const { files, prepare, call } = await bpftraceFor(series);
  const each = patterns.map((pattern) =>
    `echo "=== ${pattern}"; ${call} -l '${pattern}'; echo "--- ours"; /gimlet -l '${pattern}'`
  );
  const script = [
    prepare,
    "if [ -d /bt ]; then mkdir -p /bt/traced && cp -L /traced/* /bt/traced; fi",
    ...each,
    "echo '=== blacklist'; cat /sys/kernel/debug/kprobes/blacklist",
  ].join("\n");
  const { stdout, stderr, status } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    memory: 3072,
    timeout: 600,
    files: [
      ...["/bin/sh", "/bin/bash", "/bin/cat", "/bin/cp", "/bin/mkdir", ...files],
      { source: findUserFile("stdc++"), target: LIBRARY },
    ],
    command: ["/bin/bash", "-c", script],
  });
  assertEquals(status, 0, stderr);
  const parts = stdout.split(/^=== /m).slice(1).map((part) => {
    const [head = "", ...lines] = part.split("\n");
    return [head, lines.filter((line) => line !== "")] as const;
  });
  const black = new Set(
    parts.find(([head]) => head === "blacklist")?.[1].map((line) => line.split(/\s/)[1]!) ?? [],
  );
  return new Map(patterns.map((pattern) => {
    const lines = parts.find(([head]) => head === pattern)?.[1] ?? [];
    const middle = lines.indexOf("--- ours");
    assert(middle >= 0, `no list of ${pattern}: ${stdout.slice(0, 400)}${stderr.slice(0, 400)}`);
    return [pattern, {
      theirs: lines.slice(0, middle),
      ours: lines.slice(middle + 1),
      blacklist: black,
    }];
  }));
}

/** The same set, on every kernel and with every bpftrace. */
const EQUAL = [
  ...["tracepoint:*", "tracepoint:block:*,tracepoint:sched:*", "uprobe:/usr/bin/bash:*"],
  ...[`uprobe:${LIBRARY}:__cxa*`, `usdt:${LIBRARY}:*`, `usdt:${LIBRARY}:libstdcxx:*throw`],
];
/** bpftrace 0.17 prints these patterns as they are, and has two iterators only. */
const EQUAL_LATER = ["hardware:*", "software:*", "interval:*", "profile:*", "iter:*"];

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  const later = series === "6.12" || series === "7.2";
  test(`${series}: lists are those of the distribution's bpftrace`, { needs }, async () => {
    const patterns = [...EQUAL, ...later ? EQUAL_LATER : [], "kprobe:*"];
    const found = await lists(series, patterns);
    for (const pattern of patterns.filter((pattern) => pattern !== "kprobe:*")) {
      const { ours, theirs } = found.get(pattern)!;
      assert(theirs.length > 0, pattern);
      assertEquals(ours, theirs, pattern);
    }
    const { ours, theirs, blacklist } = found.get("kprobe:*")!;
    assert(theirs.length > 20_000, String(theirs.length));
    const own = new Set(ours);
    const foreign = new Set(theirs);
    const missing = theirs.filter((probe) => !own.has(probe) && !mayBeMissing(probe, blacklist));
    assertEquals(missing, []);
    const more = ours.filter((probe) => !foreign.has(probe) && !isMore(probe));
    assertEquals(more, []);
  });
}

/** bpftrace 0.17 lists what the kernel refuses, and the names of code that was thrown away. */
function mayBeMissing(probe: string, blacklist: ReadonlySet<string>): boolean {
  const name = probe.slice("kprobe:".length);
  return blacklist.has(name) || name.startsWith("__ftrace_invalid_address_");
}

/** bpftrace leaves out what it takes to be dangerous, and parts of functions, which can be probed all the same. */
function isMore(probe: string): boolean {
  return /^kprobe:(?:(__)?rcu_.*|bpf_dispatcher_xdp_func|.*\.part\.\d+.*)$/.test(probe);
}

/** Asks why, in one machine for all questions. */
async function answers(series: KernelSeries, names: readonly string[]) {
  const kernel = await debianKernel(series);
  const { stdout, stderr } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    timeout: 600,
    command: ["/gimlet", "list", "--json", ...names.flatMap((name) => ["--why", name])],
  });
  const records = jsonRecords(stdout) as unknown as readonly {
    readonly usable: boolean;
    readonly reasons: readonly { readonly code: string }[];
    readonly instead: readonly string[];
  }[];
  assertEquals(records.length, names.length, stderr);
  return records;
}

/** Question; then for each kernel the reason (`-` for a probe that can be used), and what there is instead. */
type Case = readonly [name: string, expected: Readonly<Record<KernelSeries, string>>];

const same = (text: string): Readonly<Record<KernelSeries, string>> => ({
  "5.10": text,
  "6.1": text,
  "6.12": text,
  "7.2": text,
});

const KNOWN: readonly Case[] = [
  ["vfs_read", same("-")],
  ["fentry:vfs_read", same("-")],
  ["tracepoint:sched:sched_switch", same("-")],
  ["kprobe:blk_account_io_done", {
    "5.10": "-",
    "6.1": "notrace tracepoint:block:block_rq_complete",
    "6.12": "notrace tracepoint:block:block_io_done",
    "7.2": "inlined tracepoint:block:block_io_done",
  }],
  ["kprobe:blk_account_io_start", {
    "5.10": "-",
    "6.1": "removed tracepoint:block:block_rq_issue",
    "6.12": "notrace tracepoint:block:block_io_start",
    "7.2": "notrace tracepoint:block:block_io_start",
  }],
  ["kprobe:finish_task_switch", {
    ...same("variant kprobe:finish_task_switch.isra.0"),
    "5.10": "-",
  }],
  ["fentry:finish_task_switch.isra.0", { ...same("no_btf"), "5.10": "not_found" }],
  ["kprobe:do_fork", same("renamed kprobe:kernel_clone")],
  ["kprobe:_do_fork", same("renamed kprobe:kernel_clone")],
  ["kprobe:sys_clone", same("renamed kprobe:__x64_sys_clone")],
  ["kprobe:__x64_sys_sync", same("-alias kprobe:__do_sys_sync")],
  ["fentry:__x64_sys_sync", same("no_btf kprobe:__x64_sys_sync")],
  ["kprobe:do_sync", same("removed kprobe:ksys_sync")],
  ["kprobe:blk_start_request", same("renamed kprobe:blk_mq_start_request")],
  ["kprobe:__blk_mq_end_request", same("notrace")],
  ["kprobe:urandom_read", same("renamed kprobe:urandom_read_iter")],
  ["tracepoint:random:urandom_read", same("removed tracepoint:syscalls:sys_enter_getrandom")],
  ["kprobe:scheduler_tick", {
    ...same("renamed kprobe:sched_tick"),
    "5.10": "-",
    "6.1": "-",
  }],
  ["kprobe:kfree_skb", {
    ...same("renamed kprobe:sk_skb_reason_drop"),
    "5.10": "-",
    "6.1": "renamed kprobe:kfree_skb_reason",
  }],
  ["kprobe:__kmalloc", {
    ...same("renamed kprobe:__kmalloc_noprof"),
    "5.10": "-",
    "6.1": "-",
  }],
  ["tracepoint:kmem:kmalloc_node", {
    ...same("renamed tracepoint:kmem:kmalloc"),
    "5.10": "-",
  }],
  ["tracepoint:writeback:writeback_dirty_page", {
    ...same("renamed tracepoint:writeback:writeback_dirty_folio"),
    "5.10": "-",
  }],
  ["kprobe:asm_exc_int3", same("blacklisted")],
  // Linux 7.2 gives variables of this kind the type of functions.
  ["kprobe:init_task", { ...same("not_a_function"), "7.2": "notrace" }],
  ["kprobe:nfs_file_read", same("module_not_loaded")],
  ["tracepoint:kvm:kvm_exit", same("module_not_loaded")],
];

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(`${series}: --why knows ${KNOWN.length} cases`, { needs: [qemu, binary] }, async (t) => {
    const found = await answers(series, KNOWN.map(([name]) => name));
    for (const [i, [name, expected]] of KNOWN.entries()) {
      await t.step(name, () => {
        const { usable, reasons, instead } = found[i]!;
        const [code = "", probe] = expected[series].split(" ");
        const codes = reasons.map((reason) => reason.code);
        assertEquals(usable, code.startsWith("-"), codes.join());
        const reason = code.replace(/^-/, "");
        assertEquals(codes, reason === "" ? [] : [reason]);
        if (probe !== undefined) assert(instead.includes(probe), instead.join());
      });
    }
  });
}

test("6.12: functions and types of a module are listed by its name", {
  needs: [qemu, binary],
}, async () => {
  const kernel = await debianKernel("6.12");
  const { stdout, stderr } = await runVm({
    kernel: kernel.path,
    modules: kernel.modulesFor(["null_blk"]),
    binary: BINARY,
    command: [
      ...["/gimlet", "list", "kprobe:null_add_dev", "kprobe:null_blk:null_add_d*"],
      ...["fentry:*:null_add_dev", "rawtracepoint:nullb_zone_op", "struct nullb_device"],
    ],
  });
  assertEquals([stdout.trimEnd().split("\n"), stderr], [[
    "kprobe:null_add_dev",
    "kprobe:null_blk:null_add_dev",
    "fentry:null_blk:null_add_dev",
    "rawtracepoint:nullb_zone_op",
    "struct nullb_device",
  ], ""]);
});
