/** Programs at functions of the kernel by kprobes: one, many at once, or a system call's. */

import { libbpf } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { type Bytes, type OptionField, OptionStruct, toCString } from "../../raw/memory.ts";
import type { Link } from "../link.ts";
import { type Attachable, type CookieOptions, linked } from "./attachable.ts";

/** A function by name, or an instruction by its address, for names that several functions have. */
export type KernelFunction = string | { readonly address: bigint };

/** How a kprobe attaches. */
export interface KprobeOptions extends CookieOptions {
  /** When the function returns, in place of when it is entered. */
  readonly onReturn?: boolean;
  /** In bytes from the function's start. A return has none. */
  readonly offset?: number;
}

/** Which functions kprobe.multi is to see: `*` and `?` in a pattern stand for any text and any character. */
export type KernelFunctions =
  | { readonly pattern: string }
  | { readonly symbols: readonly string[]; readonly cookies?: readonly bigint[] }
  | { readonly addresses: readonly bigint[]; readonly cookies?: readonly bigint[] };

/** What a cookie needs where it goes by perf events. */
export const PERF_COOKIE = "Linux >= 5.15";
/** What kprobe.multi needs. */
export const MULTI = "Linux >= 5.18 with CONFIG_FPROBE";
// It took all that matches of /proc/kallsyms, where there are functions that cannot be probed.
const PATTERN_HINT =
  "libbpf < 1.4 fails where one of the pattern's functions cannot be probed: give those that can, by symbols";

/** {@linkcode Program.attachKprobe} */
export function attachKprobe(
  program: Attachable,
  where: KernelFunction,
  { onReturn = false, offset = 0, cookie = 0n }: KprobeOptions = {},
): Link {
  const [symbol, distance] = typeof where === "string"
    ? [toCString(where), BigInt(offset)]
    : [null, where.address + BigInt(offset)];
  const options = new OptionStruct([
    { type: "u64", value: cookie },
    { type: "u64", value: distance },
    { type: "bool", value: onReturn ? 1 : 0 },
  ]);
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach_kprobe_opts(program.pointer, symbol, options.bytes);
  return linked(program, link, {
    name: `${onReturn ? "kretprobe" : "kprobe"}:${nameOf(where, offset)}`,
    cookie: { given: cookie !== 0n, needs: PERF_COOKIE },
  });
}

function nameOf(where: KernelFunction, offset: number): string {
  const name = typeof where === "string" ? where : `0x${where.address.toString(16)}`;
  return offset === 0 ? name : `${name}+0x${offset.toString(16)}`;
}

/** {@linkcode Program.attachKprobeMulti} */
export function attachKprobeMulti(
  program: Attachable,
  where: KernelFunctions,
  { onReturn = false }: { readonly onReturn?: boolean } = {},
): Link {
  const options = new OptionStruct([
    ...functionFields(where),
    { type: "bool", value: onReturn ? 1 : 0 },
  ]);
  const pattern = "pattern" in where ? toCString(where.pattern) : null;
  takeLog();
  const link = libbpf().bpf_program__attach_kprobe_multi_opts(
    program.pointer,
    pattern,
    options.bytes,
  );
  return linked(program, link, {
    name: `${onReturn ? "kretprobe" : "kprobe"}.multi:${namesOf(where)}`,
    needs: MULTI,
    ...("pattern" in where ? { hint: PATTERN_HINT } : {}),
  });
}

function functionFields(where: KernelFunctions): OptionField[] {
  const symbols = "symbols" in where ? where.symbols : null;
  const addresses = "addresses" in where ? BigUint64Array.from(where.addresses) : null;
  const count = (symbols ?? addresses ?? []).length;
  const cookies = "cookies" in where ? where.cookies : undefined;
  if (!("pattern" in where) && count === 0) {
    throw new RangeError("Cannot attach to functions: the list is empty");
  }
  if (cookies !== undefined && cookies.length !== count) {
    throw new RangeError(
      `Cannot attach to functions: there are ${cookies.length} cookies, should be ${count}`,
    );
  }
  return [
    { type: "pointer", value: symbols },
    { type: "pointer", value: addresses },
    { type: "pointer", value: cookies === undefined ? null : BigUint64Array.from(cookies) },
    { type: "u64", value: BigInt(count) },
  ];
}

function namesOf(where: KernelFunctions): string {
  if ("pattern" in where) return where.pattern;
  const names = "symbols" in where
    ? where.symbols
    : where.addresses.map((address) => `0x${address.toString(16)}`);
  return names.length > 3 ? `${names.slice(0, 3).join(",")},… (${names.length})` : names.join(",");
}

/** {@linkcode Program.attachKsyscall} */
export function attachKsyscall(
  program: Attachable,
  syscall: string,
  { onReturn = false, cookie = 0n }: CookieOptions & { readonly onReturn?: boolean } = {},
): Link {
  const options = new OptionStruct([
    { type: "u64", value: cookie },
    { type: "bool", value: onReturn ? 1 : 0 },
  ]);
  const name: Bytes = toCString(syscall);
  takeLog();
  const link = libbpf().bpf_program__attach_ksyscall(program.pointer, name, options.bytes);
  return linked(program, link, {
    name: `${onReturn ? "kretsyscall" : "ksyscall"}:${syscall}`,
    cookie: { given: cookie !== 0n, needs: PERF_COOKIE },
  });
}
