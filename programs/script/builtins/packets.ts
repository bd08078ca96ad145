/** Packets for files that tcpdump and its like read: `skboutput()`. */

import { ERRNO } from "../../../ffi/errno.ts";
import type { Expression } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import { tellFault } from "../lower/reads.ts";
import { isTrusted, trustedPointer } from "../lower/trusted.ts";
import { LONGEST_PACKET, LOSS, NAMES, PACKET_HEAD } from "../plan.ts";
import { INT64, type Type, typeName } from "../types.ts";
import type { BuiltinFunction, Typing } from "./builtin.ts";

const PACKET = "struct sk_buff";
const ALLOWED: readonly string[] = ["fentry", "fexit", "rawtracepoint"];
/** What the helper gives where a packet has less bytes than were asked for. */
const TOO_SHORT = BigInt(-ERRNO.EFAULT);
const BPF_F_CURRENT_CPU = 0xffff_ffffn;
const LENGTH_SHIFT = 32n;

/** `skboutput("file.pcap", args.skb, args.skb->len, 0)`: `bpf_skb_output()`. Needs Linux >= 5.5, and BTF. */
const SKBOUTPUT: BuiltinFunction = {
  names: ["skboutput"],
  least: 4,
  most: 4,
  numbers: [2],
  type: ({ args: [file, packet, , offset], span }, typing) => {
    const { kind } = typing.attachment;
    if (!ALLOWED.includes(kind)) {
      const message = `skboutput() can not be used with '${kind}' probes`;
      typing.error(
        span,
        message,
        `Use ${ALLOWED.join(", ")}: there the kernel knows what a packet is`,
      );
      return INT64;
    }
    if (!typing.text(file!)) {
      typing.error(file!.span, "skboutput() expects the name of a file as its first argument");
    }
    if (lengthOffset(typing) === undefined) {
      typing.error(packet!.span, `the kernel's BTF does not tell what a ${PACKET} is`);
    } else checkPacket(packet!, typing);
    const left = typing.constant(offset!);
    if (left === undefined || left < 0n) {
      typing.error(offset!.span, "skboutput() needs an offset that is known beforehand");
    }
    return INT64;
  },
  scalar: ({ args: [file, packet, length, offset] }, lowerer) => {
    const { script, typing } = lowerer;
    const plan = { file: typing.text(file!)!, offset: Number(typing.constant(offset!)) };
    const index = script.packets.push(plan) - 1;
    return sendPacket(lowerer, packet!, { index, length: length! });
  },
};

function checkPacket(packet: Expression, typing: Typing): void {
  const type = typing.typeOf(packet);
  if (type.kind === "unknown" || isPacket(type) && isTrusted(packet, typing)) return;
  typing.error(
    packet.span,
    `skboutput() only supports a struct sk_buff * of args (${typeName(type)} provided)`,
    "args.skb, a variable that is given it once, or in a raw tracepoint (struct sk_buff *)arg0",
  );
}

function isPacket(type: Type): boolean {
  return type.kind === "pointer" && type.to.kind === "record" &&
    type.to.record.name === PACKET;
}

/** Gives what the helper gave: 0, or a negative error number. A packet that finds no room is counted. */
function sendPacket(
  lowerer: Lowerer,
  packet: Expression,
  { index, length }: { readonly index: number; readonly length: Expression },
): VirtualRegister {
  const { ir } = lowerer;
  const [none, fits, tooShort, done] = [ir.label(), ir.label(), ir.label(), ir.label()];
  const kept = ir.define((dst) => ({ op: "move", dst, src: lowerer.scalar(length) }));
  const result = ir.define((dst) => ({ op: "move", dst, src: TOO_SHORT }));
  const pointer = trustedPointer(lowerer, packet, none)!;
  ir.branch("le", kept, BigInt(LONGEST_PACKET), fits);
  ir.add({ op: "move", dst: kept, src: BigInt(LONGEST_PACKET) });
  ir.place(fits);
  const wholeLength = ir.load(pointer, lengthOffset(lowerer.typing)!, 4);
  const head = headOf(lowerer, { index, kept, length: wholeLength });
  const flags = ir.alu("or", ir.alu("lsh", kept, LENGTH_SHIFT), BPF_F_CURRENT_CPU);
  const size = BigInt(PACKET_HEAD.size);
  const sent = ir.call("skb_output", pointer, { map: NAMES.packets }, flags, head, size);
  ir.add({ op: "move", dst: result, src: sent });
  ir.branch("eq", result, 0n, done);
  ir.branch("eq", result, TOO_SHORT, tooShort);
  lowerer.countLoss(LOSS.bufferFull);
  ir.jump(done);
  ir.place(none);
  ir.place(tooShort);
  tellFault(lowerer, "skb_output", result);
  ir.place(done);
  return result;
}

/** Where a packet says how long it is, as the kernel's BTF has it. */
function lengthOffset({ facts }: Typing): number | undefined {
  const type = facts.type(PACKET);
  return type?.kind === "record" ? type.record.field("len")?.offset : undefined;
}

function headOf(
  lowerer: Lowerer,
  { index, kept, length }: {
    readonly index: number;
    readonly kept: Operand;
    readonly length: Operand;
  },
): Memory {
  const { ir } = lowerer;
  const head = lowerer.onStack(PACKET_HEAD.size);
  const write = (at: number, value: Operand) => ir.store(head.base, head.offset + at, 8, value);
  write(PACKET_HEAD.plan, BigInt(index));
  write(PACKET_HEAD.time, ir.call("ktime_get_boot_ns"));
  write(PACKET_HEAD.kept, kept);
  write(PACKET_HEAD.length, length);
  return head;
}

/** All of them. */
export const PACKETS: readonly BuiltinFunction[] = [SKBOUTPUT];
