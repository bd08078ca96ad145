/**
 * System calls, as the raw tracepoints sys_enter and sys_exit show them: the first argument has the registers that a program called
 * with, the second is the number (sys_enter) or the result (sys_exit).
 */

import type { KernelField } from "../../../ffi/asm/assembler.ts";
import type { AccessSize } from "../../../ffi/asm/instruction.ts";
import { REGISTERS } from "../builtins/registers.ts";
import type { VirtualRegister } from "../ir.ts";
import { attachmentName, type SyscallPlace } from "../probes.ts";
import { SYSCALL_RECORD } from "../syscalls.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory } from "./memory.ts";
import { utf8 } from "./words.ts";

const REGISTERS_ARGUMENT = 0;
const SECOND_ARGUMENT = 8;

const { word: WORD } = SYSCALL_RECORD;

/** What says that a task is in a system call of 32-bit programs, whose numbers mean other calls: the tracepoints leave them out. */
const COMPAT = {
  x86_64: {
    field: { struct: "task_struct", members: ["thread_info", "status"], size: 4 },
    flag: 1n << 1n, // TS_COMPAT
  },
  aarch64: {
    field: { struct: "task_struct", members: ["thread_info", "flags"], size: 8 },
    flag: 1n << 22n, // TIF_32BIT
  },
} as const satisfies Record<string, { readonly field: KernelField; readonly flag: bigint }>;

// On aarch64 the number has no register of its own, and the result is where the first argument was.
const NUMBER: KernelField = { struct: "pt_regs", members: ["syscallno"], size: 4 };
const FIRST: KernelField = { struct: "pt_regs", members: ["orig_x0"], size: 8 };

/** Several numbers are compared one by one; more of them are looked up. */
const MOST_COMPARED = 4;

/** Leaves the program, unless it is one of its system calls. */
export function gateSyscalls(l: Lowerer): void {
  const places = l.typing.syscalls;
  const [first] = places;
  if (first === undefined) return;
  const number = syscallNumber(l, first);
  const numbers = places.map(({ number }) => number);
  if (numbers.length > MOST_COMPARED) gateSet(l, number, numbers);
  else gateFew(l, number, numbers);
  gateCompat(l);
}

function gateFew(l: Lowerer, number: VirtualRegister, numbers: readonly number[]): void {
  const { ir } = l;
  const isOne = ir.label();
  for (const each of numbers.slice(0, -1)) ir.branch("eq", number, BigInt(each), isOne);
  ir.branch("ne", number, BigInt(numbers.at(-1)!), l.exit);
  ir.place(isOne);
}

/** A bit for each number. */
function gateSet(l: Lowerer, number: VirtualRegister, numbers: readonly number[]): void {
  const { ir } = l;
  const set = new BigUint64Array(Math.floor(Math.max(...numbers) / 64) + 1);
  for (const each of numbers) set[each >> 6]! |= 1n << BigInt(each & 63);
  const word = elementOf(l, ir.alu("rsh", number, 6n), {
    bytes: new Uint8Array(set.buffer),
    stride: WORD,
  });
  const bit = ir.alu("rsh", ir.load(word, 0, WORD), ir.alu("and", number, 63n));
  ir.branch("eq", ir.alu("and", bit, 1n), 0n, l.exit);
}

/** The address of an element of a table that never changes; the program ends where there is none. */
function elementOf(
  l: Lowerer,
  index: VirtualRegister,
  { bytes, stride }: { readonly bytes: Uint8Array; readonly stride: number },
): VirtualRegister {
  const { ir } = l;
  const base = l.constantAddress(bytes);
  const distance = ir.alu("mul", index, BigInt(stride));
  const most = bytes.length - stride;
  return ir.define((dst) => ({ op: "index", dst, base, index: distance, most, otherwise: l.exit }));
}

function gateCompat(l: Lowerer): void {
  const { ir, typing: { facts } } = l;
  const { field, flag } = COMPAT[facts.arch];
  const flags = facts.hasHelper("get_current_task_btf")
    ? loadField(l, ir.call("get_current_task_btf"), field)
    : readField(l, ir.call("get_current_task"), field);
  ir.branch("set", flags, flag, l.exit);
}

/** Of what the verifier knows. */
function loadField(l: Lowerer, base: VirtualRegister, field: KernelField): VirtualRegister {
  return l.ir.load(addressOfField(l, base, field), 0, field.size);
}

/** Of what is a mere number to the verifier: Linux 5.10 has no other task. */
function readField(l: Lowerer, base: VirtualRegister, field: KernelField): VirtualRegister {
  const memory = l.onStack(WORD);
  l.ir.store(memory.base, memory.offset, WORD, 0n);
  l.ir.call("probe_read_kernel", memory, BigInt(field.size), addressOfField(l, base, field));
  return l.ir.load(memory.base, memory.offset, WORD);
}

function addressOfField(l: Lowerer, base: VirtualRegister, field: KernelField): VirtualRegister {
  return l.ir.define((dst) => ({ op: "address", dst, base, offset: 0, field }));
}

function registers(l: Lowerer): VirtualRegister {
  return l.ir.load(l.context, REGISTERS_ARGUMENT, WORD);
}

/** The number, of which the kernel looks at 32 bits. */
function syscallNumber(l: Lowerer, { direction }: SyscallPlace): VirtualRegister {
  const { ir, typing: { facts: { arch } } } = l;
  if (direction === "enter") return l.low32(ir.load(l.context, SECOND_ARGUMENT, WORD));
  if (arch === "aarch64") return loadField(l, registers(l), NUMBER);
  return ir.load(registers(l), REGISTERS[arch].names["orig_ax"]!, 4);
}

/** What stands at an offset of the tracepoint's record. */
export function syscallField(
  l: Lowerer,
  place: SyscallPlace,
  { offset, size }: { readonly offset: number; readonly size: AccessSize },
): VirtualRegister {
  const { ir, typing: { facts: { arch } } } = l;
  if (offset === SYSCALL_RECORD.number) return syscallNumber(l, place);
  if (place.direction === "exit") return ir.load(l.context, SECOND_ARGUMENT, WORD);
  const index = (offset - SYSCALL_RECORD.first) / WORD;
  if (arch === "aarch64" && index === 0) return loadField(l, registers(l), FIRST);
  return ir.load(registers(l), REGISTERS[arch].syscallArgs[index]!, size);
}

/** The names of a program's probes, by number: each takes as many bytes. */
export function syscallName(l: Lowerer, target: Memory, stride: number): void {
  const places = l.typing.attachments.flatMap((each) =>
    each.kind === "tracepoint" && each.syscall !== undefined
      ? [{ name: attachmentName(each), place: each.syscall }]
      : []
  );
  const most = Math.max(...places.map(({ place }) => place.number));
  const bytes = new Uint8Array((most + 1) * stride);
  for (const { name, place } of places) bytes.set(utf8(name), place.number * stride);
  const name = elementOf(l, syscallNumber(l, places[0]!.place), { bytes, stride });
  l.copy({ base: name, offset: 0 }, target, stride);
}
