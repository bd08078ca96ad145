/** The `format` files of tracepoints: which fields a record has, and where they lie. */

import { FormatError } from "../errors.ts";
import { tracefsPath } from "./tracefs.ts";

/** How the bytes of a field are found where they do not lie in the record's fixed part. */
export type DynamicLocation = "__data_loc" | "__rel_loc";

/** A field of a tracepoint's record. Offsets and sizes are in bytes. */
export interface TracepointField {
  /** As the record's struct has it. */
  readonly name: string;
  /** As the kernel writes it: `char prev_comm[16]`, `__data_loc char[] name`. */
  readonly declaration: string;
  /** The C type, of one element where it is an array: `const char *`, `char`, `pid_t`. */
  readonly type: string;
  /** From the start of the record. */
  readonly offset: number;
  /** Of the whole field; that of the location (4) where it is dynamic. */
  readonly size: number;
  /** Whether it is extended with its sign. */
  readonly signed: boolean;
  /** How many elements an array has, 0 for one without a length; `undefined` where it is no array. */
  readonly length: number | undefined;
  /**
   * Where set, the field holds a u32: `offset | size << 16` of its bytes, from the record's start (`__data_loc`) or
   * from behind the field itself (`__rel_loc`, Linux ≥ 5.17).
   */
  readonly dynamic: DynamicLocation | undefined;
  /** One of the fields that all tracepoints begin with: `common_type`, `common_pid`, … */
  readonly common: boolean;
}

/** What a tracepoint's `format` file says. */
export interface TracepointFormat {
  /** Without its category. */
  readonly name: string;
  /** The number that a perf event names the tracepoint by; it changes from boot to boot. */
  readonly id: number;
  /** In the order of the record, the common ones first. */
  readonly fields: readonly TracepointField[];
  /** The kernel's own `printf`: format and arguments. */
  readonly printFormat: string;
}

const FIELD =
  /^\tfield:(?<declaration>.+);\toffset:(?<offset>\d+);\tsize:(?<size>\d+);\tsigned:(?<signed>[01]);$/;
const DYNAMIC = /^(?<dynamic>__data_loc|__rel_loc) (?<type>.+?)\[\] (?<name>\w+)$/;
const PLAIN = /^(?<type>.+?)\s?\b(?<name>\w+)(?<array>\[[^\]]*\])?$/;

/**
 * Reads the text of a `format` file.
 *
 * @throws {FormatError} where it is none
 */
export function parseTracepointFormat(text: string): TracepointFormat {
  const name = /^name: (.+)$/m.exec(text)?.[1];
  const id = /^ID: (\d+)$/m.exec(text)?.[1];
  if (name === undefined || id === undefined) throw broken("it has no name or no ID");
  const lines = text.split("\n");
  const begin = lines.indexOf("format:") + 1;
  const end = lines.findIndex((line) => line.startsWith("print fmt: "));
  const fields: TracepointField[] = [];
  let common = true;
  for (const line of lines.slice(begin, end < 0 ? undefined : end)) {
    // An empty line parts the common fields from the tracepoint's own.
    if (line === "") common = false;
    else fields.push(parseField(line, common));
  }
  return {
    name,
    id: Number(id),
    fields,
    printFormat: end < 0 ? "" : lines.slice(end).join("\n").slice("print fmt: ".length).trimEnd(),
  };
}

function parseField(line: string, common: boolean): TracepointField {
  const groups = FIELD.exec(line)?.groups;
  if (groups === undefined) throw broken(`there is no field in "${line}"`);
  const { declaration, offset, size, signed } = groups as Record<string, string>;
  return {
    ...parseDeclaration(declaration!),
    declaration: declaration!,
    offset: Number(offset),
    size: Number(size),
    signed: signed === "1",
    common,
  };
}

function parseDeclaration(
  text: string,
): Pick<TracepointField, "name" | "type" | "length" | "dynamic"> {
  const dynamic = DYNAMIC.exec(text)?.groups;
  if (dynamic !== undefined) {
    return {
      name: dynamic["name"]!,
      type: dynamic["type"]!,
      length: 0,
      dynamic: dynamic["dynamic"] as DynamicLocation,
    };
  }
  const plain = PLAIN.exec(text)?.groups;
  if (plain === undefined) throw broken(`there is no name in "${text}"`);
  const { array } = plain;
  return {
    name: plain["name"]!,
    type: plain["type"]!,
    // Some kernels write a constant's name in place of its value: then only `size` knows.
    length: array === undefined ? undefined : Number(array.slice(1, -1)) || 0,
    dynamic: undefined,
  };
}

/**
 * Reads the format of `category:event`; `undefined` where the kernel has no such tracepoint.
 *
 * @throws {BpfError} E_NO_TRACEFS
 * @throws {FormatError} where the file is broken
 */
export function readTracepointFormat(
  category: string,
  event: string,
): TracepointFormat | undefined {
  const path = `${tracefsPath()}/events/${category}/${event}/format`;
  try {
    return parseTracepointFormat(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function broken(cause: string): FormatError {
  return new FormatError(`Cannot read a tracepoint's format: ${cause}`);
}
