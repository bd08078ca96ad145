/**
 * User statically defined tracepoints: the probes that a program's authors left in it, and where their arguments are.
 *
 * A probe is a `nop` in the code and a note beside it, in SystemTap's format (`sys/sdt.h`, `.note.stapsdt`).
 */

import { FormatError } from "../errors.ts";
import { Reader } from "../wire/reader.ts";
import type { Elf } from "./elf.ts";
import { MACHINE } from "./elf.ts";

/** A probe in one place of the code. One that the compiler has inlined or repeated is there several times. */
export interface UsdtProbe {
  readonly provider: string;
  readonly name: string;
  /** The address of its instruction: {@linkcode fileOffset} says where that is in the file. */
  readonly location: number;
  /** The address of the 16-bit counter of its tracers, without which the program may skip the probe. */
  readonly semaphore: number | undefined;
  /** Where its arguments are, for {@linkcode parseUsdtArguments}: `-4@%edi 8@-16(%rbp)`. */
  readonly arguments: string;
}

/** What an argument's value is, in bytes; `signed` values are extended with their sign. */
interface UsdtValue {
  readonly size: number;
  readonly signed: boolean;
}

/** Where an argument is when the probe is reached. */
export type UsdtArgument =
  & UsdtValue
  & (
    | { readonly kind: "constant"; readonly value: bigint }
    | { readonly kind: "register"; readonly register: string }
    /** At `base + offset + index * scale`. */
    | {
      readonly kind: "memory";
      readonly base: string | undefined;
      readonly offset: bigint;
      readonly index?: string;
      readonly scale?: number;
    }
    /** Something else, such as a symbol or a floating-point register. */
    | { readonly kind: "unknown"; readonly text: string }
  );

const SECTION = ".note.stapsdt";
const BASE_SECTION = ".stapsdt.base";
const OWNER = "stapsdt\0";
const NT_STAPSDT = 3;
const NOTE_HEADER = 12;
const ADDRESSES = 24;

/**
 * The probes of a file, in the order of their notes.
 *
 * @throws {FormatError} where a note is broken
 */
export function usdtProbes(elf: Elf): UsdtProbe[] {
  const section = elf.section(SECTION);
  if (section === undefined) return [];
  const notes = new Reader(section.data(), "ELF", `section ${SECTION}`);
  const base = elf.section(BASE_SECTION)?.addr ?? 0;
  const probes: UsdtProbe[] = [];
  for (let at = 0; at + NOTE_HEADER <= notes.size;) {
    const nameSize = notes.u32(at, "a note's n_namesz");
    const size = notes.u32(at + 4, "a note's n_descsz");
    const type = notes.u32(at + 8, "a note's n_type");
    const name = at + NOTE_HEADER;
    const content = name + aligned(nameSize);
    if (type === NT_STAPSDT && isOwner(notes, name, nameSize)) {
      const bytes = notes.slice(content, size, "a USDT probe's note");
      probes.push(readProbe(new Reader(bytes, "ELF", "note of a USDT probe"), base));
    }
    at = content + aligned(size);
  }
  return probes;
}

function aligned(size: number): number {
  return Math.ceil(size / 4) * 4;
}

function isOwner(notes: Reader, at: number, size: number): boolean {
  return size === OWNER.length && notes.matches(at, new TextEncoder().encode(OWNER));
}

function readProbe(note: Reader, base: number): UsdtProbe {
  const location = note.exact(0, "a USDT probe's location");
  const linkedBase = note.exact(8, "a USDT probe's base");
  const semaphore = note.exact(16, "a USDT probe's semaphore");
  // Tools that move sections after linking, such as prelink, move this one too, but not the notes' addresses.
  const moved = base !== 0 && linkedBase !== 0 ? base - linkedBase : 0;
  const [provider, name, args] = readTexts(note);
  return {
    provider,
    name,
    location: movedBy(moved, location),
    semaphore: semaphore === 0 ? undefined : movedBy(moved, semaphore),
    arguments: args,
  };
}

/** Provider, name and arguments; their sizes are counted in the file, where they may be no UTF-8. */
function readTexts(note: Reader): [provider: string, name: string, args: string] {
  const rest = note.slice(ADDRESSES, note.size - ADDRESSES, "a USDT probe's texts");
  const texts = new Reader(rest, "ELF", "note of a USDT probe");
  const first = rest.indexOf(0) + 1;
  const second = rest.indexOf(0, first) + 1;
  return [
    texts.cstring(0, "a USDT probe's provider"),
    texts.cstring(first, "a USDT probe's name"),
    texts.cstring(second, "a USDT probe's arguments"),
  ];
}

function movedBy(distance: number, address: number): number {
  const result = address + distance;
  if (result >= 0) return result;
  throw new FormatError(`Cannot read ELF: a USDT probe is at ${result}, should be above 0`);
}

/**
 * Reads where a probe's arguments are, on x86-64 or AArch64. libbpf reads this by itself when it attaches; here it is for
 * people and tests.
 *
 * @throws {FormatError} where an argument has no size
 */
export function parseUsdtArguments(
  text: string,
  machine: number = MACHINE.X86_64,
): UsdtArgument[] {
  // AArch64 has blanks in brackets: 4@[sp, 12]
  const words = text.match(/(?:\[[^\]]*\]?|\S)+/g) ?? [];
  return words.map((word) => parseArgument(word, machine));
}

function parseArgument(word: string, machine: number): UsdtArgument {
  const [, sign, digits = "", float, operand = ""] = /^(-?)([1248])(f?)@(.+)$/s.exec(word) ?? [];
  if (digits === "") {
    throw new FormatError(
      `Cannot read USDT argument "${word}": it should be like -4@%edi, with 1, 2, 4 or 8 bytes`,
    );
  }
  const value = { size: Number(digits), signed: sign === "-" };
  const parse = machine === MACHINE.AARCH64 ? parseArm64 : parseX86;
  const found = float === "" ? parse(operand) : undefined;
  return { ...value, ...found ?? { kind: "unknown", text: operand } };
}

type Place = UsdtArgument extends infer A ? A extends UsdtValue ? Omit<A, keyof UsdtValue> : never
  : never;

const NUMBER = "[-+]?(?:0x[0-9a-f]+|\\d+)";
const X86_CONSTANT = new RegExp(`^\\$(${NUMBER})$`, "i");
const X86_REGISTER = /^%([a-z][a-z0-9]*)$/;
const X86_MEMORY = new RegExp(
  `^(${NUMBER})?\\((?:%([a-z][a-z0-9]*))?(?:,%([a-z][a-z0-9]*)(?:,([1248]))?)?\\)$`,
  "i",
);

/** AT&T's notation: `%rax`, `-16(%rbp)`, `16(%rax,%rbx,8)`, `$7` */
function parseX86(operand: string): Place | undefined {
  const [, constant] = X86_CONSTANT.exec(operand) ?? [];
  if (constant !== undefined) return { kind: "constant", value: integer(constant) };
  const [, register] = X86_REGISTER.exec(operand) ?? [];
  if (register !== undefined) {
    return isX86Integer(register) ? { kind: "register", register } : undefined;
  }
  const memory = X86_MEMORY.exec(operand);
  if (memory === null) return undefined;
  const [, offset = "0", base, index, scale = "1"] = memory;
  if (base === undefined && index === undefined) return undefined;
  return memoryAt({ base, offset: integer(offset), index, scale: Number(scale) });
}

function isX86Integer(register: string): boolean {
  return !/^(?:[xyz]?mm|st|k)\d/.test(register);
}

const ARM_CONSTANT = new RegExp(`^(${NUMBER})$`, "i");
const ARM_REGISTER = /^(?:[xw](?:[12]?\d|30)|sp|wsp|xzr|wzr)$/;
const ARM_MEMORY = new RegExp(
  `^\\[(x(?:[12]?\\d|30)|sp)(?:, *(?:#?(${NUMBER})|(x(?:[12]?\\d|30))(?:, *lsl #?([0-3]))?))?\\]$`,
  "i",
);

/** `x0`, `w3`, `[sp]`, `[sp, 12]`, `[x0, x1, lsl 3]`, `7` */
function parseArm64(operand: string): Place | undefined {
  const [, constant] = ARM_CONSTANT.exec(operand) ?? [];
  if (constant !== undefined) return { kind: "constant", value: integer(constant) };
  if (ARM_REGISTER.test(operand)) return { kind: "register", register: operand };
  const memory = ARM_MEMORY.exec(operand);
  if (memory === null) return undefined;
  const [, base, offset = "0", index, shift = "0"] = memory;
  return memoryAt({ base, offset: integer(offset), index, scale: 1 << Number(shift) });
}

function memoryAt(
  { base, offset, index, scale }: {
    base: string | undefined;
    offset: bigint;
    index: string | undefined;
    scale: number;
  },
): Place {
  return { kind: "memory", base, offset, ...(index === undefined ? {} : { index, scale }) };
}

function integer(text: string): bigint {
  const value = BigInt(text.replace(/^[-+]/, ""));
  return text.startsWith("-") ? -value : value;
}
