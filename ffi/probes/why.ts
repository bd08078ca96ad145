/** Why a probe that a text names is not there, or cannot be attached; and what sees the same. */

import { type ListedType, parsePatterns } from "./list/pattern.ts";
import { ProbeSources } from "./list/sources.ts";
import { listFrom } from "./list.ts";
import type { ProbeAnswer } from "./why/answer.ts";
import { readFacts, type ReasonInput } from "./why/facts.ts";
import { explainFunction } from "./why/function.ts";
import { nearestNames } from "./why/nearest.ts";
import { explainRawTracepoint, explainTracepoint } from "./why/tracepoint.ts";
import { explainUser } from "./why/user.ts";

export { readFacts, type ReasonInput } from "./why/facts.ts";
export { type ProbeAnswer, type Reason, REASON_CODES, type ReasonCode } from "./why/answer.ts";

/** Where it is looked for. */
export interface ExplainOptions {
  /** A process: probes in user space are looked for in what it has mapped. */
  readonly pid?: number | undefined;
}

/**
 * Explains a probe: `kprobe:blk_account_io_done`, `tracepoint:random:urandom_read`, `uprobe:/bin/bash:readline`. A name without a type is a
 * function of the kernel, or with one colon a tracepoint.
 *
 * @throws {SyntaxError} where the type is not known
 */
export function explainProbe(name: string, options: ExplainOptions = {}): ProbeAnswer {
  return explainWith(name, readFacts(new ProbeSources(options)));
}

/** Explains a probe by facts that were read before: {@linkcode readFacts}. */
export function explainWith(name: string, input: ReasonInput): ProbeAnswer {
  const { type, parts } = typed(name);
  const [first = "", second] = parts;
  switch (type) {
    case "kprobe":
    case "kretprobe":
    case "fentry":
    case "fexit":
      return second === undefined
        ? explainFunction({ type, symbol: first, module: undefined }, input)
        : explainFunction({ type, symbol: second, module: first }, input);
    case "syscall":
      return explainFunction(
        { type: "kprobe", symbol: `__x64_sys_${first}`, module: undefined },
        input,
      );
    case "tracepoint":
      return explainTracepoint(parts.join(":"), input);
    case "rawtracepoint":
      return explainRawTracepoint(first, input);
    case "uprobe":
    case "uretprobe":
    case "usdt":
      return explainUser(type, parts, input.sources);
    case "hardware":
    case "software":
    case "interval":
    case "profile":
    case "iter":
      return explainListed(type, parts, input.sources);
  }
}

/** Names in texts often come without their type. */
function typed(name: string): { type: ListedType; parts: readonly string[] } {
  const [head = "", ...rest] = name.split(":");
  if (rest.length === 0 && /^\w+(\.\w+)*$/.test(head)) return { type: "kprobe", parts: [head] };
  const isTyped = parsesAsType(head);
  if (!isTyped && rest.length === 1) return { type: "tracepoint", parts: [head, ...rest] };
  const [{ types: [type = "kprobe"], parts } = { types: [], parts: [] }] = parsePatterns(name);
  return { type, parts };
}

function parsesAsType(head: string): boolean {
  try {
    return parsePatterns(`${head}:x`).every(({ named }) => named);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function explainListed(
  type: ListedType,
  parts: readonly string[],
  sources: ProbeSources,
): ProbeAnswer {
  const probe = [type, ...parts].join(":");
  const names = listFrom(probe, sources).flatMap((list) => list.names);
  if (names.length > 0) return { probe, usable: true, reasons: [], instead: [] };
  const all = listFrom(`${type}:*`, sources).flatMap((list) => list.names);
  return {
    probe,
    usable: false,
    reasons: [{ code: "not_found", text: `there is no ${probe}` }],
    instead: nearestNames(parts[0] ?? "", all).map((each) => `${type}:${each}`),
  };
}
