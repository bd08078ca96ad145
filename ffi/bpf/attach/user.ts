/** Programs in user space: at functions and instructions, and at the probes that its authors left. */

import { lastErrno } from "../../raw/libc.ts";
import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct, toCString } from "../../raw/memory.ts";
import { usdtFailure } from "../failure.ts";
import type { Link } from "../link.ts";
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
