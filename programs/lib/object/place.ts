/** Where a program of somebody's object is to be attached, in words: `kprobe:vfs_read`, `profile:99`, `xdp:eth0`. */

import { PERF_EVENTS, type PerfEventTarget } from "../../../ffi/bpf/attach/perf_event.ts";
import type { Link } from "../../../ffi/bpf/link.ts";
import type { Program } from "../../../ffi/bpf/program.ts";
import { attachProbe, requireProvider } from "../../../ffi/probes/plan.ts";
import { parseProbe, type ProbeSpec } from "../../../ffi/probes/spec.ts";

/** A place; `text` is how it was written. */
export type Place =
  & { readonly text: string }
  & (
    | { readonly kind: "probe"; readonly spec: ProbeSpec }
    | { readonly kind: "perf_event"; readonly target: PerfEventTarget }
    | { readonly kind: "xdp"; readonly interface: string }
    | { readonly kind: "tc"; readonly interface: string; readonly direction: "ingress" | "egress" }
    | { readonly kind: "cgroup" | "netns"; readonly path: string }
  );

/** The forms, for messages. */
export const PLACES =
  "kprobe:F, syscall:NAME, tracepoint:C:E, raw_tp:E, tp_btf:E, fentry:F, uprobe:FILE:F, usdt:FILE:P:N, " +
  "profile:HZ, perf_event:NAME[:PERIOD], xdp:IF, tc:IF:ingress, cgroup:PATH or netns:PATH";

/**
 * Reads a place.
 *
 * @throws {SyntaxError}
 */
export function parsePlace(text: string): Place {
  const [kind = "", first = "", ...rest] = text.split(":");
  const [second] = rest;
  const whole = [first, ...rest].join(":");
  if (first !== "") {
    switch (kind) {
      case "profile":
        if (!/^[1-9]\d{0,4}$/.test(whole)) break;
        return {
          text,
          kind: "perf_event",
          target: { event: "cpu-clock", frequency: Number(whole) },
        };
      case "perf_event":
        if (!isPerfEvent(first) || !/^[1-9]\d*$/.test(second ?? "1")) break;
        return { text, kind, target: { event: first, period: BigInt(second ?? 1) } };
      case "xdp":
        return { text, kind, interface: whole };
      case "tc":
        if (second !== "ingress" && second !== "egress") break;
        return { text, kind, interface: first, direction: second };
      case "cgroup":
      case "netns":
        return { text, kind, path: whole };
      default:
        return { text, kind: "probe", spec: parseProbe(text) };
    }
  }
  throw new SyntaxError(`Cannot read place "${text}": it should be like ${PLACES}`);
}

function isPerfEvent(name: string): name is keyof typeof PERF_EVENTS {
  return Object.hasOwn(PERF_EVENTS, name);
}

/** Where the program's type says what it attaches to before it is loaded: the function or event; else nothing. */
export function targetOf(place: Place): string | undefined {
  if (place.kind !== "probe") return undefined;
  const { spec } = place;
  const { provider } = spec;
  return provider === "fentry" || provider === "fexit" || provider === "tp_btf"
    ? spec.symbol
    : undefined;
}

/** Attaches a program to a place. `pid` is the one process of probes in user space. */
export function attachTo(
  program: Program,
  place: Place,
  { pid }: { readonly pid: number | undefined },
): Link[] {
  switch (place.kind) {
    case "probe":
      requireProvider(place.spec);
      return attachProbe(program, place.spec, { pid });
    case "perf_event":
      return [program.attachPerfEvent({ ...place.target, ...(pid === undefined ? {} : { pid }) })];
    case "xdp":
      return [program.attachXdp(place.interface)];
    case "tc":
      return [program.attachTc(place.interface, { direction: place.direction })];
    case "cgroup":
      return [program.attachCgroup(place.path)];
    case "netns":
      return [program.attachNetns(place.path)];
  }
}
