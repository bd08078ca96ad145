/**
 * Attaches a program to ever more places: `attach_main.ts tracepoints | functions | multi`, and prints `COUNT MS` for each count.
 * As PID 1 of `gimlet vm` it is that.
 */

import { isGuestInit, runGuest } from "../../cmd/vm/guest.ts";
import type { Program } from "../../ffi/bpf/program.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { idle } from "../workload/idle/idle.gen.ts";

/** One after the other, since each costs tens of ms: no more of them than patience lasts. */
const SINGLE = [1, 10, 100];
const ALL = [1, 10, 100, 1000];

if (isGuestInit()) await runGuest();
const kind = Deno.args[0];
if (kind === "tracepoints") tracepoints();
else if (kind === "functions") functions();
else multi();

function tracepoints(): void {
  const all = Deno.readTextFileSync(`${tracefsPath()}/available_events`).trim().split("\n")
    .map((line) => line.split(":") as [category: string, event: string]).sort();
  const object = openObject(idle).loadOnly(new Set(["on_tracepoint"] as const)).load();
  const program = object.program("on_tracepoint");
  oneByOne(ALL, (i) => program.attachTracepoint(...all[i]!));
}

function functions(): void {
  const object = openObject(idle).loadOnly(new Set(["on_function"] as const)).load();
  const names = functionNames();
  oneByOne(SINGLE, (i) => object.program("on_function").attachKprobe(names[i]!));
}

/** Tells how long it took until there were so many. The process ends with them: to detach one by one takes longer. */
function oneByOne(counts: readonly number[], attach: (i: number) => unknown): void {
  const start = performance.now();
  let i = 0;
  for (const count of counts) {
    while (i < count) attach(i++);
    tell(count, start);
  }
}

function multi(): void {
  const object = openObject(idle).loadOnly(new Set(["on_functions"] as const)).load();
  const program: Program = object.program("on_functions");
  const names = functionNames();
  for (const count of ALL) {
    const start = performance.now();
    const link = program.attachKprobeMulti({ symbols: names.slice(0, count) });
    tell(count, start);
    link[Symbol.dispose]();
  }
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
