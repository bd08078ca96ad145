/** What this kernel's BPF has, found out by trying: libbpf's probes. */

import { MAP_TYPES, type MapType } from "../btf/map_types.ts";
import { ERRNO, errnoName } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";
import { captureLog, takeLog } from "../raw/log.ts";
import { canCallHelper } from "./attempts.ts";
import { type NumbersByName, numbersByName } from "./names.ts";

let programTypes: NumbersByName | undefined;

/**
 * Whether programs of a type can be loaded (`kprobe`, `xdp`, `lsm`, …: the kernel's name without `BPF_PROG_TYPE_`, in lower case):
 * `libbpf_probe_bpf_prog_type`. BCC's `support_lsm` and its sisters; whether what they attach to can be had is another question.
 *
 * @throws {RangeError} where libbpf knows no such type
 * @throws {BpfError} E_PERMISSION
 */
export function hasProgramType(type: string): boolean {
  const number = programTypeNumber(type);
  return answer(
    `programs of type ${type}`,
    () => libbpf().libbpf_probe_bpf_prog_type(number, null),
  );
}

/**
 * Whether maps of a type can be made: `libbpf_probe_bpf_map_type`.
 *
 * @throws {BpfError} E_PERMISSION
 */
export function hasMapType(type: MapType): boolean {
  const number = MAP_TYPES.indexOf(type);
  return answer(`maps of type ${type}`, () => libbpf().libbpf_probe_bpf_map_type(number, null));
}

/**
 * Whether programs of a type may call a helper, by its number in `enum bpf_func_id`: `libbpf_probe_bpf_helper`, which is not
 * believed where the verifier says otherwise.
 *
 * @throws {RangeError} where libbpf knows no such type
 * @throws {BpfError} E_UNSUPPORTED for types whose helpers cannot be tried (tracing, lsm, extension, struct_ops), E_PERMISSION
 */
export function hasHelper(programType: string, helper: number): boolean {
  const number = programTypeNumber(programType);
  const isSaidToBe = answer(
    `helper ${helper} in programs of type ${programType}`,
    () => libbpf().libbpf_probe_bpf_helper(number, helper, null),
  );
  return isSaidToBe && canCallHelper(number, helper) !== false;
}

function programTypeNumber(type: string): number {
  const types = programTypes ??= numbersByName(libbpf().libbpf_bpf_prog_type_str);
  const number = types.get(type);
  if (number !== undefined) return number;
  const known = [...types.keys()].join(", ");
  throw new RangeError(`Cannot ask for programs of type ${type}: libbpf knows ${known}`);
}

function answer(what: string, probe: () => number): boolean {
  captureLog();
  const result = probe();
  takeLog(); // what is said of a program that was loaded as a trial explains nothing
  if (result >= 0) return result > 0;
  throw new BpfError(`find out whether this kernel has ${what}`, {
    step: "read",
    code: result === -ERRNO.EPERM ? "E_PERMISSION" : "E_UNSUPPORTED",
    cause: errnoName(result),
    errno: -result,
  });
}
