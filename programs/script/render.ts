/** Values as bpftrace writes them: text, and its JSON. */

import { cstring } from "../../ffi/wire/cstring.ts";
import {
  bitsOf,
  type Conversion,
  formatInteger,
  formatString,
  isPlain,
  parseFormat,
} from "./format.ts";
import type { ArgumentPlan } from "./plan.ts";
import { readArgument, type ScriptValue } from "./read_values.ts";
import { errorText } from "./error_text.ts";
import { strftime } from "./strftime.ts";
import type { Type } from "./types.ts";

/** Names for numbers, which only the machine knows that the script ran on. */
export interface Names {
  kernelSymbol(address: bigint): string;
  userSymbol(address: bigint, pid: number): string;
  user(id: number): string;
  cgroup(id: bigint): string;
  /** The frames of a stack, the innermost first; none where it is not known. */
  stack(stack: Extract<ScriptValue, { kind: "stack" }>): readonly string[];
  /** Nanoseconds since 1970 of a time of a clock. */
  wallClock(time: bigint, clock: "boot" | "tai"): bigint;
}

/** Something that JSON can hold. */
export type Json = string | bigint | number | readonly Json[] | { readonly [key: string]: Json };

/** Makes text of a record that lies at a place of a view. */
type Formatter = (view: DataView, at: number) => string;

/** What is printed: a format, and where its arguments lie. */
interface Formatted {
  readonly format: string;
  readonly args: readonly ArgumentPlan[];
}

/** Writes values. */
export class Renderer {
  readonly #names: Names;
  readonly #formatters = new Map<Formatted, Formatter>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** A value as text. A stack is a list of lines, each with `indent` blanks in front, or as perf(1) writes them. */
  text(value: ScriptValue, indent = 8): string {
    switch (value.kind) {
      case "integer":
        return value.name ?? value.value.toString();
      case "string":
        return value.text;
      case "bytes":
        return bytesText(value.bytes);
      case "tuple":
        return `(${value.items.map((item) => this.text(item, indent)).join(", ")})`;
      case "list":
        return `[${value.items.map((item) => this.text(item, indent)).join(",")}]`;
      case "symbolic":
        return this.#symbolic(value);
      case "stack": {
        const { mode } = value.type;
        const margin = mode === "perf" ? "\t" : " ".repeat(mode === "raw" ? 0 : indent);
        const lines = this.#names.stack(value).map((frame) => `${margin}${frame}\n`);
        return `\n${lines.join("")}`;
      }
    }
  }

  /** A time since boot, in nanoseconds, as a format says. */
  time(format: string, sinceBoot: bigint): string {
    return strftime(format, this.#names.wallClock(sinceBoot, "boot"));
  }

  /** A value as JSON. */
  json(value: ScriptValue): Json {
    switch (value.kind) {
      case "integer":
        return value.name ?? value.value;
      case "tuple":
      case "list":
        return value.items.map((item) => this.json(item));
      default:
        return this.text(value);
    }
  }

  #symbolic({ type, words }: Extract<ScriptValue, { kind: "symbolic" }>): string {
    const [first = 0n, second = 0n] = words;
    switch (type.as) {
      case "ksym":
        return this.#names.kernelSymbol(first);
      case "usym":
        return this.#names.userSymbol(first, Number(second));
      case "username":
        return this.#names.user(Number(first));
      case "strerror":
        return errorText(Number(BigInt.asIntN(32, first)));
      case "cgroup_path":
        return this.#names.cgroup(first);
      case "timestamp": {
        const clock = type.clock === "tai" ? "tai" : "boot";
        return strftime(type.format ?? "", this.#names.wallClock(first, clock));
      }
      case "inet":
        return addressText(words);
      case "mac":
        return bytesOf(words).slice(0, 6).map(hex).join(":");
    }
  }

  /** What `printf` makes of a format and the arguments in a record. */
  format(what: Formatted, view: DataView, at: number): string {
    let formatter = this.#formatters.get(what);
    // A script prints the same over and over: what can be settled before is.
    if (formatter === undefined) this.#formatters.set(what, formatter = this.#formatter(what));
    return formatter(view, at);
  }

  #formatter({ format, args }: Formatted): Formatter {
    let next = 0;
    const parts = parseFormat(format)
      .map((part) => typeof part === "string" ? part : this.#converter(part, args[next++]!));
    return (view, at) => {
      let text = "";
      for (const part of parts) text += typeof part === "string" ? part : part(view, at);
      return text;
    };
  }

  #converter(conversion: Conversion, arg: ArgumentPlan): Formatter {
    const { type, offset, indirect } = arg;
    const any: Formatter = (view, at) => this.#converted(conversion, readArgument(arg, view, at));
    if (indirect || !isPlain(conversion)) return any;
    switch (conversion.conversion) {
      case "s":
        if (type.kind !== "string") return any;
        return (view, at) => cstring(view, at + offset, type.size);
      case "d":
      case "i":
      case "u":
        return decimal(type, { offset, conversion, any });
      default:
        return any;
    }
  }

  #converted(conversion: Conversion, value: ScriptValue): string {
    switch (conversion.conversion) {
      case "s":
        return formatString(conversion, this.text(value));
      case "r":
        if (value.kind !== "bytes") return "";
        if (conversion.length.includes("x")) return [...value.bytes].map(hex).join(" ");
        if (conversion.length.includes("h")) return [...value.bytes].map(hex).join(" ");
        return formatString(conversion, bytesText(value.bytes));
    }
    const number = value.kind === "integer"
      ? value.value
      : value.kind === "symbolic"
      ? value.words[0] ?? 0n
      : 0n;
    return formatInteger(conversion, number);
  }
}

/** An integer without anything around it: mostly a number that is the same for all of C's types, and exact here. */
function decimal(
  type: Type,
  { offset, conversion, any }: { offset: number; conversion: Conversion; any: Formatter },
): Formatter {
  if (type.kind !== "integer") return any;
  const limit = 2 ** (Math.min(type.size * 8, bitsOf(conversion), EXACT_BITS + 1) - 1);
  return (view, at) => {
    const low = view.getUint32(at + offset, true);
    const number = view.getUint32(at + offset + 4, true) * 2 ** 32 + low;
    return number < limit ? String(number) : any(view, at);
  };
}

/** Bytes: printable ones as they are, others as `\xNN`. */
export function bytesText(bytes: Uint8Array): string {
  return Array.from(
    bytes,
    (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${hex(byte)}`,
  ).join("");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function bytesOf(words: readonly bigint[]): number[] {
  const view = new DataView(new ArrayBuffer(words.length * 8));
  words.forEach((word, i) => view.setBigUint64(i * 8, word, true));
  return [...new Uint8Array(view.buffer)];
}

const IPV4 = 2n;
/** Of a number: it has no more than these for the digits. */
const EXACT_BITS = 53;

/** An address of the internet: the family, then its bytes. */
function addressText([family = 0n, ...words]: readonly bigint[]): string {
  const bytes = bytesOf(words);
  return family === IPV4 ? bytes.slice(0, 4).join(".") : ipv6Text(bytes);
}

/** The longest row of zeros is left out, as RFC 5952 has it; IPv4 addresses in IPv6 keep their dots. */
function ipv6Text(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes[i * 2]! << 8 | bytes[i * 2 + 1]!);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
