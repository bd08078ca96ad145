/** C values of any object as plain ones: for JSON, for expectations and for people. */

import type { CValue } from "../../../ffi/wire/value.ts";
import { cEscaped } from "../text.ts";
import type { Fields, Plain } from "../value.ts";

/** A decoded value as JSON has it: bytes are a list of numbers. */
export function plainOf(value: CValue): Plain {
  if (typeof value !== "object") return value;
  if (value instanceof Uint8Array) return [...value];
  if (isList(value)) return value.map(plainOf);
  return plainFields(value);
}

/** The fields of a decoded struct. */
export function plainFields(value: { readonly [field: string]: CValue }): Fields {
  const fields: { [field: string]: Plain } = {};
  for (const name in value) fields[name] = plainOf(value[name]!);
  return fields;
}

function isList(value: object): value is readonly CValue[] {
  return Array.isArray(value);
}

/** Bytes as two digits each. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A value for people: `{ pid: 1, comm: "sh" }`. */
export function plainText(value: Plain): string {
  if (typeof value === "string") return `"${cEscaped(value)}"`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(plainText).join(", ")}]`;
  return `{${
    Object.entries(value).map(([name, item]) => `${name}: ${plainText(item)}`).join(", ")
  }}`;
}

/** Fields for people: `pid=1 comm="sh"`. */
export function fieldsText(fields: Fields): string {
  return Object.entries(fields).map(([name, value]) => `${name}=${plainText(value)}`).join(" ");
}

/** Whether a value is all zeros and empty strings: what nobody has written yet. */
export function isBlank(value: Plain): boolean {
  if (typeof value !== "object" || value === null) return !value;
  return Object.values(value).every(isBlank);
}
