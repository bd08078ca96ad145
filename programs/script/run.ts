/** Runs a compiled script: loads it, attaches it, and does what its records say. */

import type { LoadedObject } from "../../ffi/bpf/object.ts";
import { readIterator } from "../../ffi/bpf/attach/iterator.ts";
import { RingBuffer } from "../../ffi/bpf/ring_buffer.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { messageOf } from "../../ffi/errors.ts";
import { clockNow } from "../../ffi/host/clock.ts";
import { usually } from "../../ffi/host/priority.ts";
import { explained, requireCapabilities } from "../../ffi/probes/permission.ts";
import { requireProcess } from "../../ffi/probes/user_function.ts";
import type { Codec } from "../../ffi/wire/codec.ts";
import { HeldCommand } from "../lib/command.ts";
import { headerOf, type Outcome, type RunOptions, runSession, type Sink } from "../lib/session.ts";
import type { OpenStream } from "../lib/stream.ts";
import type { OutputValue, StatusValue, SummaryValue, Value } from "../lib/value.ts";
import { NAMES, type Plan } from "./plan.ts";
import { errorText } from "./error_text.ts";
import { type Names, Renderer } from "./render.ts";
import type { Span } from "./source.ts";
import {
  act,
  type ActionContext,
  type Fault,
  isAwaited,
  mapOutput,
  type ScriptRecord,
  type Watch,
} from "./run/actions.ts";
import { ScriptMaps } from "./run/maps.ts";
import { machineNames } from "./run/names.ts";
import { type PacketFile, Packets } from "./run/packets.ts";
import { type WatchedMemory, Watches } from "./run/watches.ts";
import { type PlacedScript, type PlaceOptions, placeScript } from "./run/place.ts";

export { RunningKernel } from "./run/facts.ts";
export { scriptShape } from "./run/shape.ts";

/** How a script runs. */
export interface ScriptRunOptions
  extends Omit<RunOptions, "plan" | "args" | "filters" | "process">, PlaceOptions {
  /** Loads and attaches, and leaves it at that. */
  readonly dryRun?: boolean;
  /** Told of each place where a read has failed, once for each error. */
  readonly onFault?: (span: Span, message: string) => void;
  /** Told what the script says beside its output. */
  readonly onRemark?: (line: string) => void;
  /** Where this is false, `warnf()` says nothing. */
  readonly warnings?: boolean;
  /** Makes a file for packets, or empties it. */
  readonly openFile: (path: string) => PacketFile;
  /** Does not say how many probes there are. */
  readonly quiet?: boolean;
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
  if (options.pid !== undefined) requireProcess(options.pid);
  using script = new RunningScript(plan, options);
  return await script.run(options, sink);
}

// A record begins with the number of its action; its parts are found by the action's plan.
const RECORD: Codec<ScriptRecord> = {
  size: 8,
  shape: { items: "u8", length: 8 },
  decode: (view, at) => ({ view, at }),
  encode: () => {
    throw new TypeError("Cannot write records: programs do");
  },
};

const PACKETS_AT_ONCE = 1024;

class RunningScript implements Disposable {
  readonly #plan: Plan;
  readonly #placed: PlacedScript;
  readonly #object: LoadedObject<Skeleton>;
  readonly #names: Names;
  readonly #context: ActionContext;
  readonly #exit = new AbortController();
  /** What the child of `-c` is told where the script ends itself. */
  readonly #exitSignal: Deno.Signal | undefined;
  readonly #onFault: ScriptRunOptions["onFault"];
  readonly #faults = new Set<string>();
  readonly #watches: Watches;
  #exitStatus = 0;
  /** `exit()` was called: what comes behind it does not count, but for END. */
  #exited = false;

  constructor(plan: Plan, options: ScriptRunOptions) {
    this.#plan = plan;
    this.#onFault = options.onFault;
    this.#exitSignal = options.command instanceof HeldCommand ? "SIGTERM" : undefined;
    this.#placed = placeScript(plan, options);
    this.#object = this.#placed.attached.object;
    this.#names = machineNames((map) => this.#object.stackTraces(map));
    this.#context = {
      plan,
      renderer: new Renderer(this.#names),
      maps: new ScriptMaps(this.#object, plan),
      system: runShell,
      readFile,
      now: () => clockNow("realtime"),
      fault: (fault, result) => this.#tellFault(fault, result),
      exit: (status) => this.#end(status),
      tell: (line) => options.onRemark?.(line),
      warns: options.warnings ?? true,
      watch: (what, memory) => this.#watch(what, memory),
    };
    this.#watches = new Watches(plan, this.#object);
  }

  async run(options: ScriptRunOptions, sink: Sink): Promise<ScriptOutcome> {
    const { attached, probes, notes } = this.#placed;
    sink.emit(headerOf(options.name, attached.name));
    for (const text of notes) sink.emit({ type: "status", kind: "note", text });
    if (options.quiet !== true) sink.emit(attachingLine(probes.length));
    sink.emit({ type: "attached", probes });
    if (options.dryRun) return dryOutcome(sink);
    const { fd, maxEntries } = this.#object.bufferMap(NAMES.ring);
    using ring = new RingBuffer(fd, maxEntries, RECORD);
    using packets = this.#packets(options);
    using _signals = this.#listen();
    const outcome = await runSession(
      {
        object: this.#object,
        stream: this.#stream(ring, packets),
        settle: () => attached.settle(),
        detach: () => attached.detach(),
        begin: () => {
          this.#object.setGlobal(NAMES.started, clockNow("boottime"));
          this.#runBy("begin");
          this.#walk();
          return !this.#object.global(NAMES.exited);
        },
        end: () => {
          this.#exited = false;
          this.#runBy("end");
        },
        report: () => this.#report(),
      },
      {
        ...options,
        process: options.pid,
        stop: AbortSignal.any([options.stop, this.#exit.signal]),
      },
      sink,
    );
    // Whoever asked for so many events wants all packets before the last one.
    packets?.finish(PACKETS_AT_ONCE);
    // A child that was told to end has no status of its own.
    const wasTold = this.#exitSignal !== undefined && outcome.summary.ended_by === "exit";
    const commandStatus = wasTold ? undefined : outcome.commandStatus;
    return { ...outcome, commandStatus, exitStatus: this.#exitStatus };
  }

  /** `undefined` where the script sends none. */
  #packets({ openFile }: ScriptRunOptions): Packets | undefined {
    if (this.#plan.packets.length === 0) return undefined;
    return explained(() =>
      new Packets({
        plan: this.#plan,
        object: this.#object,
        openFile,
        wallClock: (time) => this.#names.wallClock(time, "boot"),
      })
    );
  }

  /** One record may print several things, or nothing. Packets go to their files beside. */
  #stream(ring: RingBuffer<ScriptRecord>, packets: Packets | undefined): OpenStream {
    return {
      fds: [...ring.fds, ...packets?.fds ?? []],
      drain: (limit, take) => {
        const most = Math.min(limit, PACKETS_AT_ONCE);
        const sent = packets?.drain(most) ?? 0;
        const taken = ring.drain(limit, (record) => {
          if (this.#exited && !isAwaited(record, this.#plan)) return true;
          return act(record, this.#context).every(take);
        });
        // There may be more of either: nobody waits then.
        return sent === most ? limit : Math.min(sent + taken, limit);
      },
      [Symbol.dispose]: () => ring[Symbol.dispose](),
    };
  }

  #runBy(kind: "begin" | "end"): void {
    for (const { name, attachments } of this.#plan.programs) {
      if (attachments[0]?.kind === kind) this.#object.program(name).testRun();
    }
  }

  /** Goes over what iterators visit. A script that has nothing else to wait for ends then. */
  #walk(): void {
    const { programs } = this.#plan;
    const iterators = programs.filter(({ attachments: [first] }) => first?.kind === "iter");
    for (const { name } of iterators) {
      using link = this.#object.program(name).attachIterator();
      readIterator(link);
    }
    const waits = programs.some(({ attachments: [first] }) =>
      !["begin", "end", "iter"].includes(first?.kind ?? "")
    );
    if (iterators.length > 0 && !waits) this.#stop();
  }

  /** Runs what waits for signals; gives what stops that. */
  #listen(): Disposable {
    const stack = new DisposableStack();
    for (const { name, attachments: [first] } of this.#plan.programs) {
      if (first?.kind !== "signal") continue;
      const signal = `SIG${first.signal.toUpperCase().replace(/^SIG/, "")}` as Deno.Signal;
      const run = () => void this.#object.program(name).testRun();
      Deno.addSignalListener(signal, run);
      stack.defer(() => Deno.removeSignalListener(signal, run));
    }
    return stack;
  }

  #tellFault({ helper, span }: Fault, result: number): void {
    const known = `${span.start} ${helper} ${result}`;
    if (this.#faults.has(known)) return;
    this.#faults.add(known);
    this.#onFault?.(span, `Failed to ${helper}: ${errorText(-result)} (${result})`);
  }

  #watch(what: Watch, memory: WatchedMemory): void {
    const problem = this.#watches.add(what, memory);
    if (problem !== undefined) this.#onFault?.(what.span, problem);
  }

  #end(status: number): void {
    this.#exited = true;
    this.#exitStatus = status;
    this.#stop();
  }

  #stop(): void {
    const signal = this.#exitSignal;
    this.#exit.abort({ reason: "exit", ...(signal === undefined ? {} : { signal }) });
  }

  /** The maps, in the order of their names. */
  #report(): Value[] {
    const blank: StatusValue = { type: "status", kind: "output", text: "\n" };
    return this.#plan.printsMaps ? [blank, ...this.#allMaps()] : [];
  }

  #allMaps(): Value[] {
    return this.#plan.maps.toSorted((a, b) => a.name < b.name ? -1 : 1)
      .map((map): OutputValue => mapOutput(map, this.#context));
  }

  [Symbol.dispose](): void {
    this.#placed.attached[Symbol.dispose]();
  }
}

/** What bpftrace says first. */
function attachingLine(count: number): StatusValue {
  const text = `Attaching ${count} probe${count === 1 ? "" : "s"}...`;
  return { type: "status", kind: "output", text };
}

/** Nothing ran. */
function dryOutcome(sink: Sink): ScriptOutcome {
  const summary: SummaryValue = {
    type: "summary",
    events: 0,
    lost: 0n,
    duration_ns: 0n,
    ended_by: "dry-run",
  };
  sink.emit(summary);
  sink.flush();
  return { summary, commandStatus: undefined, exitStatus: 0 };
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
