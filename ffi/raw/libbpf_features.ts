/** libbpf's functions that find out what the kernel knows. All are in libbpf 1.0. */

export const FEATURE_SYMBOLS = {
  libbpf_bpf_map_type_str: { parameters: ["u32" /* enum bpf_map_type t */], result: "pointer" },
  bpf_prog_load: {
    parameters: [
      "u32", // enum bpf_prog_type prog_type
      "buffer", // const char *prog_name
      "buffer", // const char *license
      "buffer", // const struct bpf_insn *insns
      "usize", // size_t insn_cnt
      "buffer", // const struct bpf_prog_load_opts *opts
    ],
    result: "i32",
  },
} as const;
