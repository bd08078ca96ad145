/** The JSON printer: one value a line (NDJSON), first key `type`, integers exact. */

import type { Plain, Value } from "./value.ts";

/** The line of a value, without its newline; `undefined` for what is only for people. */
export function jsonLine(value: Value): string | undefined {
  switch (value.type) {
    case "event":
      return `{"type":"event"${jsonMembers(value.fields)}}`;
    case "status":
      return undefined;
    case "output": {
      const plain = value.value();
      return plain && jsonLine(plain);
    }
    case "map":
      return json({ type: "map", name: value.name, entries: value.entries });
    case "hist": {
      const { type, name, scale, unit, buckets } = value;
      const plain = buckets.map(({ low, high, count }) => ({ low, high, count }));
      return json({ type, name, scale, unit, buckets: plain });
    }
    default:
      return json({ ...value });
  }
}

/** Any plain value as JSON; bigints as integers, however large. */
export function json(value: Plain): string {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "string":
      return JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      if (isList(value)) return `[${value.map(json).join(",")}]`;
      return `{${jsonMembers(value).slice(1)}}`;
    default:
      return String(value);
  }
}

/** `,"a":1,"b":2` */
function jsonMembers(fields: { readonly [key: string]: Plain }): string {
  let text = "";
  for (const key in fields) text += `,"${key}":${json(fields[key]!)}`;
  return text;
}

function isList(value: object): value is readonly Plain[] {
  return Array.isArray(value);
}
