/** Why there is no tracepoint of a name. */

import type { ProbeAnswer, Reason } from "./answer.ts";
import type { ReasonInput } from "./facts.ts";
import { existing, missingPart } from "./function.ts";
import { nearestNames } from "./nearest.ts";
import { CATEGORIES, type Successor, SWITCHES, TRACEPOINTS } from "./successors.ts";

/** Explains `tracepoint:category:event`. */
export function explainTracepoint(name: string, input: ReasonInput): ProbeAnswer {
  const probe = `tracepoint:${name}`;
  const names = input.sources.tracepoints.map(({ category, event }) => `${category}:${event}`);
  if (names.includes(name)) return { probe, usable: true, reasons: [], instead: [] };
  return { probe, usable: false, ...missing(name, names, input) };
}

/** Explains `rawtracepoint:event`. */
export function explainRawTracepoint(event: string, input: ReasonInput): ProbeAnswer {
  const probe = `rawtracepoint:${event}`;
  const { tracepoints, types } = input.sources;
  const isThere =
    tracepoints.some((each) => each.category !== "syscalls" && each.event === event) ||
    types.some(({ btf }) => btf.find(`btf_trace_${event}`, "typedef") !== undefined);
  if (isThere) return { probe, usable: true, reasons: [], instead: [] };
  const syscall = /^sys_(enter|exit)_(.*)$/.exec(event);
  if (syscall !== null) {
    const text = "system calls have two raw tracepoints for all of them: sys_enter and sys_exit";
    const instead = [
      `rawtracepoint:sys_${syscall[1]}`,
      ...existing([`tracepoint:syscalls:${event}`], input),
    ];
    return { probe, usable: false, reasons: [{ code: "renamed", text }], instead };
  }
  const text = `the kernel has no raw tracepoint ${event}`;
  const names = tracepoints.map((each) => each.event);
  return {
    probe,
    usable: false,
    reasons: [{ code: "not_found", text }],
    instead: nearestNames(event, names).map((name) => `rawtracepoint:${name}`),
  };
}

function missing(
  name: string,
  names: readonly string[],
  input: ReasonInput,
): Pick<ProbeAnswer, "reasons" | "instead"> {
  const [category = "", event = ""] = name.split(":");
  const hasCategory = names.some((each) => each.startsWith(`${category}:`));
  // The end of a system call was renamed with its begin.
  const known = TRACEPOINTS[name.replace(":sys_exit_", ":sys_enter_")] ??
    (hasCategory ? undefined : CATEGORIES[category]);
  if (known !== undefined) return succeeded(name, known, input);
  const reason = switchedOff(name, input) ??
    (hasCategory ? undefined : missingPart(category, input));
  if (reason !== undefined) return { reasons: [reason], instead: [] };
  const elsewhere = names.filter((each) => each.endsWith(`:${event}`));
  const text = hasCategory
    ? `the kernel has no tracepoint ${event} among those of ${category}`
    : `the kernel has no tracepoints of ${category}`;
  const near = elsewhere.length > 0 ? elsewhere : nearestNames(name, names);
  return {
    reasons: [{ code: "not_found", text }],
    instead: near.map((each) => `tracepoint:${each}`),
  };
}

function succeeded(
  name: string,
  { kind, since, probes }: Successor,
  input: ReasonInput,
): Pick<ProbeAnswer, "reasons" | "instead"> {
  const exit = name.includes(":sys_exit_");
  const wanted = probes.map((probe) => exit ? probe.replace(":sys_enter_", ":sys_exit_") : probe);
  const text = `the tracepoint ${name} was ${kind} in Linux ${since}`;
  return { reasons: [{ code: kind, text }], instead: existing(wanted, input) };
}

function switchedOff(name: string, input: ReasonInput): Reason | undefined {
  const config = SWITCHES.find(({ pattern }) => pattern.test(name))?.config;
  if (config === undefined || input.isConfigured(config) === true) return undefined;
  const isThere = input.sources.tracepoints.some(({ category }) => category === name.split(":")[0]);
  // Where the configuration cannot be read, system calls that are there say that it is on.
  if (input.isConfigured(config) === undefined && config === "CONFIG_FTRACE_SYSCALLS" && isThere) {
    return undefined;
  }
  return { code: "config_off", text: `the kernel is built without ${config}, which makes it` };
}
