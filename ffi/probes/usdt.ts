/** USDT: the probes that a program's or library's authors left in it. */

import type { Link } from "../bpf/link.ts";
import type { Program } from "../bpf/program.ts";
import { parseElf } from "../elf/elf.ts";
import { type UsdtProbe, usdtProbes } from "../elf/usdt.ts";
import { BpfError } from "../errors.ts";
import { exists } from "../host/files.ts";
import { type FindOptions, findUserFile } from "./user_function.ts";

/** A static probe by name: `library` as {@linkcode findUserFile} takes it, `group` the probe's provider. */
export interface UsdtName {
  readonly library: string;
  readonly group: string;
  readonly name: string;
}

/**
 * Attaches to every place where the probe stands.
 *
 * @throws {BpfError} E_NO_PROBE where there is no such file or probe, E_NO_PROCESS
 */
export function attachUsdt(
  program: Program,
  { library, group, name }: UsdtName,
  { pid }: FindOptions = {},
): Link[] {
  const path = findUserFile(library, { pid });
  if (!exists(path)) {
    throw new BpfError(`attach ${program.name} to ${group}:${name}`, {
      step: "attach",
      code: "E_NO_PROBE",
      cause: `there is no file ${path}`,
    });
  }
  return [
    program.attachUsdt({ path, provider: group, name, ...(pid === undefined ? {} : { pid }) }),
  ];
}

/**
 * The static probes of a program or library.
 *
 * @throws {BpfError} E_NO_PROBE where there is no such library, E_NO_PROCESS
 * @throws {FormatError} where the file is no ELF file, or broken
 */
export function listUsdtProbes(library: string, options: FindOptions = {}): UsdtProbe[] {
  return usdtProbes(parseElf(Deno.readFileSync(findUserFile(library, options))));
}
