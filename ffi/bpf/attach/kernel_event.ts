/** Programs at events that the kernel's authors left: tracepoints; and at functions and hooks by its BTF. */

import { libbpf, newerFunction } from "../../raw/libbpf.ts";
import { takeLog } from "../../raw/log.ts";
import { OptionStruct, toCString } from "../../raw/memory.ts";
import type { Link } from "../link.ts";
import { type Attachable, type CookieOptions, linked } from "./attachable.ts";
import { PERF_COOKIE } from "./kernel_function.ts";

const RAW_COOKIE = "Linux >= 6.10 and libbpf >= 1.4";

/** {@linkcode Program.attachTracepoint} */
export function attachTracepoint(
  program: Attachable,
  { category, event }: { readonly category: string; readonly event: string },
  { cookie = 0n }: CookieOptions,
): Link {
  const options = new OptionStruct([{ type: "u64", value: cookie }]);
  takeLog(); // what was said before does not explain this
  const link = libbpf().bpf_program__attach_tracepoint_opts(
    program.pointer,
    toCString(category),
    toCString(event),
    options.bytes,
  );
  return linked(program, link, {
    name: `tracepoint:${category}:${event}`,
    cookie: { given: cookie !== 0n, needs: PERF_COOKIE },
  });
}

/** {@linkcode Program.attachRawTracepoint} */
export function attachRawTracepoint(
  program: Attachable,
  event: string,
  { cookie = 0n }: CookieOptions = {},
): Link {
  const name = toCString(event);
  takeLog();
  const link = cookie === 0n
    ? libbpf().bpf_program__attach_raw_tracepoint(program.pointer, name)
    : newerFunction("bpf_program__attach_raw_tracepoint_opts", "1.4")(
      program.pointer,
      name,
      new OptionStruct([{ type: "u64", value: cookie }]).bytes,
    );
  return linked(program, link, {
    name: `raw_tracepoint:${event}`,
    cookie: { given: cookie !== 0n, needs: RAW_COOKIE },
    isHook: cookie !== 0n,
  });
}

/** {@linkcode Program.attachTrace} */
export function attachTrace(
  program: Attachable,
  target: string,
  { cookie = 0n }: CookieOptions,
): Link {
  const options = new OptionStruct([{ type: "u64", value: cookie }]);
  takeLog();
  const link = libbpf().bpf_program__attach_trace_opts(program.pointer, options.bytes);
  return linked(program, link, {
    name: target,
    needs: "a kernel with BPF trampolines (Linux >= 5.5 with CONFIG_DYNAMIC_FTRACE)",
    cookie: {
      given: cookie !== 0n,
      needs: target.startsWith("tp_btf") ? RAW_COOKIE : "Linux >= 5.19",
    },
    isHook: cookie !== 0n,
  });
}

/** {@linkcode Program.attachLsm} */
export function attachLsm(program: Attachable, target: string): Link {
  takeLog();
  const link = libbpf().bpf_program__attach_lsm(program.pointer);
  return linked(program, link, {
    name: target,
    needs: "Linux >= 5.7 with CONFIG_BPF_LSM",
    isHook: true,
  });
}
