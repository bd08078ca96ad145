/**
 * The functions of libbpf that gimlet calls. All are in libbpf 1.0; newer ones are marked `optional` and checked before use.
 *
 * @see https://libbpf.readthedocs.io/en/latest/api.html
 */

import { BpfError, limitReached, messageOf } from "../errors.ts";
import { ATTACH_SYMBOLS } from "./libbpf_attach.ts";
import { FEATURE_SYMBOLS } from "./libbpf_features.ts";
import { fromCString } from "./memory.ts";
import { openTable } from "./symbols.ts";

const SYMBOLS = {
  ...ATTACH_SYMBOLS,
  ...FEATURE_SYMBOLS,
  libbpf_version_string: { parameters: [], result: "pointer" },
  libbpf_set_print: { parameters: ["function" /* libbpf_print_fn_t fn */], result: "pointer" },
  bpf_object__open_mem: {
    parameters: [
      "buffer", // const void *obj_buf
      "usize", // size_t obj_buf_sz
      "buffer", // const struct bpf_object_open_opts *opts
    ],
    result: "pointer",
  },
  bpf_object__load: { parameters: ["pointer" /* struct bpf_object *obj */], result: "i32" },
  bpf_object__close: { parameters: ["pointer" /* struct bpf_object *obj */], result: "void" },
  bpf_object__next_program: {
    parameters: [
      "pointer", // const struct bpf_object *obj
      "pointer", // struct bpf_program *prog
    ],
    result: "pointer",
  },
  bpf_object__next_map: {
    parameters: [
      "pointer", // const struct bpf_object *obj
      "pointer", // const struct bpf_map *map
    ],
    result: "pointer",
  },
  bpf_program__name: {
    parameters: ["pointer" /* const struct bpf_program *prog */],
    result: "pointer",
  },
  bpf_program__fd: { parameters: ["pointer" /* const struct bpf_program *prog */], result: "i32" },
  bpf_program__set_autoload: {
    parameters: [
      "pointer", // struct bpf_program *prog
      "bool", // bool autoload
    ],
    result: "i32",
  },
  bpf_map__name: { parameters: ["pointer" /* const struct bpf_map *map */], result: "pointer" },
  bpf_map__fd: { parameters: ["pointer" /* const struct bpf_map *map */], result: "i32" },
  bpf_map__type: { parameters: ["pointer" /* const struct bpf_map *map */], result: "u32" },
  bpf_map__key_size: { parameters: ["pointer" /* const struct bpf_map *map */], result: "u32" },
  bpf_map__value_size: { parameters: ["pointer" /* const struct bpf_map *map */], result: "u32" },
  bpf_map__max_entries: { parameters: ["pointer" /* const struct bpf_map *map */], result: "u32" },
  bpf_map__set_key_size: {
    parameters: [
      "pointer", // struct bpf_map *map
      "u32", // __u32 size
    ],
    result: "i32",
  },
  bpf_map__set_value_size: {
    parameters: [
      "pointer", // struct bpf_map *map
      "u32", // __u32 size
    ],
    result: "i32",
  },
  bpf_map__set_max_entries: {
    parameters: [
      "pointer", // struct bpf_map *map
      "u32", // __u32 max_entries
    ],
    result: "i32",
  },
  bpf_map__set_pin_path: {
    parameters: [
      "pointer", // struct bpf_map *map
      "buffer", // const char *path
    ],
    result: "i32",
  },
  bpf_map__reuse_fd: {
    parameters: [
      "pointer", // struct bpf_map *map
      "i32", // int fd
    ],
    result: "i32",
  },
  bpf_map__set_inner_map_fd: {
    parameters: [
      "pointer", // struct bpf_map *map
      "i32", // int fd
    ],
    result: "i32",
  },
  // The memory of .rodata, .data and .bss: before loading what they will hold, afterwards the mapped map itself.
  bpf_map__initial_value: {
    parameters: [
      "pointer", // struct bpf_map *map
      "buffer", // size_t *psize
    ],
    result: "pointer",
  },
  bpf_map_lookup_elem: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *key
      "buffer", // void *value
    ],
    result: "i32",
  },
  bpf_map_update_elem: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *key
      "buffer", // const void *value
      "u64", // __u64 flags
    ],
    result: "i32",
  },
  bpf_map_delete_elem: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *key
    ],
    result: "i32",
  },
  bpf_map_get_next_key: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *key
      "buffer", // void *next_key
    ],
    result: "i32",
  },
  bpf_map_lookup_and_delete_elem: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *key
      "buffer", // void *value
    ],
    result: "i32",
  },
  bpf_map_freeze: { parameters: ["i32" /* int fd */], result: "i32" },
  bpf_map_get_fd_by_id: { parameters: ["u32" /* __u32 id */], result: "i32" },
  bpf_map_create: {
    parameters: [
      "u32", // enum bpf_map_type map_type
      "buffer", // const char *map_name
      "u32", // __u32 key_size
      "u32", // __u32 value_size
      "u32", // __u32 max_entries
      "buffer", // const struct bpf_map_create_opts *opts
    ],
    result: "i32",
  },
  bpf_obj_pin: {
    parameters: [
      "i32", // int fd
      "buffer", // const char *pathname
    ],
    result: "i32",
  },
  bpf_obj_get: { parameters: ["buffer" /* const char *pathname */], result: "i32" },
  bpf_obj_get_info_by_fd: {
    parameters: [
      "i32", // int bpf_fd
      "buffer", // void *info
      "buffer", // __u32 *info_len
    ],
    result: "i32",
  },
  bpf_map_update_batch: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *keys
      "buffer", // const void *values
      "buffer", // __u32 *count
      "buffer", // const struct bpf_map_batch_opts *opts
    ],
    result: "i32",
  },
  bpf_map_delete_batch: {
    parameters: [
      "i32", // int fd
      "buffer", // const void *keys
      "buffer", // __u32 *count
      "buffer", // const struct bpf_map_batch_opts *opts
    ],
    result: "i32",
  },
  bpf_map_lookup_and_delete_batch: {
    parameters: [
      "i32", // int fd
      "buffer", // void *in_batch
      "buffer", // void *out_batch
      "buffer", // void *keys
      "buffer", // void *values
      "buffer", // __u32 *count
      "buffer", // const struct bpf_map_batch_opts *opts
    ],
    result: "i32",
  },
  bpf_map_lookup_batch: {
    parameters: [
      "i32", // int fd
      "buffer", // void *in_batch
      "buffer", // void *out_batch
      "buffer", // void *keys
      "buffer", // void *values
      "buffer", // __u32 *count
      "buffer", // const struct bpf_map_batch_opts *opts
    ],
    result: "i32",
  },
  bpf_prog_get_next_id: {
    parameters: [
      "u32", // __u32 start_id
      "buffer", // __u32 *next_id
    ],
    result: "i32",
  },
  bpf_map_get_next_id: {
    parameters: [
      "u32", // __u32 start_id
      "buffer", // __u32 *next_id
    ],
    result: "i32",
  },
  bpf_link_get_next_id: {
    parameters: [
      "u32", // __u32 start_id
      "buffer", // __u32 *next_id
    ],
    result: "i32",
  },
  bpf_btf_get_next_id: {
    parameters: [
      "u32", // __u32 start_id
      "buffer", // __u32 *next_id
    ],
    result: "i32",
  },
  bpf_btf_get_fd_by_id: { parameters: ["u32" /* __u32 id */], result: "i32" },
  libbpf_num_possible_cpus: { parameters: [], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Libbpf = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: Libbpf | undefined;

/** Where libbpf is looked for when neither the environment nor the dynamic loader knows. */
const USUAL_PATHS = [
  "/usr/lib/x86_64-linux-gnu/libbpf.so.1",
  "/usr/lib/aarch64-linux-gnu/libbpf.so.1",
  "/usr/lib64/libbpf.so.1",
  "/usr/lib/libbpf.so.1",
  "/usr/local/lib64/libbpf.so.1",
  "/usr/local/lib/libbpf.so.1",
] as const;

const INSTALL_HINT = [
  "Debian, Ubuntu: sudo apt-get install libbpf1",
  "Fedora, RHEL: sudo dnf install libbpf · Arch: sudo pacman -S libbpf · openSUSE: sudo zypper install libbpf1",
].join("\n");

/**
 * libbpf's functions. Opened on first use: `$GIMLET_LIBBPF` if set, else `libbpf.so.1` where the dynamic loader finds it, else
 * in the usual folders.
 *
 * @throws {BpfError} E_NO_LIBBPF where there is none, E_OLD_LIBBPF where there is only the 0.x series
 */
export function libbpf(): Libbpf {
  return opened ??= openFirst();
}

type Optional = {
  [K in keyof Libbpf]: null extends Libbpf[K] ? K : never;
}[keyof Libbpf];

/**
 * A function that a libbpf of today may lack; `since` is the version that it came with, such as `1.4`.
 *
 * @throws {BpfError} E_UNSUPPORTED
 */
export function newerFunction<K extends Optional>(name: K, since: string): NonNullable<Libbpf[K]> {
  const symbol = libbpf()[name];
  if (symbol !== null) return symbol;
  const version = fromCString(libbpf().libbpf_version_string());
  throw new BpfError(`call ${name}`, {
    step: "setup",
    code: "E_UNSUPPORTED",
    cause: `it came with libbpf ${since}, and this is libbpf ${version}`,
    hint: "Install a newer libbpf, or name one: GIMLET_LIBBPF=/path/to/libbpf.so.1",
  });
}

/** The functions that a libbpf of today may lack, and whether this one has them. */
export function newerFunctions(): Map<string, boolean> {
  const optional = Object.entries(SYMBOLS).filter(([, symbol]) => "optional" in symbol);
  const functions: Readonly<Record<string, unknown>> = libbpf();
  return new Map(optional.map(([name]) => [name, functions[name] !== null]));
}

function openFirst(): Libbpf {
  const override = Deno.env.get("GIMLET_LIBBPF");
  const names = override ? [override] : ["libbpf.so.1", ...USUAL_PATHS];
  const tried: string[] = [];
  for (const name of names) {
    try {
      return openTable(name, SYMBOLS);
    } catch (error) {
      tried.push(messageOf(error));
    }
  }
  throw notOpened(override, tried);
}

function notOpened(override: string | undefined, tried: readonly string[]): BpfError {
  const log = tried.join("\n");
  const limit = limitReached(log);
  if (limit !== undefined) return new BpfError("open libbpf", { step: "setup", ...limit, log });
  const old = tried.find((message) => message.includes("Failed to register symbol"));
  if (old !== undefined || (override === undefined && canOpen("libbpf.so.0"))) {
    return new BpfError("open libbpf", {
      step: "setup",
      code: "E_OLD_LIBBPF",
      cause: old === undefined
        ? "only libbpf.so.0 is installed, and libbpf 1.0 or newer is needed"
        : "the library found is older than libbpf 1.0",
      hint: INSTALL_HINT,
      log,
    });
  }
  return new BpfError("open libbpf", {
    step: "setup",
    code: "E_NO_LIBBPF",
    cause: override === undefined
      ? "libbpf.so.1 is not installed"
      : `$GIMLET_LIBBPF is ${override}, which is no usable library`,
    hint: override === undefined ? INSTALL_HINT : "Name a libbpf.so.1, or unset GIMLET_LIBBPF",
    log,
  });
}

function canOpen(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch {
    return false;
  }
}
