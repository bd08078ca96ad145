/** Programs in user space: at functions and instructions, and at the probes that its authors left. */

import { lastErrno } from "../../raw/libc.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct, toCString } from "../../raw/memory.ts";
import { createUprobeMulti } from "../../raw/uprobe_multi.ts";
import { attachFailure, usdtFailure } from "../failure.ts";
import { FdAttachment, Link } from "../link.ts";
import { type Attachable, type CookieOptions, linked } from "./attachable.ts";
import { PERF_COOKIE } from "./kernel_function.ts";

/**
 * Where a user-space probe goes: `offset` in bytes from the start of the file or, where a `symbol` is given, of that function;
 * `pid` one process or -1 for all. A path without a slash is looked for as libbpf does, in the folders of PATH and of libraries.
 */
export interface UprobeTarget extends CookieOptions {
  /** The program or library. */
  readonly path: string;
  /** A function by its name in the file's symbol tables. */
  readonly symbol?: string;
  /** In bytes. */
  readonly offset?: number;
  /** One process. */
  readonly pid?: number;
  /** When the function returns, in place of when it is entered. */
  readonly onReturn?: boolean;
  /** Where in the file a counter lies that is to be raised while this lives, such as the semaphore of a static probe. */
  readonly counterOffset?: number;
}

/** Many places of one program or library, whoever runs it: `offsets` in bytes from the start of the file. */
export interface UprobesTarget {
  /** The program or library. */
  readonly path: string;
  /** In bytes; at least one. */
  readonly offsets: readonly number[];
  /** One for each offset. */
  readonly cookies?: readonly bigint[];
  /** When the functions there return, in place of when they are entered. */
  readonly onReturn?: boolean;
}

/** Where a static probe of a program or library is: `pid` one process or -1 for all. */
export interface UsdtTarget extends CookieOptions {
  /** The program or library. */
  readonly path: string;
  /** Who gave the probe its name, such as `libc`. */
  readonly provider: string;
  /** The probe's name, such as `setjmp`. */
  readonly name: string;
  /** One process. */
  readonly pid?: number;
}

/** {@linkcode Program.attachUprobe} */
export function attachUprobe(program: Attachable, target: UprobeTarget, name: string): Link {
  const { path, symbol, offset = 0, pid = -1, onReturn = false, counterOffset = 0, cookie = 0n } =
    target;
  const options = new OptionStruct([
    { type: "u64", value: BigInt(counterOffset) }, // ref_ctr_offset
    { type: "u64", value: cookie },
    { type: "bool", value: onReturn ? 1 : 0 }, // retprobe
    { type: "pointer", value: symbol ?? null }, // func_name
  ]);
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach_uprobe_opts(
    program.pointer,
    pid,
    toCString(path),
    BigInt(offset),
    options.bytes,
  );
  return linked(program, link, {
    name: `${onReturn ? "uretprobe" : "uprobe"}:${name}`,
    cookie: { given: cookie !== 0n, needs: PERF_COOKIE },
  });
}

/** {@linkcode Program.attachUprobeMulti} */
export function attachUprobeMulti(
  program: Attachable,
  { path, offsets, cookies, onReturn = false }: UprobesTarget,
): Link {
  if (offsets.length === 0) throw new RangeError(`Cannot attach to ${path}: there are no offsets`);
  if (cookies !== undefined && cookies.length !== offsets.length) {
    throw new RangeError(
      `Cannot attach to ${path}: there are ${cookies.length} cookies, should be ${offsets.length}`,
    );
  }
  const name = `${onReturn ? "uretprobe" : "uprobe"}.multi:${path} (${offsets.length})`;
  takeLog(); // what was said before does not explain this
  const fd = createUprobeMulti(program.fd, { path, offsets, cookies, onReturn });
  if (fd >= 0) return new Link(name, [new FdAttachment(fd)], program.links);
  throw attachFailure(program.name, {
    name,
    needs: "Linux >= 6.6, and offsets within the file",
    missing: `there is no file ${path}`,
    isHook: true, // the kernels before say that too: EINVAL
  }, -fd);
}

/** {@linkcode Program.attachUsdt} */
export function attachUsdt(
  program: Attachable,
  { path, provider, name, pid = -1, cookie = 0n }: UsdtTarget,
): Link {
  const options = new OptionStruct([{ type: "u64", value: cookie }]);
  takeLog();
  const link = libbpf().bpf_program__attach_usdt(
    program.pointer,
    pid,
    toCString(path),
    toCString(provider),
    toCString(name),
    options.bytes,
  );
  if (link === null) throw usdtFailure(program.name, { path, provider, name }, lastErrno());
  return linked(program, link, { name: `usdt:${path}:${provider}:${name}` });
}
