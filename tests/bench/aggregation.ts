/**
 * What counting in the kernel costs the traced program: three tools, beside programs that somebody would write by hand with the same
 * maps. Disks and schedulers do not make a million events a second, so the programs see system calls whose arguments stand where
 * their own events have the fields.
 */

import { openObject } from "../../ffi/bpf/object.ts";
import { attachUserFunction, findUserFunction } from "../../ffi/probes/user_function.ts";
import { applyFilters } from "../../programs/lib/filters.ts";
import { bitehist } from "../../programs/tools/bitehist/bitehist.gen.ts";
import { strlen_count } from "../../programs/tools/strlen_count/strlen_count.gen.ts";
import { task_switch } from "../../programs/tools/task_switch/task_switch.gen.ts";
import { Running, workload } from "../gimlet.ts";
import { compiledObject, compiledPeer } from "./compiled.ts";
import { cpuNsOf } from "./cpu_time.ts";
import { inTurns, median, ratio, type Result, type Row } from "./measure.ts";

const ROUNDS = 7;

/** A tool, and what it counts here. */
interface Case {
  readonly tool: "bitehist" | "task_switch" | "strlen_count";
  /** What is done, and how often. */
  readonly deed: readonly [name: string, times: number, more?: string];
  /** Loads the tool's program and lets it count; dispose of it. */
  readonly attach: () => Disposable;
  /** Where the peer's program is to be, if its section does not say. */
  readonly places?: readonly string[];
}

/** Measures it. */
export async function aggregation(): Promise<Result[]> {
  const strlen = findUserFunction("c", "strlen");
  const cases: Case[] = [
    { tool: "bitehist", deed: ["lseek", 1_000_000], attach: attachBitehist },
    { tool: "task_switch", deed: ["sendto", 1_000_000], attach: attachTaskSwitch },
    {
      tool: "strlen_count",
      deed: ["strlen", 50_000, "some text of a usual length"],
      attach: attachStrlenCount,
      places: [strlen.path, ...strlen.offsets.map(String)],
    },
  ];
  const results: Result[] = [];
  for (const each of cases) results.push(await measured(each));
  return results;
}

async function measured({ tool, deed, attach, places = [] }: Case): Promise<Result> {
  const [peer, object, calls] = [
    await compiledPeer("aggregate"),
    await compiledObject("aggregate"),
    await workload("calls"),
  ];
  const command = [calls, ...deed.map(String)];
  const times = deed[1];
  const each = async () => await cpuNsOf(command) / times;
  const own = `gimlet's ${tool}`;
  const byHand = "a C program on libbpf, the same maps, leaving itself out";
  const all = "… one that would count itself as well";
  const under = (whom: "others" | "all") => async () => {
    const running = new Running([peer, object, tool, whom, ...places]);
    await running.until("ready");
    const ns = await each();
    running.kill("SIGINT");
    await running.finished();
    return ns;
  };
  const [bare, ...traced] = await inTurns(ROUNDS, {
    bare: each,
    [own]: async () => {
      using _counting = attach();
      return await each();
    },
    [byHand]: under("others"),
    [all]: under("all"),
  });
  const base = median(bare!.samples);
  const rows: Row[] = traced.map(({ name, samples }) => ({
    name,
    samples: samples.map((ns) => ns - base),
  }));
  return {
    title: `${tool}: added to each of ${times} calls of ${base.toFixed(0)} ns (${deed[0]})`,
    unit: "ns of CPU a call",
    rows,
    base: byHand,
    checks: [{ what: "of the C program's cost", value: ratio(rows, own, byHand), atMost: 1.1 }],
  };
}

function attachBitehist(): Disposable {
  const blueprint = openObject(bitehist).loadOnly(new Set(["on_rq_issue_tracepoint"] as const));
  const object = applyFilters(blueprint, {}).load();
  object.program("on_rq_issue_tracepoint").attachTracepoint("syscalls", "sys_enter_lseek");
  object.setGlobal("gimlet_armed", true);
  return object;
}

function attachTaskSwitch(): Disposable {
  const blueprint = openObject(task_switch).loadOnly(new Set(["on_switch_tracepoint"] as const));
  const object = applyFilters(blueprint, {}).load();
  object.program("on_switch_tracepoint").attachTracepoint("syscalls", "sys_enter_sendto");
  object.setGlobal("gimlet_armed", true);
  return object;
}

function attachStrlenCount(): Disposable {
  const object = applyFilters(openObject(strlen_count), {}).load();
  attachUserFunction(object.program("on_strlen"), findUserFunction("c", "strlen"));
  object.setGlobal("gimlet_armed", true);
  return object;
}
