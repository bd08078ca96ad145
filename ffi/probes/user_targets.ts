/** What there is to trace in a program, a library or a process, as attaching takes it. */

import { parseElf } from "../elf/elf.ts";
import type { UsdtTarget } from "../bpf/attach/user.ts";
import { glob } from "./list/pattern.ts";
import { functionSymbols } from "./list/user.ts";
import { listProbes } from "./list.ts";
import {
  type FindOptions,
  findUserFile,
  offsetsOf,
  readFile,
  type UserFunction,
} from "./user_function.ts";

/**
 * The functions of a program or library (as {@linkcode findUserFunction} takes it) whose names match a pattern with `*`, `?` and
 * `[…]`: BCC's `get_user_functions_and_addresses`. C++ and Rust names match mangled and as they stand in the source.
 *
 * @example
 * ```ts
 * import { userFunctions } from "./user_targets.ts";
 * for (const { symbol, offsets } of userFunctions("c", "pthread_mutex_*")) console.log(symbol, offsets);
 * ```
 * @throws {BpfError} E_NO_PROBE where there is no such file, E_NO_PROCESS
 * @throws {FormatError} where it is no ELF file
 */
export function userFunctions(
  library: string,
  pattern = "*",
  options: FindOptions = {},
): UserFunction[] {
  const path = findUserFile(library, options);
  const elf = parseElf(readFile(path));
  return Array.from(functionSymbols(elf, glob(pattern)), ([symbol, found]) => {
    return { path, symbol, offsets: offsetsOf(elf, found) };
  });
}

/** Where static probes are looked for: a program or library (a path, or a library's name), all that a process has mapped, or both. */
export type UsdtPlace =
  | { readonly path: string; readonly pid?: number }
  | { readonly pid: number; readonly path?: undefined };

/**
 * The static probes of a file or process by a pattern such as `python:gc__*`, as {@linkcode Program.attachUsdt} takes them: BCC's
 * `USDT.enumerate_probes`.
 *
 * @example
 * ```ts
 * import { usdtTargets } from "./user_targets.ts";
 * for (const { provider, name } of usdtTargets({ path: "c" })) console.log(provider, name);
 * ```
 * @throws {BpfError} E_NO_PROBE where there is no such file, E_NO_PROCESS
 */
export function usdtTargets({ path, pid }: UsdtPlace, pattern = "*:*"): UsdtTarget[] {
  const place = path === undefined ? "" : `${path}:`;
  const found = listProbes(`usdt:${place}${pattern}`, { pid }).flatMap(({ names }) => names);
  return found.map((text) => {
    const [, path, provider, name] = /^(.*):([^:]*):([^:]*)$/.exec(text)!;
    const target = { path: path!, provider: provider!, name: name! };
    return pid === undefined ? target : { ...target, pid };
  });
}
