/** Probe names as a shell completes them: part by part, for a type may have tens of thousands. */

import { BpfError } from "../../errors.ts";
import { listProbes } from "../list.ts";
import { LISTED_TYPES } from "./pattern.ts";

/**
 * What a probe may be that begins so. Where many begin with the same part, that part with its colon stands for them:
 * `tracepoint:sched:`. Files are left to the shell.
 */
export function probesBeginningWith(text: string): string[] {
  const [head = "", ...rest] = text.split(":");
  if (rest.length === 0) {
    return LISTED_TYPES.map((type) => `${type}:`).filter((type) => type.startsWith(text));
  }
  try {
    const lists = listProbes(`${text}*`);
    // The type as it was typed, which may be a short name: `t:sched:`.
    const names = lists.flatMap(({ names }) => names.map((name) => `${head}:${name}`));
    return grouped(names.filter((name) => name.startsWith(text)), text);
  } catch (error) {
    if (error instanceof BpfError || error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Up to the next colon behind what was typed; whole, where only one is left. */
export function grouped(names: readonly string[], text: string): string[] {
  if (names.length === 1) return [...names];
  const groups = names.map((name) => {
    const colon = name.indexOf(":", text.length);
    return colon < 0 ? name : name.slice(0, colon + 1);
  });
  return [...new Set(groups)];
}
