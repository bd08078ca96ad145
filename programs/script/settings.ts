/** What the person who runs a script can set: by options, `BPFTRACE_*` variables, and `config` in the script. */

import type { ConfigEntry } from "./ast.ts";
import type { Diagnostics } from "./source.ts";

/** Whom to trace; all that are given must fit. */
export interface ScriptFilters {
  readonly pid?: number;
  readonly tgid?: number;
  readonly uid?: number;
  readonly comm?: string;
  readonly cgroup?: bigint;
}

/** The settings. */
export interface Settings {
  /** Bytes of a string, its NUL included. */
  readonly maxString: number;
  readonly maxMapKeys: number;
  readonly ringBytes: number;
  readonly maxProbes: number;
  /**
   * What becomes of a probe that is not there. Where nothing is said, a missing tracepoint is an error; a missing function is a
   * warning, as long as something else is there: scripts name functions of several kernels.
   */
  readonly missingProbes: "error" | "warn" | "ignore" | undefined;
  readonly stackMode: "bpftrace" | "perf" | "raw";
  readonly unsafe: boolean;
  /** Reads of memory that is not there are counted, and told of. */
  readonly tellsFaults: boolean;
  /** Maps are printed when the script ends. */
  readonly printsMaps: boolean;
  /** `$1`, `$2`, … */
  readonly parameters: readonly string[];
  /** The process that probes in user space are set in. */
  readonly pid: number | undefined;
  readonly filters: ScriptFilters;
  /** The process that `-c` started, `cpid`. */
  readonly child: number | undefined;
  /** The program of `-c` or `-p`, which probes that name no file are about. */
  readonly program: string | undefined;
}

/** What holds where nothing is set. */
export const DEFAULT_SETTINGS: Settings = {
  maxString: 1024,
  maxMapKeys: 4096,
  ringBytes: 1 << 22,
  maxProbes: 512,
  missingProbes: undefined,
  stackMode: "bpftrace",
  unsafe: false,
  tellsFaults: false,
  printsMaps: true,
  parameters: [],
  pid: undefined,
  filters: {},
  child: undefined,
  program: undefined,
};

const LONGEST_STRING = 4096;
const PAGE = 4096;

type Change = (value: string) => Partial<Settings> | undefined;

/** By the names of `config`; `BPFTRACE_` and upper case make the variable of the environment. */
const SETTINGS: Readonly<Record<string, Change>> = {
  max_strlen: (value) => number(value, 8, LONGEST_STRING, (maxString) => ({ maxString })),
  strlen: (value) => number(value, 8, LONGEST_STRING, (maxString) => ({ maxString })),
  max_map_keys: (value) => number(value, 1, 1 << 24, (maxMapKeys) => ({ maxMapKeys })),
  map_keys_max: (value) => number(value, 1, 1 << 24, (maxMapKeys) => ({ maxMapKeys })),
  max_probes: (value) => number(value, 1, 1 << 20, (maxProbes) => ({ maxProbes })),
  perf_rb_pages: (value) =>
    number(value, 1, 1 << 16, (pages) => ({ ringBytes: powerOfTwo(pages * PAGE) })),
  missing_probes: (value) => choice(value, ["error", "warn", "ignore"], "missingProbes"),
  print_maps_on_exit: (value) => {
    const known: Readonly<Record<string, boolean>> = {
      true: true,
      1: true,
      false: false,
      0: false,
    };
    const printsMaps = known[value];
    return printsMaps === undefined ? undefined : { printsMaps };
  },
  stack_mode: (value) => choice(value, ["bpftrace", "perf", "raw"], "stackMode"),
};

/** Those of bpftrace that change nothing here. */
const WITHOUT_EFFECT: readonly string[] = [
  ...[
    "max_ast_nodes",
    "max_bpf_progs",
    "max_type_res_iterations",
    "cache_user_symbols",
    "log_size",
  ],
  ...["no_cpp_demangle", "cpp_demangle", "lazy_symbolication", "vmlinux"],
  ...["unstable_map_decl", "unstable_import", "unstable_macro", "show_debug_info", "btf"],
  ...["on_stack_limit", "max_cat_bytes", "str_trunc_trailer", "use_blazesym", "license"],
];

/** Adds what the environment and the script say. */
export function withConfig(
  settings: Settings,
  { config, environment }: {
    readonly config: readonly ConfigEntry[];
    readonly environment: Readonly<Record<string, string>>;
  },
  diagnostics: Diagnostics,
): Settings {
  let result = settings;
  for (const [name, change] of Object.entries(SETTINGS)) {
    const value = environment[`BPFTRACE_${name.toUpperCase()}`];
    if (value !== undefined) result = { ...result, ...change(value) };
  }
  for (const { name, value, span } of config) {
    const plain = name.toLowerCase().replace(/^bpftrace_/, "");
    const change = SETTINGS[plain];
    const changed = change?.(value);
    if (changed !== undefined) result = { ...result, ...changed };
    else if (change !== undefined) diagnostics.error(span, `invalid value for ${name}: ${value}`);
    else if (!WITHOUT_EFFECT.includes(plain)) {
      diagnostics.error(span, `unknown configuration ${name}`);
    }
  }
  return result;
}

function number(
  value: string,
  least: number,
  most: number,
  use: (value: number) => Partial<Settings>,
): Partial<Settings> | undefined {
  const parsed = Number(value);
  return Number.isInteger(parsed) && parsed >= least && parsed <= most ? use(parsed) : undefined;
}

function choice<K extends keyof Settings>(
  value: string,
  known: readonly string[],
  key: K,
): Partial<Settings> | undefined {
  return known.includes(value) ? { [key]: value } as Partial<Settings> : undefined;
}

function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
