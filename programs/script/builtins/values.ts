/** Builtins without arguments: `pid`, `comm`, `nsecs`. */

import type { Operand } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import { VARIABLES } from "../lower/globals.ts";
import { syscallName } from "../lower/syscalls.ts";
import { utf8 } from "../lower/words.ts";
import { type Attachment, attachmentName } from "../probes.ts";
import type { AccessSize } from "../../../ffi/asm/instruction.ts";
import type { UsdtArgument } from "../../../ffi/elf/usdt.ts";
import type { Span } from "../source.ts";
import type { HelperName } from "../../../ffi/asm/helpers.ts";
import { INT64, NONE, type Type, UINT64, UNKNOWN } from "../types.ts";
import type { BuiltinValue, Typing } from "./builtin.ts";
import { fullRegister, REGISTERS } from "./registers.ts";
import { stackOf, stackType } from "./stacks.ts";

const COMM_SIZE = 16;

function value(
  names: readonly string[],
  type: Type,
  scalar: (lowerer: Lowerer) => Operand,
): BuiltinValue {
  return { names, type: () => type, scalar: (_, lowerer) => scalar(lowerer) };
}

function helper(names: readonly string[], type: Type, name: HelperName): BuiltinValue {
  return value(names, type, (lowerer) => lowerer.ir.call(name));
}

const TASK = (typing: Typing): Type => {
  const task = typing.facts.type("struct task_struct");
  return task === undefined ? UINT64 : { kind: "pointer", to: task, space: "kernel" };
};

/** The argument of a probe on a function, counted from 0. */
function argument(index: number): BuiltinValue {
  return {
    names: [`arg${index}`],
    type: (typing, span) => {
      const { kind } = typing.attachment;
      const allowed = kind === "kprobe" || kind === "uprobe" || kind === "rawtracepoint" ||
        kind === "usdt";
      if (!allowed) {
        typing.error(span, `The arg${index} builtin can not be used with '${kind}' probes`);
      }
      return typing.attachment.kind === "usdt"
        ? usdtType(index, typing.attachment.args, { typing, span })
        : UINT64;
    },
    scalar: (_, lowerer) => {
      const { ir, context, typing } = lowerer;
      if (typing.attachment.kind === "usdt") {
        return usdtArgument(lowerer, typing.attachment.args[index]!);
      }
      if (typing.attachment.kind === "rawtracepoint") return ir.load(context, index * 8, 8);
      const offset = REGISTERS[typing.facts.arch].args[index];
      if (offset !== undefined) return ir.load(context, offset, 8);
      return stackArgument(lowerer, index - REGISTERS[typing.facts.arch].args.length);
    },
  };
}

function usdtType(
  index: number,
  args: readonly UsdtArgument[],
  { typing, span }: { readonly typing: Typing; readonly span: Span },
): Type {
  const arg = args[index];
  if (arg === undefined) {
    typing.error(span, `The probe has ${args.length} arguments: there is no arg${index}`);
  } else if (arg.kind === "unknown") {
    typing.unsupported(span, `arg${index} of this probe, which is at ${arg.text}`);
  } else {
    const { size, signed } = arg;
    return { kind: "integer", size: size as AccessSize, signed };
  }
  return UNKNOWN;
}

function usdtArgument(lowerer: Lowerer, arg: UsdtArgument): Operand {
  const { ir, context, typing } = lowerer;
  const { arch } = typing.facts;
  const { size, signed } = arg;
  const type: Type = { kind: "integer", size: size as AccessSize, signed };
  const register = (name: string): Operand => {
    const full = fullRegister(name, arch);
    return full === undefined ? 0n : ir.load(context, REGISTERS[arch].names[full]!, 8);
  };
  switch (arg.kind) {
    case "constant":
      return arg.value;
    case "register": {
      const src = register(arg.register);
      return ir.define((dst) => ({ op: "extend", dst, src, bits: size * 8, signed }));
    }
    case "memory": {
      const base = arg.base === undefined ? 0n : register(arg.base);
      const shifted = ir.alu("add", base, arg.offset);
      const address = arg.index === undefined
        ? shifted
        : ir.alu("add", shifted, ir.alu("mul", register(arg.index), BigInt(arg.scale ?? 1)));
      return lowerer.readScalar({ type, space: "user", address, offset: 0 });
    }
    case "unknown":
      return 0n;
  }
}

/** `sarg0`, and arguments for which there was no register. */
function stackArgument(lowerer: Lowerer, index: number): Operand {
  const { ir, context, typing } = lowerer;
  const { stackPointer, stackArgs } = REGISTERS[typing.facts.arch];
  const address = ir.load(context, stackPointer, 8);
  return lowerer.readScalar({
    type: UINT64,
    space: typing.defaultSpace(),
    address,
    offset: (index + stackArgs) * 8,
  });
}

function onStack(index: number): BuiltinValue {
  return {
    names: [`sarg${index}`],
    type: (typing, span) => {
      const { kind } = typing.attachment;
      if (kind !== "kprobe" && kind !== "uprobe") {
        typing.error(span, `The sarg${index} builtin can not be used with '${kind}' probes`);
      }
      return UINT64;
    },
    scalar: (_, lowerer) => stackArgument(lowerer, index),
  };
}

const RETVAL: BuiltinValue = {
  names: ["retval"],
  type: (typing, span) => {
    const { attachment } = typing;
    if (attachment.kind === "fexit") {
      return typing.facts.kernelFunction(attachment.symbol, attachment.module)?.returns ?? UINT64;
    }
    if (attachment.kind !== "kretprobe" && attachment.kind !== "uretprobe") {
      typing.error(
        span,
        `The retval builtin can not be used with '${attachment.kind}' probes`,
        "It is for 'kretprobe', 'uretprobe' and 'kretfunc' probes",
      );
    }
    return UINT64;
  },
  scalar: (node, lowerer) => {
    const { ir, context, typing } = lowerer;
    const { attachment } = typing;
    if (attachment.kind !== "fexit") {
      return ir.load(context, REGISTERS[typing.facts.arch].result, 8);
    }
    const count =
      typing.facts.kernelFunction(attachment.symbol, attachment.module)?.parameters.length ?? 0;
    const type = lowerer.type(node);
    return lowerer.readScalar({ type, space: "kernel", address: context, offset: count * 8 });
  },
};

const ARGS: BuiltinValue = {
  names: ["args"],
  type: (typing, span) => {
    const { attachment, facts } = typing;
    if (attachment.kind === "tracepoint") {
      const record = facts.tracepoint(attachment.category, attachment.event);
      return record === undefined ? UNKNOWN : { kind: "record", record, space: "context" };
    }
    if (attachment.kind === "fentry" || attachment.kind === "fexit") {
      const found = facts.kernelFunction(attachment.symbol, attachment.module);
      if (found === undefined) return UNKNOWN;
      return {
        kind: "record",
        space: "kernel",
        record: parametersOf(attachment.symbol, found.parameters),
      };
    }
    if (attachment.kind === "rawtracepoint") {
      const found = facts.rawTracepoint(attachment.event);
      if (found !== undefined) {
        return {
          kind: "record",
          space: "kernel",
          record: parametersOf(attachment.event, found.parameters),
        };
      }
      typing.error(span, `the kernel's BTF does not tell what ${attachment.event} is given`);
      return UNKNOWN;
    }
    typing.error(
      span,
      `The args builtin can only be used with tracepoint and kfunc probes (${attachment.kind} used here)`,
    );
    return UNKNOWN;
  },
};

function parametersOf(
  symbol: string,
  parameters: readonly { readonly name: string; readonly type: Type }[],
) {
  const fields = new Map(
    parameters.map(({ name, type }, i) => [name, { name, type, offset: i * 8 }] as const),
  );
  return {
    name: `the arguments of ${symbol}`,
    size: parameters.length * 8,
    field: (name: string) => fields.get(name),
    fieldNames: () => [...fields.keys()],
  };
}

const COMM: BuiltinValue = {
  names: ["comm"],
  type: () => ({ kind: "string", size: COMM_SIZE }),
  into: (_, lowerer, target) => {
    lowerer.zeroFill(target, COMM_SIZE); // Linux 6.1 writes nothing behind the name's end.
    lowerer.ir.call("get_current_comm", target, BigInt(COMM_SIZE));
  },
};

const PROBE: BuiltinValue = {
  names: ["probe"],
  type: (typing) => ({ kind: "string", size: probeSize(typing) }),
  into: (_, lowerer, target) => {
    const { typing } = lowerer;
    const size = Math.ceil(probeSize(typing) / 8) * 8;
    if (typing.attachments.length > 1) syscallName(lowerer, target, size);
    else lowerer.textInto(typing.probe, target, size);
  },
};

/** Bytes of the longest name of a program's probes, with its NUL. */
function probeSize({ probe, attachments }: Typing): number {
  const names = attachments.length > 1 ? attachments.map(attachmentName) : [probe];
  return Math.max(...names.map((name) => utf8(name).length)) + 1;
}

const FUNC: BuiltinValue = {
  names: ["func"],
  type: (typing, span) => {
    const { attachment } = typing;
    switch (attachment.kind) {
      case "kprobe":
      case "kretprobe":
        return { kind: "symbolic", as: "ksym", size: 8 };
      case "uprobe":
        return { kind: "symbolic", as: "usym", size: 16 };
      case "fentry":
      case "fexit":
        return { kind: "string", size: attachment.symbol.length + 1 };
      default:
        typing.error(span, `The func builtin can not be used with '${attachment.kind}' probes`);
        return UNKNOWN;
    }
  },
  // On return the instruction pointer is the caller's.
  scalar: (_, { ir, context, typing: { attachment, facts } }) =>
    attachment.kind === "kretprobe"
      ? facts.kernelSymbol(attachment.symbol) ?? 0n
      : ir.load(context, instructionPointer(facts.arch), 8),
  into: (_, lowerer, target) => {
    const { ir, context, typing } = lowerer;
    const { attachment } = typing;
    if (attachment.kind === "fentry" || attachment.kind === "fexit") {
      const size = Math.ceil((attachment.symbol.length + 1) / 8) * 8;
      return lowerer.textInto(attachment.symbol, target, size);
    }
    const address = ir.load(context, instructionPointer(typing.facts.arch), 8);
    ir.store(target.base, target.offset, 8, address);
    const pid = ir.alu("rsh", lowerer.pidTgid(), 32n);
    ir.store(target.base, target.offset + 8, 8, pid);
  },
};

function instructionPointer(arch: "x86_64" | "aarch64"): number {
  const { names } = REGISTERS[arch];
  return (names["ip"] ?? names["pc"])!;
}

/** Those whose context is what the processor was doing. */
const WITH_REGISTERS: readonly Attachment["kind"][] = [
  ...["profile", "interval", "software", "hardware", "watchpoint"] as const,
  ...["kprobe", "kretprobe", "uprobe", "uretprobe"] as const,
];

/** Whether the processor was in a program, or in the kernel: two bits on x86, four on arm64. */
const USERMODE: BuiltinValue = {
  names: ["usermode"],
  type: (typing, span) => {
    const { kind } = typing.attachment;
    if (!WITH_REGISTERS.includes(kind)) {
      typing.error(span, `The usermode builtin can not be used with '${kind}' probes`);
    }
    return UINT64;
  },
  scalar: (_, { ir, context, typing }) => {
    const { names } = REGISTERS[typing.facts.arch];
    const [register, mask, user] = names["cs"] === undefined
      ? [names["pstate"]!, 0xfn, 0n]
      : [names["cs"], 3n, 3n];
    return ir.holds("eq", ir.alu("and", ir.load(context, register, 8), mask), user);
  },
};

function stack(name: "kstack" | "ustack"): BuiltinValue {
  const of = name === "kstack" ? "kernel" : "user";
  return {
    names: [name],
    type: (typing) => stackType(of, typing.settings),
    scalar: (node, lowerer) => stackOf(lowerer, lowerer.type(node)),
    into: (node, lowerer, target) => {
      const { ir } = lowerer;
      ir.store(target.base, target.offset, 8, stackOf(lowerer, lowerer.type(node)));
      ir.store(target.base, target.offset + 8, 8, ir.alu("rsh", lowerer.pidTgid(), 32n));
    },
  };
}

/** The process of the current task's parent, as the kernel's BTF says where it stands; 0 without BTF. */
function parentOf(lowerer: Lowerer): Operand {
  const task = lowerer.typing.facts.type("struct task_struct");
  if (task?.kind !== "record") return 0n;
  const [parent, tgid] = ["real_parent", "tgid"].map((name) =>
    task.record.field(name)?.offset ?? 0
  );
  const current = lowerer.ir.call("get_current_task");
  const space = "kernel";
  const address = lowerer.readScalar({ type: UINT64, space, address: current, offset: parent! });
  const type: Type = { kind: "integer", size: 4, signed: true };
  return lowerer.readScalar({ type, space, address, offset: tgid! });
}

/** All of them. */
export const VALUES: readonly BuiltinValue[] = [
  USERMODE,
  value(["pid"], UINT64, (lowerer) => lowerer.ir.alu("rsh", lowerer.pidTgid(), 32n)),
  value(["tid"], UINT64, (lowerer) => lowerer.low32(lowerer.pidTgid())),
  value(["uid"], UINT64, (lowerer) => lowerer.low32(lowerer.ir.call("get_current_uid_gid"))),
  value(["gid"], UINT64, ({ ir }) => ir.alu("rsh", ir.call("get_current_uid_gid"), 32n)),
  helper(["nsecs"], UINT64, "ktime_get_boot_ns"),
  value(["elapsed"], UINT64, (lowerer) => {
    const { ir } = lowerer;
    const started = ir.load(lowerer.variable(VARIABLES.started), 0, 8);
    return ir.alu("sub", ir.call("ktime_get_boot_ns"), started);
  }),
  helper(["cpu"], UINT64, "get_smp_processor_id"),
  helper(["numaid"], UINT64, "get_numa_node_id"),
  helper(["cgroup"], UINT64, "get_current_cgroup_id"),
  helper(["jiffies"], UINT64, "jiffies64"),
  value(["rand"], UINT64, (lowerer) => lowerer.low32(lowerer.ir.call("get_prandom_u32"))),
  {
    names: ["ppid"],
    type: () => UINT64,
    scalar: (_, lowerer) => parentOf(lowerer),
  },
  { names: ["ncpus"], type: () => UINT64, scalar: (_, { typing }) => BigInt(typing.facts.cpus) },
  {
    names: ["curtask"],
    type: TASK,
    scalar: (_, { ir }) => ir.call("get_current_task"),
  },
  {
    names: ["ctx"],
    type: ({ attachment, facts }) => {
      const visited = attachment.kind === "iter"
        ? facts.type(`struct bpf_iter__${attachment.iterator}`)
        : undefined;
      return { kind: "pointer", to: visited ?? NONE, space: "kernel" };
    },
    scalar: (_, { context }) => context,
  },
  {
    names: ["username"],
    type: () => ({ kind: "symbolic", as: "username", size: 8 }),
    scalar: (_, lowerer) => lowerer.low32(lowerer.ir.call("get_current_uid_gid")),
  },
  {
    names: ["cpid"],
    type: (typing, span) => {
      if (typing.settings.child === undefined) {
        typing.error(span, "cpid can not be used without child command", "Give one with -c");
      }
      return INT64;
    },
    scalar: (_, { typing }) => BigInt(typing.settings.child ?? 0),
  },
  COMM,
  PROBE,
  FUNC,
  ARGS,
  RETVAL,
  stack("kstack"),
  stack("ustack"),
  ...Array.from({ length: 10 }, (_, i) => argument(i)),
  ...Array.from({ length: 10 }, (_, i) => onStack(i)),
];
