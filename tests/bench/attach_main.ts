/**
 * Attaches a program to ever more places: `attach_main.ts tracepoints | raw | script | functions | multi`, or `uprobes | uprobe_multi
 * PROGRAM`, and prints `COUNT MS` for each count.
 * As PID 1 of `gimlet vm` it is that.
 */

import { isGuestInit, runGuest } from "../../cmd/vm/guest.ts";
import type { Link } from "../../ffi/bpf/link.ts";
import type { Program } from "../../ffi/bpf/program.ts";
import { BpfError } from "../../ffi/errors.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { compile } from "../../programs/script/compile.ts";
import { RunningKernel } from "../../programs/script/run.ts";
import { placeScript } from "../../programs/script/run/place.ts";
import { userFunctions } from "../../ffi/probes/user_targets.ts";
import { DEFAULT_SETTINGS } from "../../programs/script/settings.ts";
import { Source } from "../../programs/script/source.ts";
import { idle } from "../workload/idle/idle.gen.ts";

/** Where each costs tens of ms, and the kernel tens more to let go of it: no more of them than patience lasts. */
const SOME = [1, 10, 100];
const ALL = [1, 10, 100, 1000];

if (isGuestInit()) await runGuest();
const KINDS: Record<string, () => void> = {
  tracepoints,
  raw,
  script,
  functions,
  multi,
  uprobes,
  uprobe_multi,
};
const kind = KINDS[Deno.args[0] ?? ""];
if (kind === undefined) throw new TypeError(`There are ${Object.keys(KINDS).join(", ")}`);
kind();

function tracepoints(): void {
  const all = events();
  const object = openObject(idle).loadOnly(new Set(["on_tracepoint"] as const)).load();
  oneByOne(SOME, (i) => object.program("on_tracepoint").attachTracepoint(...all[i]!));
}

function raw(): void {
  // Those of system calls are no tracepoints of their own.
  const all = events().filter(([category]) => category !== "syscalls");
  const object = openObject(idle).loadOnly(new Set(["on_raw_tracepoint"] as const)).load();
  oneByOne(ALL, () => {
    for (;;) {
      const [, event] = all.shift() ?? [];
      if (event === undefined) throw new RangeError("This kernel has too few raw tracepoints");
      try {
        return object.program("on_raw_tracepoint").attachRawTracepoint(event);
      } catch (error) {
        if (!(error instanceof BpfError)) throw error; // not every event is one
      }
    }
  });
}

/** Tracepoints of system calls, as many as there are: from a script that is compiled to one whose probes are all attached. */
function script(): void {
  const calls = events().filter(([category]) => category === "syscalls");
  const facts = new RunningKernel();
  for (const count of [1, ...ALL.filter((each) => each < calls.length), calls.length]) {
    const probes = calls.slice(0, count).map((event) => `tracepoint:${event.join(":")}`);
    const source = new Source("bench", `${probes.join()} { @[probe] = count(); }`);
    const settings = { ...DEFAULT_SETTINGS, maxProbes: calls.length };
    const { plan } = compile(source, { facts, settings, suggest: () => "" });
    const start = performance.now();
    const { attached } = placeScript(plan!, { name: "bench" });
    tell(count, start);
    attached[Symbol.dispose]();
  }
}

function events(): [category: string, event: string][] {
  const text = Deno.readTextFileSync(`${tracefsPath()}/available_events`);
  return text.trim().split("\n").map((line) => line.split(":") as [string, string]).sort();
}

function functions(): void {
  const object = openObject(idle).loadOnly(new Set(["on_function"] as const)).load();
  const names = functionNames();
  oneByOne(SOME, (i) => object.program("on_function").attachKprobe(names[i]!));
}

/** Tells how long it took until there were so many, after a first one that brings what they all need into memory. */
function oneByOne(counts: readonly number[], attach: (i: number) => unknown): void {
  let i = 0;
  attach(i++);
  const start = performance.now();
  for (const count of counts) {
    while (i <= count) attach(i++);
    tell(count, start);
  }
}

function multi(): void {
  const object = openObject(idle).loadOnly(new Set(["on_functions"] as const)).load();
  const program: Program = object.program("on_functions");
  const names = functionNames();
  atOnce((count) => program.attachKprobeMulti({ symbols: names.slice(0, count) }));
}

/** Tells how long it takes to attach to so many at once, after a first one as above. */
function atOnce(attach: (count: number) => Link): void {
  attach(1)[Symbol.dispose]();
  for (const count of ALL) {
    const start = performance.now();
    const link = attach(count);
    tell(count, start);
    link[Symbol.dispose]();
  }
}

function uprobes(): void {
  const object = openObject(idle).loadOnly(new Set(["on_function"] as const)).load();
  const { path, offsets } = offsetsOfCalled();
  oneByOne(SOME, (i) => object.program("on_function").attachUprobe({ path, offset: offsets[i]! }));
}

function uprobe_multi(): void {
  const object = openObject(idle).loadOnly(new Set(["on_function"] as const))
    .setExpectedAttachType("on_function", "trace_uprobe_multi").load();
  const { path, offsets } = offsetsOfCalled();
  atOnce((count) =>
    object.program("on_function").attachUprobeMulti({ path, offsets: offsets.slice(0, count) })
  );
}

/** The functions of the program that was given. */
function offsetsOfCalled(): { readonly path: string; readonly offsets: readonly number[] } {
  const path = Deno.args[1]!;
  return { path, offsets: userFunctions(path, "called_*").flatMap(({ offsets }) => offsets) };
}

/** Names that stand for one function each, of parts of the kernel that are not busy. */
function functionNames(): string[] {
  const found = new Map<string, number>();
  for (
    const name of Deno.readTextFileSync(`${tracefsPath()}/available_filter_functions`).split("\n")
  ) {
    if (/^(acpi|crypto|ext4|ip6|nfs|pci|tcp|tty|udp|usb)_\w+$/.test(name)) {
      found.set(name, (found.get(name) ?? 0) + 1);
    }
  }
  return [...found].filter(([, times]) => times === 1).map(([name]) => name).sort();
}

function tell(count: number, start: number): void {
  console.log(`${count} ${(performance.now() - start).toFixed(2)}`);
}
