/**
 * The one event loop: how every tool runs.
 *
 * open → filters → load → attach by the first plan that works → arm → start the command → read until something ends it → disarm and
 * detach → read the rest → results → summary → wait for the command.
 */

import { Epoll } from "../../ffi/bpf/epoll.ts";
import { openObject } from "../../ffi/bpf/object.ts";
import type { Skeleton } from "../../ffi/bpf/skeleton.ts";
import { clockNow } from "../../ffi/host/clock.ts";
import { requireCapabilities } from "../../ffi/probes/permission.ts";
import { AttachedPlan, attachFirst, type Plans, tryPlan } from "../../ffi/probes/plan.ts";
import { Command, type CommandOptions } from "./command.ts";
import { applyFilters, type Filters } from "./filters.ts";
import { LossMeter } from "./losses.ts";
import type { OpenStream } from "./stream.ts";
import type { Tool } from "./tool.ts";
import type { EndReason, LostValue, SummaryValue, Value } from "./value.ts";
import { VERSION } from "./version.ts";

/** Takes what a session gives. `flush` is called at least every 50 ms while there is something to flush. */
export interface Sink {
  emit(value: Value): void;
  flush(): void;
}

/** Why a session is asked to stop, as the reason of its `stop` signal. */
export interface StopRequest {
  readonly reason: EndReason;
  /** The signal to pass on to the command, if any. */
  readonly signal?: Deno.Signal;
}

/** How a tool runs. */
export interface RunOptions {
  /** Use this plan, and no other. */
  readonly plan?: string;
  readonly filters?: Filters;
  readonly durationMs?: number;
  readonly maxEvents?: number;
  /** Started once every probe is armed; tracing ends when it ends. */
  readonly command?: CommandOptions;
  /** Ends the session; its reason is a {@linkcode StopRequest}. */
  readonly stop: AbortSignal;
}

/** How it went. */
export interface Outcome {
  readonly summary: SummaryValue;
  /** The command's exit status. */
  readonly commandStatus: number | undefined;
}

// At most so many records are read before timers and signals get their turn.
const RECORDS_PER_TURN = 8192;
// The kernel wakes the reader when a buffer is a quarter full; until then it looks by itself this often.
const LOOK_EVERY_MS = 20;
const LOSSES_EVERY_MS = 1000;

/**
 * Runs a tool to its end.
 *
 * @throws {BpfError} where it cannot begin
 */
export async function runTool(tool: Tool, options: RunOptions, sink: Sink): Promise<Outcome> {
  requireCapabilities();
  using attached = attachFirst(plansOf(tool, options.plan), () => openTool(tool, options.filters));
  using stream = tool.stream?.open(attached.object);
  announce(tool, attached, sink);
  const session = new Session(tool, attached, stream, options, sink);
  return await session.run();
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
export function tryPlans(tool: Tool): PlanReport[] {
  requireCapabilities();
  return Object.entries(tool.plans).map(([name, plan]) => {
    const tried = tryPlan(name, plan, () => openTool(tool));
    if (!(tried instanceof AttachedPlan)) {
      return { plan: name, probes: undefined, reason: tried.error.cause };
    }
    using attached = tried;
    return { plan: name, probes: attached.links.map(({ target }) => target), reason: undefined };
  });
}

function plansOf(tool: Tool, name: string | undefined): Plans {
  if (name === undefined) return tool.plans;
  const plan = tool.plans[name];
  if (plan === undefined) {
    const names = Object.keys(tool.plans).join(", ");
    throw new RangeError(`Cannot use plan "${name}": ${tool.name} has ${names}`);
  }
  return { [name]: plan };
}

function openTool(tool: Tool, filters: Filters = {}) {
  return applyFilters(openObject(tool.skeleton), filters);
}

function announce(tool: Tool, attached: AttachedPlan<Skeleton>, sink: Sink): void {
  sink.emit({
    type: "header",
    tool: tool.name,
    version: VERSION,
    plan: attached.name,
    kernel: Deno.osRelease(),
    boot_to_wall_ns: clockNow("realtime") - clockNow("monotonic"),
  });
  for (const text of [tool.banner, tool.stream?.header]) {
    if (text !== undefined) sink.emit({ type: "status", kind: "output", text });
  }
  sink.emit({ type: "attached", probes: attached.links.map(({ target }) => target) });
}

class Session {
  readonly #tool: Tool;
  readonly #attached: AttachedPlan<Skeleton>;
  readonly #stream: OpenStream | undefined;
  readonly #options: RunOptions;
  readonly #sink: Sink;
  readonly #losses: LossMeter;
  readonly #epoll = new Epoll();
  readonly #started = clockNow("monotonic");
  #events = 0;
  #lost = 0n;
  #command: Command | undefined;

  constructor(
    tool: Tool,
    attached: AttachedPlan<Skeleton>,
    stream: OpenStream | undefined,
    options: RunOptions,
    sink: Sink,
  ) {
    this.#tool = tool;
    this.#attached = attached;
    this.#stream = stream;
    this.#options = options;
    this.#sink = sink;
    this.#losses = new LossMeter(attached.object);
    for (const fd of stream?.fds ?? []) this.#epoll.add(fd);
  }

  async run(): Promise<Outcome> {
    const { command, stop } = this.#options;
    const wake = () => this.#epoll.wake();
    stop.addEventListener("abort", wake);
    try {
      this.#attached.object.setGlobal("gimlet_armed", true);
      this.#sink.flush();
      if (command !== undefined) {
        this.#command = new Command(command);
        this.#command.status.then(wake, wake);
      }
      const summary = this.#finish(await this.#readUntilEnd());
      return { summary, commandStatus: await this.#waitForCommand() };
    } finally {
      stop.removeEventListener("abort", wake);
      await this.#epoll.close();
    }
  }

  async #readUntilEnd(): Promise<EndReason> {
    let nextLosses = LOSSES_EVERY_MS;
    for (;;) {
      const taken = this.#drain(RECORDS_PER_TURN);
      const elapsed = this.#elapsedMs();
      if (elapsed >= nextLosses) {
        this.#tellLosses(false);
        nextLosses = elapsed + LOSSES_EVERY_MS;
      }
      this.#sink.flush();
      const end = this.#endReason();
      if (end !== undefined) return end;
      // Even when there is more to read: signals and timers come first.
      await this.#epoll.wait(taken === RECORDS_PER_TURN ? 0 : this.#patience(elapsed));
    }
  }

  #endReason(): EndReason | undefined {
    const { stop, durationMs, maxEvents } = this.#options;
    if (maxEvents !== undefined && this.#events >= maxEvents) return "max-events";
    if (stop.aborted) return (stop.reason as StopRequest).reason;
    if (durationMs !== undefined && this.#elapsedMs() >= durationMs) return "duration";
    return this.#command?.ended ? "command" : undefined;
  }

  /** How long nothing needs to be done, in ms, if the kernel does not call. */
  #patience(elapsedMs: number): number {
    const { durationMs = Infinity } = this.#options;
    const look = this.#stream === undefined ? LOSSES_EVERY_MS : LOOK_EVERY_MS;
    return Math.min(look, durationMs - elapsedMs);
  }

  #finish(reason: EndReason): SummaryValue {
    const { object } = this.#attached;
    object.setGlobal("gimlet_armed", false);
    this.#attached.detach();
    // What happened before the end was seen; beyond the limit that was asked for nothing is.
    if (reason !== "max-events") { while (this.#drain(RECORDS_PER_TURN) > 0) this.#sink.flush(); }
    this.#tellLosses(true);
    for (const value of this.#tool.end?.(object) ?? []) this.#sink.emit(value);
    const summary: SummaryValue = {
      type: "summary",
      events: this.#events,
      lost: this.#lost,
      duration_ns: clockNow("monotonic") - this.#started,
      ended_by: reason,
    };
    this.#sink.emit(summary);
    this.#sink.flush();
    return summary;
  }

  #drain(limit: number): number {
    const { maxEvents = Infinity } = this.#options;
    if (this.#events >= maxEvents) return 0;
    return this.#stream?.drain(limit, (event) => {
      this.#sink.emit(event);
      return ++this.#events < maxEvents;
    }) ?? 0;
  }

  #tellLosses(atEnd: boolean): void {
    const fromStream = this.#stream?.losses?.(this.#losses.printed, atEnd) ?? [];
    const news: LostValue[] = [...this.#losses.news(), ...fromStream];
    for (const value of news) {
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
