/** Runs of a program with made-up input, without attaching it. */

import { ERRNO, errnoName } from "../errno.ts";
import { BpfError } from "../errors.ts";
import { libbpf } from "../raw/libbpf.ts";
import { type Bytes, type OptionField, OptionStruct } from "../raw/memory.ts";

/** What a program gets in a test run. */
export interface TestRunOptions {
  /** A packet, for programs that see packets: link-layer header first, at least 14 bytes. */
  readonly data?: Bytes;
  /** The context: a `struct __sk_buff`, `struct xdp_md`, …; what a `syscall` program is given; a raw tracepoint's arguments. */
  readonly context?: Bytes;
  /** How often it runs; once where not given. */
  readonly repeat?: number;
  /** How much of the packet as the program left it is wanted, in bytes; 512 more than came in where not given. */
  readonly outputSize?: number;
  /** Flags as `BPF_F_TEST_RUN_ON_CPU` (1), which goes with `cpu`. */
  readonly flags?: number;
  /** The CPU that it runs on, with that flag. */
  readonly cpu?: number;
}

/** What a test run gave. */
export interface TestRunResult {
  /** What the program returned, the last time. */
  readonly returnValue: number;
  /** The packet as the program left it. */
  readonly data: Bytes;
  /** The context as the program left it. */
  readonly context: Bytes;
  /** How long one run took, in ns, on average. */
  readonly durationNs: number;
}

// Where fields of struct bpf_test_run_opts stand.
const DATA_SIZE_OUT = 3;
const CONTEXT_SIZE_OUT = 7;
const RETURN_VALUE = 8;
const DURATION = 10;
const ROOM = 512;

/** {@linkcode Program.testRun} */
export function testRun(
  program: { readonly name: string; readonly fd: number },
  { data, context, repeat = 0, outputSize, flags = 0, cpu = 0 }: TestRunOptions,
): TestRunResult {
  const input = context?.slice();
  // The kernel gives the context back in a place of its own for packets only; a system call's stands where it was.
  const contextOut = data === undefined ? undefined : new Uint8Array(context?.length ?? 0);
  const dataOut = new Uint8Array(outputSize ?? (data === undefined ? 0 : data.length + ROOM));
  const options = new OptionStruct([
    bytesField(data),
    bytesField(dataOut),
    { type: "u32", value: data?.length ?? 0 },
    { type: "u32", value: dataOut.length },
    bytesField(input),
    bytesField(contextOut),
    { type: "u32", value: input?.length ?? 0 },
    { type: "u32", value: contextOut?.length ?? 0 },
    { type: "u32", value: 0 }, // retval
    { type: "s32", value: repeat },
    { type: "u32", value: 0 }, // duration
    { type: "u32", value: flags },
    { type: "u32", value: cpu },
    { type: "u32", value: 0 }, // batch_size
  ]);
  const result = libbpf().bpf_prog_test_run_opts(program.fd, options.bytes);
  if (result < 0) throw failure(program.name, -result);
  return {
    returnValue: options.u32(RETURN_VALUE),
    data: dataOut.subarray(0, options.u32(DATA_SIZE_OUT)),
    context: contextOut?.subarray(0, options.u32(CONTEXT_SIZE_OUT)) ?? input ?? new Uint8Array(),
    durationNs: options.u32(DURATION),
  };
}

function bytesField(value: Bytes | undefined): OptionField {
  return { type: "pointer", value: value === undefined || value.length === 0 ? null : value };
}

function failure(program: string, errno: number): BpfError {
  const parts = { step: "read", errno } as const;
  const action = `run ${program} as a test`;
  switch (errno) {
    case ERRNO.ENOTSUPP:
    case ERRNO.EOPNOTSUPP:
      return new BpfError(action, {
        ...parts,
        code: "E_UNSUPPORTED",
        cause: "this kernel has no test runs for programs of its type",
      });
    case ERRNO.EINVAL:
      return new BpfError(action, {
        ...parts,
        code: "E_READ",
        cause: "the kernel refuses the input (EINVAL)",
        hint:
          "Programs that see packets take data of at least 14 bytes, others none; repeat is not for raw tracepoints and system calls",
      });
    case ERRNO.ENOSPC:
      return new BpfError(action, {
        ...parts,
        code: "E_READ",
        cause: "the packet that the program made is larger than outputSize",
      });
    case ERRNO.EPERM:
      return new BpfError(action, { ...parts, code: "E_PERMISSION", cause: "EPERM" });
  }
  return new BpfError(action, { ...parts, code: "E_READ", cause: errnoName(errno) });
}
