/**
 * The one event loop: how every tool runs.
 *
 * open → filters → load → attach by the first plan that works → arm → start the command → read until something ends it → disarm and
 * detach → read the rest → results → summary → wait for the command.
 */

import { Epoll } from "../../ffi/bpf/epoll.ts";
import { type LoadedObject, openObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { clockNow } from "../../ffi/host/clock.ts";
import { urgently } from "../../ffi/host/priority.ts";
import { hasProcess } from "../../ffi/host/process.ts";
import { explained, requireCapabilities } from "../../ffi/probes/permission.ts";
import { AttachedPlan, attachFirst, type Plans, tryPlan } from "../../ffi/probes/plan.ts";
import { requireProcess } from "../../ffi/probes/user_function.ts";
import { Command, type CommandOptions, HeldCommand } from "./command.ts";
import { applyFilters, type Filters } from "./filters.ts";
import { LossMeter } from "./losses.ts";
import { OverheadMeter } from "./overhead.ts";
import type { OpenStream } from "./stream.ts";
import { type Arguments, type AttachedTool, type Interval, plansOf, type Tool } from "./tool.ts";
import type { EndReason, HeaderValue, LostValue, SummaryValue, Value } from "./value.ts";
import { VERSION } from "./version.ts";

/** Takes what a session gives. `flush` is called at least every 50 ms while there is something to flush. */
export interface Sink {
  /** Takes a value, in the order of what happened. */
  emit(value: Value): void;
  /** Writes what was kept back. */
  flush(): void;
}

/** Why a session is asked to stop, as the reason of its `stop` signal. */
export interface StopRequest {
  /** Why it stops. */
  readonly reason: EndReason;
  /** The signal to pass on to the command, if any. */
  readonly signal?: Deno.Signal;
}

/** How a tool runs. */
export interface RunOptions {
  /** Use this plan, and no other. */
  readonly plan?: string;
  /** The tool's own parameters. */
  readonly args?: Arguments;
  /** Whom to trace; everyone where not given. */
  readonly filters?: Filters;
  /** Ends it after so many ms. */
  readonly durationMs?: number;
  /** Ends it after so many events. */
  readonly maxEvents?: number;
  /** Tell what tracing cost. */
  readonly stats?: boolean;
  /** End when the programs take more than this share of one CPU, in percent of a second. */
  readonly maxOverhead?: number;
  /** Started once every probe is armed; tracing ends when it ends. */
  readonly command?: CommandOptions | HeldCommand;
  /** Ends with this process. */
  readonly process?: number | undefined;
  /** Called once every probe is armed. */
  readonly onArmed?: () => void;
  /** The file descriptor that the output goes to: the session ends once nobody reads there any more. */
  readonly outputFd?: number;
  /** Ends the session; its reason is a {@linkcode StopRequest}. */
  readonly stop: AbortSignal;
}

/** How it went. */
export interface Outcome {
  /** The last value that was emitted. */
  readonly summary: SummaryValue;
  /** The command's exit status. */
  readonly commandStatus: number | undefined;
}

// At most so many records are read before timers and signals get their turn.
const RECORDS_PER_TURN = 8192;
// The kernel wakes the reader when a buffer fills up; until then it looks by itself this often.
const LOOK_EVERY_MS = 20;
const LOSSES_EVERY_MS = 1000;
const PROCESS_EVERY_MS = 100;
const ARMED = "gimlet_armed";

/**
 * Runs a tool to its end.
 *
 * @throws {BpfError} where it cannot begin
 */
export async function runTool(tool: Tool, options: RunOptions, sink: Sink): Promise<Outcome> {
  requireCapabilities();
  const made = attachTool(tool, options);
  using attached = made.plan;
  using stream = explained(() => tool.stream?.open(attached.object));
  announce(tool, made, sink);
  const { args = {} } = options;
  return await runSession(
    {
      object: attached.object,
      stream,
      settle: () => attached.settle(),
      detach: () => attached.detach(),
      report: tool.report?.(attached.object, args) ?? (() => []),
      interval: tool.interval?.(args),
      durationMs: tool.durationMs,
    },
    options,
    sink,
  );
}

/** What a session runs: something loaded and attached, not yet armed. */
export interface Subject {
  /** Where it is gimlet's own, it has the flag `gimlet_armed` and the map `gimlet_losses`. */
  readonly object: LoadedObject<Skeleton>;
  readonly stream?: OpenStream | undefined;
  /** Waits until no program of it runs any more, once it is disarmed. */
  settle(): Promise<void>;
  detach(): Promise<void>;
  /** What there is to say at each interval and at the end. */
  report(): Value[];
  /** Called right before it is armed. Where it gives false, it is not armed at all. */
  readonly begin?: () => boolean;
  /** Called once it is disarmed, and all that happened before was read. */
  readonly end?: () => void;
  readonly interval?: Interval | undefined;
  /** When it ends, if neither a duration nor a command is given. */
  readonly durationMs?: number | undefined;
}

/** Runs what is attached, from arming to the last value. What it needs stays open: the caller disposes of it. */
export async function runSession(
  subject: Subject,
  options: RunOptions,
  sink: Sink,
): Promise<Outcome> {
  return await new Session(subject, options, sink).run();
}

/** By its own way, else by the first plan that works. */
function attachTool(tool: Tool, options: RunOptions): AttachedTool {
  const pid = tracedProcess(tool, options);
  if (tool.attach !== undefined) return tool.attach({ pid, filters: options.filters ?? {} });
  const plan = attachFirst(chosenPlans(tool, options), () => openTool(tool, options), { pid });
  const note = tool.notes?.[plan.name];
  return { plan, walks: [], notes: note === undefined ? [] : [note] };
}

/** A plan of a tool, tried. */
export interface PlanReport {
  readonly plan: string;
  /** The probes that it attaches to; `undefined` where it cannot be used. */
  readonly probes: readonly string[] | undefined;
  /** Why it cannot be used. */
  readonly reason: string | undefined;
}

/** Tries every plan of a tool on the running kernel. */
export function tryPlans(tool: Tool, args: Arguments = {}): PlanReport[] {
  requireCapabilities();
  const pid = tracedProcess(tool, { args });
  return Object.entries(plansOf(tool, args)).map(([name, plan]) => {
    const tried = tryPlan(name, plan, () => openTool(tool, { args }), { pid });
    if (!(tried instanceof AttachedPlan)) {
      return { plan: name, probes: undefined, reason: tried.error.cause };
    }
    using attached = tried;
    return { plan: name, probes: attached.links.map(({ target }) => target), reason: undefined };
  });
}

function chosenPlans(tool: Tool, { plan: name, args = {} }: RunOptions): Plans {
  const plans = plansOf(tool, args);
  if (name === undefined) return plans;
  const plan = plans[name];
  if (plan === undefined) {
    const names = Object.keys(plans).join(", ");
    throw new RangeError(`Cannot use plan "${name}": ${tool.name} has ${names}`);
  }
  return { [name]: plan };
}

type Target = Pick<RunOptions, "filters" | "args">;

/** The process that is traced, if it is only one: probes in user space need not be set in others. */
function tracedProcess(tool: Tool, { filters = {}, args = {} }: Target): number | undefined {
  const pid = tool.process?.(args) ?? filters.tgid ?? filters.pid;
  if (pid !== undefined) requireProcess(pid);
  return pid;
}

function openTool(tool: Tool, { filters = {}, args = {} }: Target) {
  const tgid = tool.process?.(args);
  const object = applyFilters(openObject(tool.skeleton), {
    ...filters,
    ...(tgid === undefined ? {} : { tgid }),
  });
  tool.configure?.(object, args);
  return object;
}

function announce(tool: Tool, { plan, walks, notes }: AttachedTool, sink: Sink): void {
  sink.emit(headerOf(tool.name, plan.name));
  for (const text of notes) sink.emit({ type: "status", kind: "note", text });
  for (const text of [tool.banner, tool.stream?.header]) {
    if (text !== undefined) sink.emit({ type: "status", kind: "output", text });
  }
  sink.emit({ type: "attached", probes: [...plan.links, ...walks].map(({ target }) => target) });
}

/** The first value of a run. */
export function headerOf(tool: string, plan: string): HeaderValue {
  return {
    type: "header",
    tool,
    version: VERSION,
    plan,
    kernel: Deno.osRelease(),
    boot_to_wall_ns: clockNow("realtime") - clockNow("monotonic"),
  };
}

class Session {
  readonly #subject: Subject;
  readonly #stream: OpenStream | undefined;
  readonly #options: RunOptions;
  readonly #sink: Sink;
  readonly #losses: LossMeter;
  readonly #interval: Interval;
  readonly #durationMs: number;
  readonly #epoll = new Epoll();
  readonly #started = clockNow("monotonic");
  readonly #overhead: OverheadMeter | undefined;
  #tooMuch = false;
  #events = 0;
  #lost = 0n;
  #reports = 0;
  #outputClosed = false;
  #nextProcessLook = 0;
  #command: Command | undefined;

  constructor(subject: Subject, options: RunOptions, sink: Sink) {
    const { object, stream, interval = { ms: Infinity } } = subject;
    this.#subject = subject;
    this.#stream = stream;
    this.#options = options;
    this.#sink = sink;
    this.#losses = new LossMeter(object);
    this.#interval = interval;
    const untilStopped = options.command === undefined ? subject.durationMs : undefined;
    this.#durationMs = options.durationMs ?? untilStopped ?? Infinity;
    const { stats = false, maxOverhead } = options;
    if (stats || maxOverhead !== undefined) {
      this.#overhead = new OverheadMeter(object.programs());
    }
    for (const fd of stream?.fds ?? []) this.#epoll.add(fd);
    const { outputFd } = options;
    if (outputFd !== undefined) this.#epoll.addHangUp(outputFd, () => this.#outputClosed = true);
  }

  async run(): Promise<Outcome> {
    const { command, onArmed, stop } = this.#options;
    const wake = () => this.#epoll.wake();
    stop.addEventListener("abort", wake);
    try {
      const isWanted = this.#subject.begin?.() ?? true;
      if (isWanted) this.#arm(true);
      this.#sink.flush();
      onArmed?.();
      if (command !== undefined) {
        this.#command = command instanceof HeldCommand ? command.start() : new Command(command);
        this.#command.status.then(wake, wake);
      }
      // From here on: the command is to run as it would by itself.
      using _urgent = this.#stream && urgently();
      const summary = await this.#finish(await this.#readUntilEnd());
      // The last: what was seen is told before that.
      await this.#subject.detach();
      return { summary, commandStatus: await this.#waitForCommand() };
    } finally {
      stop.removeEventListener("abort", wake);
      this.#overhead?.[Symbol.dispose]();
      await this.#epoll.close();
    }
  }

  /**
   * An object that is none of gimlet's may have no such switch: its programs run from when they are attached until they are
   * detached.
   */
  #arm(armed: boolean): boolean {
    const { object } = this.#subject;
    const isThere = Object.hasOwn(object.skeleton.globals, ARMED);
    if (isThere) object.setGlobal(ARMED, armed);
    return isThere;
  }

  async #readUntilEnd(): Promise<EndReason> {
    let nextLosses = LOSSES_EVERY_MS;
    for (;;) {
      const taken = this.#drain(RECORDS_PER_TURN);
      const elapsed = this.#elapsedMs();
      if (elapsed >= nextLosses) {
        this.#tellLosses(this.#losses.news());
        this.#checkOverhead();
        nextLosses = elapsed + LOSSES_EVERY_MS;
      }
      if (elapsed >= this.#nextReport()) this.#tellReport();
      this.#sink.flush();
      const end = this.#endReason(elapsed);
      if (end !== undefined) return end;
      // Even when there is more to read: signals and timers come first.
      await this.#epoll.wait(taken === RECORDS_PER_TURN ? 0 : this.#patience(elapsed));
    }
  }

  #endReason(elapsedMs: number): EndReason | undefined {
    const { stop, maxEvents = Infinity } = this.#options;
    if (this.#events >= maxEvents) return "max-events";
    if (this.#outputClosed) return "stdout-closed";
    if (stop.aborted) return (stop.reason as StopRequest).reason;
    if (this.#tooMuch) return "max-overhead";
    if (elapsedMs >= this.#durationMs) return "duration";
    if (this.#processHasEnded(elapsedMs)) return "process";
    if (this.#reports >= (this.#interval.count ?? Infinity)) return "count";
    return this.#command?.ended ? "command" : undefined;
  }

  #processHasEnded(elapsedMs: number): boolean {
    const { process } = this.#options;
    if (process === undefined || elapsedMs < this.#nextProcessLook) return false;
    this.#nextProcessLook = elapsedMs + PROCESS_EVERY_MS;
    return !hasProcess(process);
  }

  /** How long nothing needs to be done, in ms, if the kernel does not call. */
  #patience(elapsedMs: number): number {
    const process = this.#options.process === undefined ? Infinity : PROCESS_EVERY_MS;
    const look = this.#stream === undefined ? LOSSES_EVERY_MS : LOOK_EVERY_MS;
    return Math.min(look, process, this.#durationMs - elapsedMs, this.#nextReport() - elapsedMs);
  }

  #nextReport(): number {
    return (this.#reports + 1) * this.#interval.ms;
  }

  async #finish(reason: EndReason): Promise<SummaryValue> {
    const { end } = this.#subject;
    const duration_ns = clockNow("monotonic") - this.#started;
    if (this.#arm(false)) await this.#subject.settle();
    else await this.#subject.detach();
    const losses = this.#losses.news();
    // What happened before the end was seen; beyond the limit that was asked for nothing is.
    if (reason !== "max-events") {
      while (this.#drain(RECORDS_PER_TURN) > 0) {
        this.#sink.flush();
        await this.#epoll.wait(0); // signals come first here, too
      }
      losses.push(...this.#stream?.losses?.(this.#losses.printed) ?? []);
    }
    if (end !== undefined) {
      end();
      while (this.#drain(RECORDS_PER_TURN) > 0) this.#sink.flush();
      losses.push(...this.#losses.news());
    }
    this.#tellLosses(losses);
    if (reason !== "count") this.#tellReport();
    if (this.#options.stats && this.#overhead) this.#sink.emit(this.#overhead.value(duration_ns));
    const summary: SummaryValue = {
      type: "summary",
      events: this.#events,
      lost: this.#lost,
      duration_ns,
      ended_by: reason,
    };
    this.#sink.emit(summary);
    this.#sink.flush();
    return summary;
  }

  #checkOverhead(): void {
    const { maxOverhead } = this.#options;
    if (maxOverhead === undefined || this.#overhead === undefined) return;
    const percent = this.#overhead.percentSince(clockNow("monotonic") - this.#started);
    if (percent <= maxOverhead) return;
    this.#tooMuch = true;
    const text = `the programs took ${percent.toFixed(1)} % of a CPU, more than ${maxOverhead} %`;
    this.#sink.emit({ type: "status", kind: "note", text: `detached: ${text}` });
  }

  #drain(limit: number): number {
    const { maxEvents = Infinity } = this.#options;
    if (this.#events >= maxEvents) return 0;
    return this.#stream?.drain(limit, (event) => {
      this.#sink.emit(event);
      return ++this.#events < maxEvents;
    }) ?? 0;
  }

  #tellReport(): void {
    this.#reports++;
    for (const value of this.#subject.report()) this.#sink.emit(value);
  }

  #tellLosses(losses: readonly LostValue[]): void {
    for (const value of losses) {
      this.#lost += value.count;
      this.#sink.emit(value);
    }
  }

  async #waitForCommand(): Promise<number | undefined> {
    const { stop } = this.#options;
    const command = this.#command;
    if (command === undefined) return undefined;
    const passOn = () => {
      const { signal } = stop.reason as StopRequest;
      if (signal !== undefined) command.signal(signal);
    };
    if (stop.aborted) passOn();
    else stop.addEventListener("abort", passOn, { once: true });
    try {
      return await command.status;
    } finally {
      stop.removeEventListener("abort", passOn);
    }
  }

  #elapsedMs(): number {
    return Number((clockNow("monotonic") - this.#started) / 1_000_000n);
  }
}
