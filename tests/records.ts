/** Reading the JSON that tools print, with nothing rounded and every record as its schema says. */

import { fullSchema, type Schema, scriptSchema, toolSchema } from "../cmd/schema.ts";
import { json } from "../programs/lib/json.ts";
import type { Plain } from "../programs/lib/value.ts";
import { tools } from "../programs/registry.gen.ts";
import { SCRIPT_TOOL } from "../programs/script/plan.ts";
import { Validator } from "./json_schema.ts";

/** A record: a line of the output. */
export type JsonRecord = { readonly type: string; readonly [field: string]: unknown };

/**
 * Parses NDJSON; a line that is not JSON, has no type first, or is not what the schema of its tool says, is an error. Integers above
 * 2^53 become bigints.
 */
export function jsonRecords(text: string): JsonRecord[] {
  const records = parse(text);
  const tool = records.find(({ type }) => type === "header")?.tool;
  return checked(records, validatorOf(typeof tool === "string" ? tool : undefined));
}

/** Parses NDJSON that is to be as a schema says: for what has no tool of its own. */
export function recordsBy(schema: Schema, text: string): JsonRecord[] {
  return checked(parse(text), new Validator(schema));
}

function parse(text: string): JsonRecord[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    if (!line.startsWith('{"type":"')) throw new SyntaxError(`No record: ${line}`);
    return JSON.parse(line, exact) as JsonRecord;
  });
}

function checked(records: JsonRecord[], validator: Validator): JsonRecord[] {
  for (const record of records) {
    const problems = validator.problems(record);
    if (problems.length > 0) {
      throw new TypeError([...problems, ...records.map((each) => json(each as Plain))].join("\n"));
    }
  }
  return records;
}

const validators = new Map<string | undefined, Validator>();

/** Without a tool, the records may be those of any. */
function validatorOf(name: string | undefined): Validator {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const tool = tools.find((tool) => tool.name === name);
  const schema = name === SCRIPT_TOOL
    ? scriptSchema()
    : tool === undefined
    ? fullSchema()
    : toolSchema(tool);
  const made = new Validator(schema);
  validators.set(name, made);
  return made;
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source ?? "";
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) {
    return value;
  }
  return BigInt(source);
}

/** The records of one type. */
export function ofType(records: readonly JsonRecord[], type: string): JsonRecord[] {
  return records.filter((record) => record.type === type);
}

/** Whether a line of trace_pipe names a task: the kernel keeps names in a small cache, and prints <...> where it has none. */
export function isNamed(comm: unknown, expected: string): boolean {
  return comm === expected || comm === "<...>";
}
