/** libbpf's functions that attach programs, and tell of programs and links. Newer than libbpf 1.0 is what is `optional`. */

export const ATTACH_SYMBOLS = {
  bpf_program__section_name: {
    parameters: ["pointer" /* const struct bpf_program *prog */],
    result: "pointer",
  },
  bpf_program__set_expected_attach_type: {
    parameters: [
      "pointer", // struct bpf_program *prog
      "u32", // enum bpf_attach_type type
    ],
    result: "i32",
  },
  bpf_program__set_attach_target: {
    parameters: [
      "pointer", // struct bpf_program *prog
      "i32", // int attach_prog_fd
      "buffer", // const char *attach_func_name
    ],
    result: "i32",
  },
  // Where the program's section says.
  bpf_program__attach: {
    parameters: ["pointer" /* const struct bpf_program *prog */],
    result: "pointer",
  },
  // A null pointer for the name makes the offset an address.
  bpf_program__attach_kprobe_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *func_name
      "buffer", // const struct bpf_kprobe_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_kprobe_multi_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *pattern
      "buffer", // const struct bpf_kprobe_multi_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_ksyscall: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *syscall_name
      "buffer", // const struct bpf_ksyscall_opts *opts
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
  bpf_program__attach_tracepoint_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *tp_category
      "buffer", // const char *tp_name
      "buffer", // const struct bpf_tracepoint_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_raw_tracepoint: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *tp_name
    ],
    result: "pointer",
  },
  // libbpf 1.4
  bpf_program__attach_raw_tracepoint_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const char *tp_name
      "buffer", // struct bpf_raw_tracepoint_opts *opts
    ],
    result: "pointer",
    optional: true,
  },
  // tp_btf, fentry, fexit, fmod_ret: the section's name, or the attach target, says where.
  bpf_program__attach_trace_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const struct bpf_trace_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_lsm: {
    parameters: ["pointer" /* const struct bpf_program *prog */],
    result: "pointer",
  },
  bpf_program__attach_freplace: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // int target_fd
      "buffer", // const char *attach_func_name
    ],
    result: "pointer",
  },
  bpf_program__attach_perf_event_opts: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // int pfd
      "buffer", // const struct bpf_perf_event_opts *opts
    ],
    result: "pointer",
  },
  bpf_program__attach_iter: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "buffer", // const struct bpf_iter_attach_opts *opts
    ],
    result: "pointer",
  },
  bpf_prog_attach: {
    parameters: [
      "i32", // int prog_fd
      "i32", // int attachable_fd
      "u32", // enum bpf_attach_type type
      "u32", // unsigned int flags
    ],
    result: "i32",
  },
  bpf_prog_detach2: {
    parameters: [
      "i32", // int prog_fd
      "i32", // int attachable_fd
      "u32", // enum bpf_attach_type type
    ],
    result: "i32",
  },
  libbpf_probe_bpf_prog_type: {
    parameters: [
      "u32", // enum bpf_prog_type prog_type
      "pointer", // const void *opts
    ],
    result: "i32",
  },
  libbpf_probe_bpf_map_type: {
    parameters: [
      "u32", // enum bpf_map_type map_type
      "pointer", // const void *opts
    ],
    result: "i32",
  },
  libbpf_probe_bpf_helper: {
    parameters: [
      "u32", // enum bpf_prog_type prog_type
      "u32", // enum bpf_func_id helper_id
      "pointer", // const void *opts
    ],
    result: "i32",
  },
  bpf_program__attach_cgroup: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // int cgroup_fd
    ],
    result: "pointer",
  },
  bpf_program__attach_netns: {
    parameters: [
      "pointer", // const struct bpf_program *prog
      "i32", // int netns_fd
    ],
    result: "pointer",
  },
  bpf_map__attach_struct_ops: {
    parameters: ["pointer" /* const struct bpf_map *map */],
    result: "pointer",
  },
  bpf_link_create: {
    parameters: [
      "i32", // int prog_fd
      "i32", // int target_fd
      "u32", // enum bpf_attach_type attach_type
      "buffer", // const struct bpf_link_create_opts *opts
    ],
    result: "i32",
  },
  bpf_tc_hook_create: { parameters: ["buffer" /* struct bpf_tc_hook *hook */], result: "i32" },
  bpf_tc_hook_destroy: { parameters: ["buffer" /* struct bpf_tc_hook *hook */], result: "i32" },
  bpf_tc_attach: {
    parameters: [
      "buffer", // const struct bpf_tc_hook *hook
      "buffer", // struct bpf_tc_opts *opts
    ],
    result: "i32",
  },
  bpf_tc_detach: {
    parameters: [
      "buffer", // const struct bpf_tc_hook *hook
      "buffer", // const struct bpf_tc_opts *opts
    ],
    result: "i32",
  },
  bpf_link__fd: { parameters: ["pointer" /* const struct bpf_link *link */], result: "i32" },
  bpf_link__disconnect: { parameters: ["pointer" /* struct bpf_link *link */], result: "void" },
  bpf_link__destroy: { parameters: ["pointer" /* struct bpf_link *link */], result: "i32" },
  // The same on another thread: the kernel waits for a grace period, and several waits can share one.
  bpf_link__destroy_elsewhere: {
    name: "bpf_link__destroy",
    parameters: ["pointer" /* struct bpf_link *link */],
    result: "i32",
    nonblocking: true,
  },
  bpf_iter_create: { parameters: ["i32" /* int link_fd */], result: "i32" },
  bpf_prog_test_run_opts: {
    parameters: [
      "i32", // int prog_fd
      "buffer", // struct bpf_test_run_opts *opts
    ],
    result: "i32",
  },
  bpf_enable_stats: { parameters: ["u32" /* enum bpf_stats_type type */], result: "i32" },
  libbpf_bpf_attach_type_str: {
    parameters: ["u32" /* enum bpf_attach_type t */],
    result: "pointer",
  },
  libbpf_bpf_link_type_str: { parameters: ["u32" /* enum bpf_link_type t */], result: "pointer" },
  libbpf_bpf_prog_type_str: { parameters: ["u32" /* enum bpf_prog_type t */], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;
