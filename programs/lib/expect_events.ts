/** Assertions about what the kernel does, for tests. */

import { json, jsonLine } from "./json.ts";
import { type RunOptions, runTool } from "./session.ts";
import type { Tool } from "./tool.ts";
import type { EventValue, Fields, Value } from "./value.ts";

/** What should happen, and when. */
export interface ExpectedEvents extends Pick<RunOptions, "plan" | "args" | "filters"> {
  /** The program and its arguments; it is started once every probe is armed, and tracing ends when it ends. */
  readonly command: readonly string[];
  /** Which events count; all where not given. */
  readonly where?: (event: Fields) => boolean;
  /** How many of them there have to be; 1 where not given. */
  readonly atLeast?: number;
}

/** Not as many events as there should be. The message shows those that there were. */
export class ExpectationError extends Error {
  /** As assertions of other libraries are called: test runners know it. */
  override readonly name = "AssertionError";
}

const SHOWN = 10;

/**
 * Runs a tool around a command, and gives the events that match, in their order.
 *
 * @example
 * ```ts
 * // As root:
 * import helloPerfOutput from "../tools/hello_perf_output/hello_perf_output.ts";
 * const events = await expectEvents(helloPerfOutput, {
 *   command: ["sh", "-c", "/bin/true; :"],
 *   where: ({ comm }) => comm === "sh",
 * });
 * console.log(events.length);
 * ```
 *
 * @throws {ExpectationError} where there are too few
 * @throws {BpfError} where the tool cannot run, or the command cannot be started
 */
export async function expectEvents(tool: Tool, expected: ExpectedEvents): Promise<Fields[]> {
  const { command, where = () => true, atLeast = 1, ...options } = expected;
  const values: Value[] = [];
  await runTool(tool, {
    ...options,
    command: { words: command, output: undefined },
    stop: new AbortController().signal,
  }, { emit: (value) => values.push(value), flush: () => {} });
  const seen = values.filter((value): value is EventValue => value.type === "event");
  const matching = seen.map(({ fields }) => fields).filter(where);
  if (matching.length >= atLeast) return matching;
  throw new ExpectationError([
    `${tool.name} around ${
      json(command)
    } saw ${matching.length} matching events of ${seen.length}, ` +
    `should be at least ${atLeast}`,
    ...shown(seen.map((value) => jsonLine(value) ?? "")),
    ...values.flatMap((value) => value.type === "lost" ? [jsonLine(value) ?? ""] : []),
  ].join("\n  "));
}

function shown(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `and ${more} more`] : [...lines];
}
