/** Processes by their numbers in a pid namespace: `pid(curr_ns)`, `tid(init)`. */

import type { CallNode } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import { UINT64 } from "../types.ts";
import type { BuiltinFunction } from "./builtin.ts";

const NAMESPACES: readonly string[] = ["curr_ns", "init"];
/** `struct bpf_pidns_info`: the numbers of the thread and of the process, 4 bytes each. */
const PIDNS_INFO = 8;

/** `pid()` is that of gimlet's own namespace, `pid(init)` that of the machine's first one. */
function numberOf(
  name: "pid" | "tid",
  of: (pidTgid: VirtualRegister, lowerer: Lowerer) => Operand,
): BuiltinFunction {
  return {
    names: [name],
    least: 0,
    most: 1,
    words: NAMESPACES,
    type: ({ args: [namespace], span }, typing) => {
      const known = namespace === undefined ||
        namespace.kind === "identifier" && NAMESPACES.includes(namespace.name);
      if (!known) {
        typing.error(span, `${name}() only supports ${NAMESPACES.join(" and ")} as the argument`);
      }
      return UINT64;
    },
    scalar: ({ args }, lowerer) => of(pidTgidIn(args, lowerer), lowerer),
  };
}

/** `tgid << 32 | pid`; 0 where the current task is not in the namespace. */
function pidTgidIn([namespace]: CallNode["args"], lowerer: Lowerer): VirtualRegister {
  const isFirst = namespace?.kind === "identifier" && namespace.name === "init";
  const own = isFirst ? undefined : lowerer.typing.facts.pidNamespace();
  if (own === undefined) return lowerer.pidTgid();
  const { ir } = lowerer;
  const info = lowerer.onStack(PIDNS_INFO);
  ir.store(info.base, info.offset, PIDNS_INFO, 0n);
  // Where it fails, it leaves zeros.
  ir.call("get_ns_current_pid_tgid", own.dev, own.ino, info, BigInt(PIDNS_INFO));
  return ir.load(info.base, info.offset, PIDNS_INFO);
}

/** All of them. */
export const PROCESSES: readonly BuiltinFunction[] = [
  numberOf("pid", (pidTgid, { ir }) => ir.alu("rsh", pidTgid, 32n)),
  numberOf("tid", (pidTgid, lowerer) => lowerer.low32(pidTgid)),
];
