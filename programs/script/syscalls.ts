/**
 * Tracepoints of system calls, seen through the raw tracepoints that all system calls pass: one program and one link for as many
 * system calls as have the same code. The kernel attaches, calls and above all lets go of these much faster than of one
 * tracepoint for each system call.
 */

import { type Expression, type ProbeNode, visitProbe } from "./ast.ts";
import type { ProgramSource } from "./compile.ts";
import type { KernelFacts } from "./facts.ts";
import type { SyscallPlace, TracepointPlace } from "./probes.ts";
import { syscallNumber } from "./syscall_numbers.ts";
import { typeName } from "./types.ts";

/** Each of these programs is run by every system call: more than that, and those that nobody traces become slow. */
const MOST_PROGRAMS = 4;

/** Joins the programs of a script that go to tracepoints of system calls, as far as they can be seen through raw tracepoints. */
export function joinSyscalls(
  programs: readonly ProgramSource[],
  facts: KernelFacts,
): ProgramSource[] {
  if (!facts.hasBtf) return [...programs];
  const groups = groupsOf(programs, facts);
  const count = (wanted: SyscallPlace["direction"]) =>
    groups.filter(({ direction }) => direction === wanted).length;
  const tooMany = { enter: count("enter") > MOST_PROGRAMS, exit: count("exit") > MOST_PROGRAMS };
  const joined = new Map<ProgramSource, ProgramSource | undefined>();
  for (const { direction, members } of groups) {
    if (tooMany[direction]) continue;
    const [first] = members;
    const attachments = members.map(({ attachment }) => attachment);
    members.forEach(({ source }) => joined.set(source, undefined));
    joined.set(first!.source, { ...first!.source, attachment: attachments[0]!, attachments });
  }
  return programs.flatMap((each) => joined.has(each) ? joined.get(each) ?? [] : each);
}

interface Member {
  readonly source: ProgramSource;
  readonly attachment: TracepointPlace;
}

interface Group {
  readonly probe: ProbeNode;
  readonly direction: SyscallPlace["direction"];
  /** What the fields are that the body names. */
  readonly layout: string;
  readonly members: Member[];
}

/** The programs that have the same code. A system call that a probe names twice is in two groups. */
function groupsOf(programs: readonly ProgramSource[], facts: KernelFacts): Group[] {
  const groups: Group[] = [];
  const fields = new Map<ProbeNode, readonly string[] | undefined>();
  for (const source of programs) {
    const { probe } = source;
    const attachment = placeOf(source, facts);
    if (attachment === undefined) continue;
    if (!fields.has(probe)) fields.set(probe, fieldsOf(probe));
    const layout = layoutOf(attachment, fields.get(probe), facts);
    if (layout === undefined) continue;
    const { direction, number } = attachment.syscall;
    const found = groups.find((group) =>
      group.probe === probe && group.direction === direction && group.layout === layout &&
      group.members.every((member) => member.attachment.syscall?.number !== number)
    );
    const member = { source, attachment };
    if (found === undefined) groups.push({ probe, direction, layout, members: [member] });
    else found.members.push(member);
  }
  return groups;
}

/** Where a program goes, if that is a system call whose number is known. */
function placeOf(
  { attachment }: ProgramSource,
  { arch }: KernelFacts,
): (TracepointPlace & { readonly syscall: SyscallPlace }) | undefined {
  if (attachment.kind !== "tracepoint" || attachment.category !== "syscalls") return undefined;
  const [, direction, name = ""] = /^sys_(enter|exit)_(.*)$/.exec(attachment.event) ?? [];
  const number = syscallNumber(arch, name);
  if (direction === undefined || number === undefined) return undefined;
  return {
    ...attachment,
    syscall: { direction: direction as SyscallPlace["direction"], number },
  };
}

/** The fields of `args` that a probe names; `undefined` where it does what only the tracepoint's own program can. */
function fieldsOf(probe: ProbeNode): readonly string[] | undefined {
  const fields = new Set<string>();
  const plain = new Set<Expression>();
  let isPlain = true;
  visitProbe(probe, (node) => {
    if (node.kind === "field" && isNamed(node.object, "args")) {
      fields.add(node.name);
      plain.add(node.object);
    }
    // The record as a whole, its address, and the kernel's stack as the tracepoint has it.
    const isWhole = isNamed(node, "args") && !plain.has(node);
    const isAddress = node.kind === "unary" && node.operator === "&" && isPartOfArgs(node.operand);
    const isKernelStack = node.kind === "call" && node.name === "kstack";
    if (isWhole || isAddress || isKernelStack || isNamed(node, "kstack") || isNamed(node, "ctx")) {
      isPlain = false;
    }
  });
  return isPlain ? [...fields].sort() : undefined;
}

function isNamed(node: Expression, name: string): boolean {
  return node.kind === "identifier" && node.name === name;
}

function isPartOfArgs(node: Expression): boolean {
  return node.kind === "field" && isNamed(node.object, "args");
}

/** Places in a record, in bytes: behind what all tracepoints have the number, then six arguments or the result, of a word each. */
export const SYSCALL_RECORD = { number: 8, first: 16, word: 8 } as const;

/** Where the fields are and what they are; `undefined` where one is not what the program was called with. */
function layoutOf(
  { category, event }: TracepointPlace,
  fields: readonly string[] | undefined,
  facts: KernelFacts,
): string | undefined {
  if (fields === undefined) return undefined;
  if (fields.length === 0) return "";
  const record = facts.tracepoint(category, event);
  const { number, first, word } = SYSCALL_RECORD;
  const parts = fields.map((name) => {
    const field = record?.field(name);
    const isWord = field !== undefined && field.located === undefined &&
      (field.offset === number || field.offset >= first && field.offset % word === 0);
    return isWord ? `${name} ${field.offset} ${typeName(field.type)}` : undefined;
  });
  return parts.includes(undefined) ? undefined : parts.join();
}
