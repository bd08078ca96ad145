/** All builtins, by their names. */

import { AGGREGATES } from "./aggregates.ts";
import type { BuiltinFunction, BuiltinValue } from "./builtin.ts";
import { CONTROL } from "./control.ts";
import { FILES } from "./files.ts";
import { LENGTHS } from "./lengths.ts";
import { PROCESSES } from "./namespaces.ts";
import { NETWORK } from "./network.ts";
import { OUTPUT } from "./output.ts";
import { PACKETS } from "./packets.ts";
import { SEARCH } from "./search.ts";
import { STACKS } from "./stacks.ts";
import { TEXT } from "./text.ts";
import { USER_SYMBOLS } from "./user_symbols.ts";
import { VALUES } from "./values.ts";

let values: ReadonlyMap<string, BuiltinValue> | undefined;
let functions: ReadonlyMap<string, BuiltinFunction> | undefined;

// Made on first use: the tables and the lowerer know each other.
function byName<T extends { readonly names: readonly string[] }>(
  all: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(all.flatMap((each) => each.names.map((name) => [name, each] as const)));
}

function allFunctions(): ReadonlyMap<string, BuiltinFunction> {
  return functions ??= byName([
    ...AGGREGATES,
    ...OUTPUT,
    ...TEXT,
    ...NETWORK,
    ...CONTROL,
    ...STACKS,
    ...SEARCH,
    ...LENGTHS,
    ...FILES,
    ...PACKETS,
    ...PROCESSES,
    ...USER_SYMBOLS,
  ]);
}

/** `pid` */
export function builtinValue(name: string): BuiltinValue | undefined {
  return (values ??= byName(VALUES)).get(name);
}

/** `printf` */
export function builtinFunction(name: string): BuiltinFunction | undefined {
  return allFunctions().get(name);
}

/** Functions and values that bpftrace has and gimlet has not. */
export const MISSING: readonly string[] = [
  ...[
    "fail",
    "debugf",
    "stack_len",
    "socket_cookie",
  ],
  ...["percpu_kaddr", "strcap", "is_ptr", "is_str", "is_array"],
  ...["kfunc_exist", "kfunc_allowed", "find", "for_each_cgroup", "buf_to_str"],
];

/** The names of all values, for those who wrote another. */
export function builtinNames(): string[] {
  return VALUES.flatMap(({ names }) => names);
}

/** The names of all functions. */
export function functionNames(): string[] {
  return [...allFunctions().keys()].filter((name) => /^\w+$/.test(name));
}
