/** The arguments of tracepoints: from their `format` to a struct of scripts. */

import type { AccessSize } from "../../ffi/asm/instruction.ts";
import type { RecordField, RecordLayout, Space, Type } from "./types.ts";

/** A field as a tracepoint's format tells it. Offsets and sizes are in bytes. */
export interface FormatField {
  readonly name: string;
  readonly type: string;
  readonly declaration: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  readonly length: number | undefined;
  readonly dynamic: "__data_loc" | "__rel_loc" | undefined;
  readonly common: boolean;
}

/** Makes the struct that `args` is. `type` looks the kernel's types up. */
export function tracepointRecord(
  { category, event, fields }: {
    readonly category: string;
    readonly event: string;
    readonly fields: readonly FormatField[];
  },
  type: (name: string) => Type | undefined,
): RecordLayout {
  // System calls are given addresses of the traced program; other events are the kernel's own.
  const space: Space = category === "syscalls" ? "user" : "kernel";
  const own = fields.filter(({ common }) => !common);
  const byName = new Map<string, RecordField>();
  const size = fields.reduce((end, { offset, size }) => Math.max(end, offset + size), 0);
  const field = (name: string): RecordField | undefined => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const found = fields.find((each) => each.name === name);
    if (found === undefined) return undefined;
    const made = fieldOf(found, space, type);
    byName.set(name, made);
    return made;
  };
  return {
    name: `struct _tracepoint_${category}_${event}`,
    size,
    field,
    fieldNames: () => own.map(({ name }) => name),
  };
}

const MOST_DYNAMIC = 1024;

function fieldOf(
  { name, type: written, declaration, offset, size, signed, length, dynamic }: FormatField,
  space: Space,
  lookUp: (name: string) => Type | undefined,
): RecordField {
  const base = { name, offset, typeName: declaration };
  const character = written === "char" || written === "const char";
  if (dynamic !== undefined) {
    const located = dynamic === "__data_loc" ? "data_loc" as const : "rel_loc" as const;
    const type: Type = character
      ? { kind: "string", size: MOST_DYNAMIC }
      : { kind: "array", element: elementOf(1, signed), length: 0, space: "kernel" };
    return { ...base, located, type };
  }
  const pointed = /^(.*?)\s*\*\s*(?:const\s*)?$/.exec(written)?.[1];
  if (pointed !== undefined && length === undefined) {
    return { ...base, type: { kind: "pointer", to: pointee(pointed, space, lookUp), space } };
  }
  if (length !== undefined) {
    if (character) return { ...base, type: { kind: "string", size } };
    const each = length > 0 ? size / length : 1;
    const element = elementOf(each, signed);
    return { ...base, type: { kind: "array", element, length: length || size, space: "context" } };
  }
  return { ...base, type: elementOf(size, signed) };
}

function elementOf(size: number, signed: boolean): Type {
  if (size === 1 || size === 2 || size === 4 || size === 8) {
    return { kind: "integer", size, signed };
  }
  const byte: Type = { kind: "integer", size: 1 as AccessSize, signed: false };
  return { kind: "array", element: byte, length: size, space: "context" };
}

function pointee(
  written: string,
  space: Space,
  lookUp: (name: string) => Type | undefined,
): Type {
  const name = written.replaceAll(/\b(?:const|volatile|__user)\b/g, "").trim();
  const further = /^(.*?)\s*\*$/.exec(name)?.[1];
  if (further !== undefined) return { kind: "pointer", to: pointee(further, space, lookUp), space };
  if (name === "void") return { kind: "none" };
  if (name === "char") return { kind: "integer", size: 1, signed: true };
  return lookUp(name) ?? { kind: "none" };
}
