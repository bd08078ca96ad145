/** What the kernel's BPF can do, found out by trying, and what libbpf can. Each try leaves nothing behind. */

import { MAP_TYPES } from "../btf/map_types.ts";
import { ERRNO } from "../errno.ts";
import { libbpf, newerFunctions } from "../raw/libbpf.ts";
import { Fd } from "../raw/fd.ts";
import { addressOf, type Bytes, OptionStruct, toCString } from "../raw/memory.ts";
import { openWatchpoint } from "../raw/perf_event.ts";
import { bytesToText } from "../wire/cstring.ts";
import { numbersByName } from "./names.ts";

const LOG_SIZE = 4096;
const OP_CALL = 0x85;
const OP_EXIT = 0x95;
/** What the verifier says of a helper that does not exist, or not for this type of program; the last since Linux 6.12. */
const NO_HELPER = /(?:unknown|invalid) func|cannot use helper/;

/**
 * Whether a program of a type loads, by its number in `enum bpf_prog_type`: `libbpf_probe_bpf_prog_type`. `undefined` where
 * libbpf does not know the type. Without the right to load programs none does.
 */
export function canLoadProgramType(type: number): boolean | undefined {
  return answer(libbpf().libbpf_probe_bpf_prog_type(type, null));
}

/** Whether a map of a type can be made, by its number in `enum bpf_map_type`: `libbpf_probe_bpf_map_type`. */
export function canMakeMapType(type: number): boolean | undefined {
  return answer(libbpf().libbpf_probe_bpf_map_type(type, null));
}

/** Whether keys of a hash map can be of a size, in bytes; `undefined` where the kernel lets nobody try. */
export function canMakeKeys(size: number): boolean | undefined {
  const type = MAP_TYPES.indexOf("hash");
  const fd = libbpf().bpf_map_create(type, toCString(""), size, 8, 1, null);
  if (fd < 0) return fd === -ERRNO.E2BIG ? false : undefined;
  new Fd(fd)[Symbol.dispose]();
  return true;
}

function answer(result: number): boolean | undefined {
  return result < 0 ? undefined : result === 1;
}

/**
 * Whether programs of a type may call a helper, by its number in `enum bpf_func_id`: by loading one that does, and reading what
 * the verifier says; `undefined` where it says nothing. `libbpf_probe_bpf_helper` before libbpf 1.5 takes the words of
 * Linux >= 6.12 for a yes.
 */
export function canCallHelper(programType: number, helper: number): boolean | undefined {
  const log = new Uint8Array(LOG_SIZE);
  const fd = libbpf().bpf_prog_load(
    programType,
    toCString(""),
    toCString("GPL"),
    callOf(helper),
    2n,
    loadOptions(log).bytes,
  );
  if (fd >= 0) {
    new Fd(fd)[Symbol.dispose]();
    return true;
  }
  // That its arguments are missing comes after the question whether it may be called.
  const said = bytesToText(log.subarray(0, log.indexOf(0)));
  return said === "" ? undefined : !NO_HELPER.test(said);
}

/** `call helper; exit` */
function callOf(helper: number): Bytes {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, OP_CALL);
  view.setInt32(4, helper, true);
  view.setUint8(8, OP_EXIT);
  return new Uint8Array(view.buffer);
}

/** `struct bpf_prog_load_opts` */
function loadOptions(log: Bytes): OptionStruct {
  const unused = { type: "u32", value: 0 } as const;
  const none = { type: "pointer", value: null } as const;
  return new OptionStruct([
    { type: "s32", value: 1 }, // attempts
    unused, // expected_attach_type
    unused, // prog_btf_fd
    unused, // prog_flags
    unused, // prog_ifindex
    unused, // kern_version
    unused, // attach_btf_id
    unused, // attach_prog_fd
    unused, // attach_btf_obj_fd
    none, // fd_array
    none, // func_info
    unused, // func_info_cnt
    unused, // func_info_rec_size
    none, // line_info
    unused, // line_info_cnt
    unused, // line_info_rec_size
    { type: "u32", value: 1 }, // log_level
    { type: "u32", value: log.length }, // log_size
    { type: "pointer", value: log }, // log_buf
  ]);
}

/** A name of an enum of the kernel, without what all of them begin with and in lower case, and its number. */
export interface NamedType {
  readonly name: string;
  readonly value: number;
}

const TYPE_NAMES = {
  program_type: "libbpf_bpf_prog_type_str",
  map_type: "libbpf_bpf_map_type_str",
  attach_type: "libbpf_bpf_attach_type_str",
} as const;

/** The types that this libbpf knows by name, whatever the kernel: for kernels without BTF to name their own. */
export function typesOfLibbpf(kind: keyof typeof TYPE_NAMES): NamedType[] {
  const numbers = numbersByName(libbpf()[TYPE_NAMES[kind]]);
  return Array.from(numbers, ([name, value]) => ({ name, value }));
}

/** libbpf's functions that came after 1.0, and whether this libbpf has them. */
export function newerLibbpfFunctions(): ReadonlyMap<string, boolean> {
  return newerFunctions();
}

/**
 * Sets a watchpoint on memory of this process, and takes it away again.
 *
 * @throws {LibcError} where the kernel or the machine has none
 */
export function tryWatchpoint(): void {
  const watched = new BigUint64Array(1);
  openWatchpoint({ address: addressOf(watched), length: 8n })[Symbol.dispose]();
}
