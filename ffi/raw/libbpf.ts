/**
 * The functions of libbpf that gimlet calls. All are in libbpf 1.0; newer ones are marked `optional` and checked before use.
 *
 * @see https://libbpf.readthedocs.io/en/latest/api.html
 */

import { BpfError, limitReached, messageOf } from "../errors.ts";

const SYMBOLS = {
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
  bpf_map__set_max_entries: {
    parameters: [
      "pointer", // struct bpf_map *map
      "u32", // __u32 max_entries
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
  bpf_program__attach_kprobe_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *func_name
      "buffer", // const struct bpf_kprobe_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_uprobe_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // pid_t pid
      "buffer", // const char *binary_path
      "usize", // size_t func_offset
      "buffer", // const struct bpf_uprobe_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_usdt: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // pid_t pid
      "buffer", // const char *binary_path
      "buffer", // const char *usdt_provider
      "buffer", // const char *usdt_name
      "buffer", // const struct bpf_usdt_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_tracepoint: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *tp_category
      "buffer", // const char *tp_name
    ],
    result: "pointer",
  },
  // tp_btf, fentry, fexit: the section's name says where.
  bpf_program__attach_trace: {
    parameters: ["pointer" /* const struct bpf_program *prog */],
    result: "pointer",
  },
  bpf_link__destroy: { parameters: ["pointer" /* struct bpf_link *link */], result: "i32" },
  // The same on another thread: the kernel waits for a grace period, and several waits can share one.
  bpf_link__destroy_elsewhere: {
    name: "bpf_link__destroy",
    parameters: ["pointer" /* struct bpf_link *link */],
    result: "i32",
    nonblocking: true,
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

function openFirst(): Libbpf {
  const override = Deno.env.get("GIMLET_LIBBPF");
  const names = override ? [override] : ["libbpf.so.1", ...USUAL_PATHS];
  const tried: string[] = [];
  for (const name of names) {
    try {
      return Deno.dlopen(name, SYMBOLS).symbols;
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
