/** Runs the BEGIN and END of scripts in the machine of bpf_machine.ts: from text to text, without a kernel. */

import { compile } from "../../../../programs/script/compile.ts";
import { VARIABLE_NAMES } from "../../../../programs/script/lower/globals.ts";
import type { KernelFacts } from "../../../../programs/script/facts.ts";
import type { MapPlan, Plan } from "../../../../programs/script/plan.ts";
import type { RawEntry } from "../../../../programs/script/map_values.ts";
import { type Names, Renderer } from "../../../../programs/script/render.ts";
import { act, type ActionContext, mapOutput } from "../../../../programs/script/run/actions.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../../../programs/script/settings.ts";
import { Source } from "../../../../programs/script/source.ts";
import { BpfMachine, type MachineFacts } from "./bpf_machine.ts";

/** A kernel that has nothing but what a test gives it. */
export function fakeKernel(facts: Partial<KernelFacts> = {}): KernelFacts {
  return {
    arch: "x86_64",
    cpus: 2,
    hasBtf: false,
    tracepoint: () => undefined,
    tracepoints: () => [],
    type: () => undefined,
    constant: () => undefined,
    kernelFunction: () => undefined,
    rawTracepoint: () => undefined,
    modulesOf: () => [],
    modules: () => ["vmlinux"],
    kernelFunctions: () => [],
    userFunctions: () => [],
    userSymbol: () => undefined,
    usdtProbes: () => [],
    kernelSymbol: () => undefined,
    pidNamespace: () => undefined,
    cgroupId: () => undefined,
    hasHelper: () => true,
    hasLongKeys: () => true,
    ...facts,
  };
}

/** How a script is compiled and run. */
export interface ScriptTestOptions {
  readonly settings?: Partial<Settings>;
  readonly kernel?: Partial<KernelFacts>;
  readonly machine?: MachineFacts;
  readonly warns?: boolean;
}

/** Compiles a script; gives the plan, or what is wrong with it, line by line. */
export function compileText(
  text: string,
  { settings = {}, kernel = {} }: ScriptTestOptions = {},
): { readonly plan: Plan | undefined; readonly lines: readonly string[] } {
  const source = new Source("stdin", text);
  const { plan, diagnostics } = compile(source, {
    facts: fakeKernel(kernel),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    suggest: (name, known) =>
      known.includes(name.toLowerCase()) ? `Did you mean ${name.toLowerCase()}?` : "",
  });
  return { plan, lines: diagnostics.all.flatMap((each) => source.describe(each)) };
}

/** Runs BEGIN, then END; gives what they print, in bpftrace's text or JSON. */
export function runText(
  text: string,
  options: ScriptTestOptions & { json?: boolean } = {},
): string {
  const { plan, lines } = compileText(text, options);
  if (plan === undefined) return `${lines.join("\n")}\n`;
  const machine = new BpfMachine({
    maps: plan.objectMaps,
    constants: plan.constants,
    functions: plan.functions,
    variables: VARIABLE_NAMES.length,
    ...(options.machine === undefined ? {} : { facts: options.machine }),
  });
  let output = "";
  let exited = false;
  const context: ActionContext = {
    plan,
    renderer: new Renderer(NAMES),
    maps: mapsOf(machine, plan),
    system: (command) => `${command}\n`,
    readFile: (path) => `contents of ${path}\n`,
    now: () => 0n,
    fault: ({ helper }, result) => output += `${helper} gave ${result}\n`,
    watch: () => {},
    tell: (line) => output += `${line}\n`,
    warns: options.warns ?? true,
    exit: () => exited = true,
  };
  const show = (value: ReturnType<typeof act>[number]) => {
    output += options.json ? (value.foreign() ?? "") + "\n" : value.text();
  };
  for (const kind of ["begin", "end"]) {
    exited = false;
    for (const { code, attachments } of plan.programs) {
      if (attachments[0]?.kind === kind) machine.run(code);
    }
    for (const record of machine.records.splice(0)) {
      if (!exited) act({ view: new DataView(record.buffer), at: 0 }, context).forEach(show);
    }
  }
  if (!options.json && plan.printsMaps) output += "\n\n";
  for (
    const map of !plan.printsMaps ? [] : plan.maps.toSorted((a, b) => a.name < b.name ? -1 : 1)
  ) {
    show(mapOutput(map, context));
  }
  return output;
}

function mapsOf(machine: BpfMachine, plan: Plan): ActionContext["maps"] {
  const planOf = (name: string): MapPlan => plan.maps.find((map) => map.name === name)!;
  const entriesOf = (name: string) => machine.maps.get(planOf(name).symbol)!.entries;
  return {
    plan: planOf,
    entries: (name) =>
      Array.from(entriesOf(name).values(), ({ key, value }): RawEntry => ({
        key: new DataView(key.buffer, key.byteOffset, key.byteLength),
        values: [new DataView(value.buffer)],
      })),
    clear: (name) => entriesOf(name).clear(),
    zero: (name) => {
      for (const { value } of entriesOf(name).values()) value.fill(0);
    },
  };
}

const NAMES: Names = {
  kernelSymbol: (address) => `ksym_${address}`,
  userSymbol: (address, pid) => `usym_${address}_${pid}`,
  user: (id) => id === 0 ? "root" : String(id),
  cgroup: (id) => `/cgroup_${id}`,
  stack: ({ id }) => [`frame_${id}`],
  wallClock: (sinceBoot) => sinceBoot,
};
