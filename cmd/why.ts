/** `gimlet list --why NAME`: the answer for people and for programs. */

import type { ProbeSources } from "../ffi/probes/list/sources.ts";
import { explainWith, type ProbeAnswer, readFacts, type ReasonInput } from "../ffi/probes/why.ts";
import { json } from "../programs/lib/json.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import { tools } from "../programs/registry.gen.ts";
import { STATUS } from "./exit_status.ts";
import { bold } from "./std.ts";
import { UsageError } from "./usage.ts";
import type { Writer } from "./writer.ts";

/** A tool that sees the event, by a plan of its own. */
interface ToolPlan {
  readonly tool: string;
  readonly plans: readonly string[];
}

/** Answers each question; ends with 4 where one of the probes cannot be used. */
export function printWhy(
  { why, json }: { readonly why: readonly string[]; readonly json: boolean },
  sources: ProbeSources,
  out: Writer,
): number {
  let status: number = STATUS.done;
  const facts = readFacts(sources);
  for (const name of why) {
    const answer = explanationOf(name, facts);
    if (json) out.line(whyRecord(answer));
    else whyLines(answer).forEach((line) => out.line(line));
    if (!answer.usable) status = STATUS.noProbe;
  }
  out.flush();
  return status;
}

function explanationOf(name: string, facts: ReasonInput): ProbeAnswer {
  try {
    return explainWith(name, facts);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(error.message, "gimlet list --why kprobe:vfs_read");
  }
}

/** The text of an answer. */
function whyLines(answer: ProbeAnswer): string[] {
  const { probe, usable, reasons, instead } = answer;
  return [
    `${bold(probe)}: ${usable ? "can be attached, as far as lists tell" : "no"}`,
    ...reasons.flatMap(({ text, fix }) => [
      `  ${text}`,
      ...(fix === undefined ? [] : [`    ${bold("→")} ${fix}`]),
    ]),
    ...(instead.length === 0
      ? []
      : [`  ${bold("here there is:")}`, ...instead.map((each) => `    ${each}`)]),
    ...toolPlans(answer).map(({ tool, plans }) =>
      `  ${bold("the same event:")} gimlet ${tool}, which sees it by ${plans.join(", ")}`
    ),
  ];
}

/** The JSON record of an answer. */
function whyRecord(answer: ProbeAnswer): string {
  const { probe, usable, reasons, instead } = answer;
  return json({
    type: "why",
    probe,
    usable,
    reasons: reasons.map(({ code, text, fix = null }) => ({ code, text, fix })),
    instead,
    tools: toolPlans(answer).map(({ tool, plans }) => ({ tool, plans })),
  });
}

/** The tools of which one plan names the probe, or one that sees the same: their other plans do too. */
function toolPlans({ probe, instead }: ProbeAnswer): ToolPlan[] {
  const names = new Set([probe, ...instead].flatMap(plainName));
  return tools.flatMap((tool) => {
    const plans = Object.entries(plansWithoutArguments(tool));
    const places = plans.flatMap(([, plan]) => Object.values(plan).flatMap((each) => each ?? []));
    const sees = places.flatMap((place) => place.split(/[|?]/)).flatMap(plainName)
      .some((name) => names.has(name));
    return sees ? [{ tool: tool.name, plans: plans.map(([name]) => name) }] : [];
  });
}

/** A tool whose plans depend on its arguments names none of the kernel's functions. */
function plansWithoutArguments(tool: Tool) {
  return typeof tool.plans === "function" ? {} : plansOf(tool, {});
}

/** What stands behind the type and the module: `kprobe:vfs_read` and `fentry:vmlinux:vfs_read` are one. None for what is no place. */
function plainName(probe: string): string[] {
  const [type = "", ...parts] = probe.split(":");
  switch (type) {
    case "syscall":
      return [`__x64_sys_${parts[0]}`];
    case "tracepoint":
      return [parts.join(":")];
    case "hardware":
    case "software":
    case "profile":
    case "interval":
      return [];
    default:
      return parts.slice(-1);
  }
}
