/** Options of a command line, whatever they are for: read, and shown in the help. */

import { parseArgs, type ParsedArgs } from "./std.ts";
import { unknownName, UsageError } from "./usage.ts";

/** One option. `value` is what it takes, as the help shows it; without it the option is a switch. */
export interface Option {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly help: string;
}

/**
 * Reads options, and the words before and behind `--`.
 *
 * @throws {UsageError} where one is not known
 */
export function parseOptions(options: readonly Option[], args: readonly string[]): ParsedArgs {
  const takesValue = options.filter(({ value }) => value !== undefined).map(({ name }) => name);
  return parseArgs(args, {
    "--": true,
    string: ["_", ...takesValue],
    boolean: options.filter(({ value }) => value === undefined).map(({ name }) => name),
    collect: takesValue,
    alias: { v: "verbose", h: "help" },
    unknown: (arg, key) => {
      if (key === undefined) return true; // an argument, not an option
      throw unknownName("option", arg.replace(/=.*/s, ""), options.map(({ name }) => `--${name}`));
    },
  });
}

/** The value of an option that may be given once. */
export function text(parsed: ParsedArgs, name: string): string | undefined {
  const values = texts(parsed, name);
  if (values.length > 1) {
    throw new UsageError(`Option ${dashed(name)} is given ${values.length} times`);
  }
  return values[0];
}

/** The values of an option that may be given again and again. */
export function texts(parsed: ParsedArgs, name: string): string[] {
  const values = parsed[name];
  if (!Array.isArray(values)) return [];
  if (values.includes("")) throw new UsageError(`Option ${dashed(name)} needs a value`);
  return values.map(String);
}

/** An option as people write it: `-e`, `--json`. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** The help's line for an option. */
export function optionLine({ name, short, value, help }: Option): string {
  const dash = short !== undefined ? `-${short}, ` : name.length === 1 ? "" : "    ";
  return `  ${`${dash}${dashed(name)}${value ? ` ${value}` : ""}`.padEnd(28)} ${help}`;
}
