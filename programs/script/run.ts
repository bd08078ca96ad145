/** Runs a compiled script: loads it, attaches it, and does what its records say. */

import { type Link, programsHaveEnded } from "../../ffi/bpf/link.ts";
import { type LoadedObject, openObject } from "../../ffi/bpf/object.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { BpfError, messageOf } from "../../ffi/errors.ts";
import { clockNow } from "../../ffi/host/clock.ts";
import { usually } from "../../ffi/host/priority.ts";
import { explainPermission, requireCapabilities } from "../../ffi/probes/permission.ts";
import type { Codec } from "../../ffi/wire/codec.ts";
import { type Outcome, type RunOptions, runSession, type Sink } from "../lib/session.ts";
import type { OpenStream } from "../lib/stream.ts";
import type { OutputValue, Value } from "../lib/value.ts";
import { VERSION } from "../lib/version.ts";
import { NAMES, type Plan, type ProgramPlan } from "./plan.ts";
import { attachmentName } from "./probes.ts";
import type { Settings } from "./settings.ts";
import { Renderer } from "./render.ts";
import { act, type ActionContext, mapOutput } from "./run/actions.ts";
import { attachScriptProgram } from "./run/attach.ts";
import { ScriptMaps, skeletonOf } from "./run/maps.ts";
import { machineNames } from "./run/names.ts";

export { RunningKernel } from "./run/facts.ts";

/** How a script runs. */
export interface ScriptRunOptions extends Omit<RunOptions, "plan" | "args" | "filters"> {
  /** The script's name, for messages. */
  readonly name: string;
  /** The one process that probes in user space are set in. */
  readonly pid?: number | undefined;
  /** What becomes of a probe that is not there. */
  readonly missingProbes?: Settings["missingProbes"];
}

/** How a script went. */
export interface ScriptOutcome extends Outcome {
  /** What the script gave to `exit()`. */
  readonly exitStatus: number;
}

/**
 * Runs a script to its end.
 *
 * @throws {BpfError} where it cannot begin
 */
export async function runScript(
  plan: Plan,
  options: ScriptRunOptions,
  sink: Sink,
): Promise<ScriptOutcome> {
  requireCapabilities();
  using script = new RunningScript(plan, options, sink);
  return await script.run(options, sink);
}

// A record begins with the number of its action; its parts are found by the action's plan.
const RECORD: Codec<DataView> = {
  size: 8,
  shape: { items: "u8", length: 8 },
  decode: (view, at) => new DataView(view.buffer, view.byteOffset + at),
  encode: () => {
    throw new TypeError("Cannot write records: programs do");
  },
};

/** A script in the kernel, with its programs in their places. */
class Placed implements Disposable {
  readonly object: LoadedObject<Skeleton>;
  readonly links: Link[] = [];
  /** The names of the probes that are there. */
  readonly probes: string[] = [];
  readonly #plan: Plan;
  /** Programs that go to many functions at once, where the kernel can do that. */
  readonly #multi: ReadonlySet<string>;

  constructor(plan: Plan, options: ScriptRunOptions, sink: Sink, multi: ReadonlySet<string>) {
    this.#plan = plan;
    this.#multi = multi;
    const source = { source: plan.object, name: "script" };
    const opened = openObject(skeletonOf(plan, options.name), source);
    for (const program of multi) opened.setExpectedAttachType(program, "trace_kprobe_multi");
    this.object = opened.load();
    try {
      this.#attachAll(options, sink);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** A function that is not there is passed over, as long as something else is there. */
  #attachAll({ pid, missingProbes = "warn" }: ScriptRunOptions, sink: Sink): void {
    const missing: BpfError[] = [];
    for (const plan of this.#plan.programs) {
      if (this.#multi.has(plan.name)) {
        this.#attachMulti(plan);
        continue;
      }
      const program = this.object.program(plan.name);
      for (const each of plan.attachments) {
        try {
          this.links.push(...attachScriptProgram(program, each, { pid }));
          this.probes.push(plan.attachments.length === 1 ? plan.probe : attachmentName(each));
        } catch (error) {
          const isMissing = error instanceof BpfError && error.code === "E_NO_PROBE";
          if (!isMissing || missingProbes === "error") throw error;
          missing.push(error);
        }
      }
    }
    const [first] = missing;
    if (first !== undefined && this.links.length === 0) throw first;
    for (const { message } of missingProbes === "warn" ? missing : []) {
      sink.emit({ type: "status", kind: "note", text: message });
    }
  }

  #attachMulti({ name, attachments }: ProgramPlan): void {
    const symbols = attachments.flatMap((each) => "symbol" in each ? [each.symbol] : []);
    const onReturn = attachments[0]?.kind === "kretprobe";
    this.links.push(this.object.program(name).attachKprobeMulti({ symbols }, { onReturn }));
    this.probes.push(...attachments.map(attachmentName));
  }

  async detach(): Promise<void> {
    await Promise.all(this.links.map((link) => link.detach()));
  }

  [Symbol.dispose](): void {
    for (const link of this.links) link[Symbol.dispose]();
    this.object[Symbol.dispose]();
  }
}

/** Loads and attaches: many functions at once where that works here, else one after another. */
function place(plan: Plan, options: ScriptRunOptions, sink: Sink): Placed {
  const wide = plan.programs.filter(({ attachments: [first, ...more] }) =>
    more.length > 0 && (first?.kind === "kprobe" || first?.kind === "kretprobe")
  );
  if (wide.length > 0) {
    try {
      return new Placed(plan, options, sink, new Set(wide.map(({ name }) => name)));
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
    }
  }
  return explained(() => new Placed(plan, options, sink, new Set()));
}

class RunningScript implements Disposable {
  readonly #plan: Plan;
  readonly #placed: Placed;
  readonly #object: LoadedObject<Skeleton>;
  readonly #context: ActionContext;
  readonly #exit = new AbortController();
  #exitStatus = 0;
  /** `exit()` was called: what comes behind it does not count, but for END. */
  #exited = false;

  constructor(plan: Plan, options: ScriptRunOptions, sink: Sink) {
    this.#plan = plan;
    this.#placed = place(plan, options, sink);
    this.#object = this.#placed.object;
    this.#context = {
      plan,
      renderer: new Renderer(machineNames((map) => this.#object.stackTraces(map))),
      maps: new ScriptMaps(this.#object, plan),
      system: runShell,
      readFile,
      now: () => clockNow("realtime"),
      exit: (status) => this.#end(status),
    };
  }

  async run(options: ScriptRunOptions, sink: Sink): Promise<ScriptOutcome> {
    const { fd, maxEntries } = this.#object.bufferMap(NAMES.ring);
    using ring = new RingBuffer(fd, maxEntries, RECORD);
    this.#announce(sink, options.name);
    const outcome = await runSession(
      {
        object: this.#object,
        stream: this.#stream(ring),
        settle: async () => {
          if (!await programsHaveEnded()) await this.#placed.detach();
        },
        detach: () => this.#placed.detach(),
        begin: () => {
          this.#object.setGlobal(NAMES.started, clockNow("boottime"));
          this.#runBy("begin");
        },
        end: () => {
          this.#exited = false;
          this.#runBy("end");
        },
        report: () => [{ type: "status", kind: "output", text: "\n" }, ...this.#allMaps()],
      },
      { ...options, stop: AbortSignal.any([options.stop, this.#exit.signal]) },
      sink,
    );
    return { ...outcome, exitStatus: this.#exitStatus };
  }

  #announce(sink: Sink, name: string): void {
    sink.emit({
      type: "header",
      tool: name,
      version: VERSION,
      plan: "script",
      kernel: Deno.osRelease(),
      boot_to_wall_ns: clockNow("realtime") - clockNow("monotonic"),
    });
    sink.emit({ type: "attached", probes: this.#placed.probes });
  }

  /** One record may print several things, or nothing. */
  #stream(ring: RingBuffer<DataView>): OpenStream {
    return {
      fds: ring.fds,
      drain: (limit, take) =>
        ring.drain(limit, (record) => {
          if (this.#exited) return true;
          return act(record, this.#context).every(take);
        }),
      [Symbol.dispose]: () => ring[Symbol.dispose](),
    };
  }

  #runBy(kind: "begin" | "end"): void {
    for (const { name, attachments } of this.#plan.programs) {
      if (attachments[0]?.kind === kind) this.#object.program(name).testRun();
    }
  }

  #end(status: number): void {
    this.#exited = true;
    this.#exitStatus = status;
    this.#exit.abort({ reason: "exit" });
  }

  /** In the order of their names. */
  #allMaps(): Value[] {
    return this.#plan.maps.toSorted((a, b) => a.name < b.name ? -1 : 1)
      .map((map): OutputValue => mapOutput(map, this.#context));
  }

  [Symbol.dispose](): void {
    this.#placed[Symbol.dispose]();
  }
}

/** Says of what is not permitted which right is missing. */
function explained<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof BpfError ? explainPermission(error) : error;
  }
}

function runShell(command: string): string {
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", command],
    stdin: "inherit",
    stdout: "piped",
    stderr: "inherit",
  });
  const { stdout } = usually(() => shell.outputSync());
  return new TextDecoder().decode(stdout);
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    return `Cannot read ${path}: ${messageOf(error)}\n`;
  }
}
