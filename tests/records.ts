/** Reading the JSON that tools print, with nothing rounded. */

/** A record: a line of the output. */
export type JsonRecord = { readonly type: string; readonly [field: string]: unknown };

/** Parses NDJSON; a line that is not JSON, or has no type first, is an error. Integers above 2^53 become bigints. */
export function jsonRecords(text: string): JsonRecord[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    if (!line.startsWith('{"type":"')) throw new SyntaxError(`No record: ${line}`);
    return JSON.parse(line, exact) as JsonRecord;
  });
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
