/** Runs a compiled script: loads it, attaches it, and does what its records say. */

import type { LoadedObject } from "../../ffi/bpf/object.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { messageOf } from "../../ffi/errors.ts";
import { clockNow } from "../../ffi/host/clock.ts";
import { requireCapabilities } from "../../ffi/probes/permission.ts";
import type { Codec } from "../../ffi/wire/codec.ts";
import { headerOf, type Outcome, type RunOptions, runSession, type Sink } from "../lib/session.ts";
import type { OpenStream } from "../lib/stream.ts";
import type { OutputValue, Value } from "../lib/value.ts";
import { NAMES, type Plan } from "./plan.ts";
import { Renderer } from "./render.ts";
import { act, type ActionContext, mapOutput } from "./run/actions.ts";
import { ScriptMaps } from "./run/maps.ts";
import { machineNames } from "./run/names.ts";
import { type PlacedScript, type PlaceOptions, placeScript } from "./run/place.ts";

export { RunningKernel } from "./run/facts.ts";

/** How a script runs. */
export interface ScriptRunOptions
  extends Omit<RunOptions, "plan" | "args" | "filters">, PlaceOptions {}

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
  using script = new RunningScript(plan, options);
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

const NO_STACKS = { get: () => undefined };

class RunningScript implements Disposable {
  readonly #plan: Plan;
  readonly #placed: PlacedScript;
  readonly #object: LoadedObject<Skeleton>;
  readonly #context: ActionContext;
  readonly #exit = new AbortController();
  #exitStatus = 0;
  /** `exit()` was called: what comes behind it does not count, but for END. */
  #exited = false;

  constructor(plan: Plan, options: ScriptRunOptions) {
    this.#plan = plan;
    this.#placed = placeScript(plan, options);
    this.#object = this.#placed.attached.object;
    const hasStacks = plan.objectMaps.some(({ name }) => name === NAMES.stacks);
    const stacks = hasStacks ? this.#object.stackTraces(NAMES.stacks) : NO_STACKS;
    this.#context = {
      plan,
      renderer: new Renderer(machineNames(stacks)),
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
    const { attached, probes, notes } = this.#placed;
    sink.emit(headerOf(options.name, attached.name));
    for (const text of notes) sink.emit({ type: "status", kind: "note", text });
    sink.emit({ type: "attached", probes });
    const outcome = await runSession(
      {
        object: this.#object,
        stream: this.#stream(ring),
        settle: () => attached.settle(),
        detach: () => attached.detach(),
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
    this.#placed.attached[Symbol.dispose]();
  }
}

function runShell(command: string): string {
  const { stdout } = new Deno.Command("/bin/sh", {
    args: ["-c", command],
    stdin: "inherit",
    stdout: "piped",
    stderr: "inherit",
  }).outputSync();
  return new TextDecoder().decode(stdout);
}

function readFile(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    return `Cannot read ${path}: ${messageOf(error)}\n`;
  }
}
