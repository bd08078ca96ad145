/** Where functions have their arguments, as the kernel keeps a program's registers: `struct pt_regs`. */

/** The registers of an architecture: bytes into its `struct pt_regs`. */
export interface RegisterLayout {
  readonly args: readonly number[];
  readonly result: number;
  readonly stackPointer: number;
  readonly names: Readonly<Record<string, number>>;
  /** Those with the arguments of a system call, which differ from a function's. */
  readonly syscallArgs: readonly number[];
  /** The first argument on the stack, in words from the stack pointer at a function's entry. */
  readonly stackArgs: number;
}

const X86_ORDER = [
  ...["r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si"],
  ...["di", "orig_ax", "ip", "cs", "flags", "sp", "ss"],
];

const ARM_ORDER = [...Array.from({ length: 31 }, (_, i) => `r${i}`), "sp", "pc", "pstate"];

function layout(
  order: readonly string[],
  { args, syscallArgs, result, stackArgs }: {
    readonly args: readonly string[];
    readonly syscallArgs: readonly string[];
    readonly result: string;
    readonly stackArgs: number;
  },
): RegisterLayout {
  const names = Object.fromEntries(order.map((name, i) => [name, i * 8]));
  return {
    names,
    args: args.map((name) => names[name]!),
    syscallArgs: syscallArgs.map((name) => names[name]!),
    result: names[result]!,
    stackPointer: names["sp"]!,
    stackArgs,
  };
}

/** By the names of Deno's architectures. */
export const REGISTERS: Readonly<Record<"x86_64" | "aarch64", RegisterLayout>> = {
  x86_64: layout(X86_ORDER, {
    args: ["di", "si", "dx", "cx", "r8", "r9"],
    syscallArgs: ["di", "si", "dx", "r10", "r8", "r9"],
    result: "ax",
    stackArgs: 1,
  }),
  aarch64: layout(ARM_ORDER, {
    args: ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"],
    syscallArgs: ["r0", "r1", "r2", "r3", "r4", "r5"],
    result: "r0",
    stackArgs: 0,
  }),
};

/** The name in `struct pt_regs` of a register as an assembler has it: `edi` and `dil` are `di`, `w3` is `r3`. */
export function fullRegister(name: string, arch: "x86_64" | "aarch64"): string | undefined {
  const { names } = REGISTERS[arch];
  const candidates = arch === "aarch64"
    ? [name, name.replace(/^[xw](?=\d)/, "r"), name.replace(/^wsp$/, "sp")]
    : [
      name,
      name.replace(/^[re](?=[a-z])/, ""),
      name.replace(/^(r\d+)[dwb]$/, "$1"),
      name.replace(/^([abcd])[lh]$/, "$1x"),
      name.replace(/^([sd]i|[sb]p)l$/, "$1"),
    ];
  return candidates.find((each) => names[each] !== undefined);
}
