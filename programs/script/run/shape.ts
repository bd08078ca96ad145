/** What the records of a script hold: for expectations. */

import type { Shape } from "../../../ffi/wire/shape.ts";
import type { FieldShape, RecordShape, ReportShape, ToolShape } from "../../lib/record_shape.ts";
import type { MapPlan, Plan } from "../plan.ts";
import type { Type } from "../types.ts";

/** Text has no length of its own. */
const TEXT: Shape = "char[1]";

/** The shape of a script's records: what it prints, and the maps whose values are numbers or were gathered. */
export function scriptShape(tool: string, { actions, maps }: Plan): ToolShape {
  const printed = actions.flatMap(({ kind, args: [first] }) =>
    kind === "print-value" && first !== undefined ? [valueShape(first.type)] : []
  );
  const event: RecordShape = {
    kind: "string",
    text: { nullable: "string" },
    ...valueField(printed),
  };
  const reports = maps.flatMap((map) => {
    const shape = reportShape(map);
    return shape === undefined ? [] : [[map.name, shape] as const];
  });
  return { tool, event, reports: Object.fromEntries(reports) };
}

/** What `print()` gives, where it is always of one kind. */
function valueField(shapes: readonly Shape[]): { readonly value?: FieldShape } {
  const [first] = shapes;
  const same = shapes.every((shape) => (shape === TEXT) === (first === TEXT));
  return first === undefined || !same ? {} : { value: { nullable: first } };
}

function reportShape({ keys, value }: MapPlan): ReportShape | undefined {
  const key = keys.length === 0 ? undefined : keyShape(keys);
  if (isHistogram(value)) {
    return key === undefined ? { kind: "hist" } : { kind: "gathered", of: "hist", key };
  }
  if (isStats(value)) return { kind: "gathered", of: "stats", key };
  const shape = value.kind === "aggregate" ? aggregateShape(value.of) : valueShape(value);
  if (shape === TEXT) return undefined;
  return key === undefined ? { kind: "single", value: shape } : { kind: "map", key, value: shape };
}

function aggregateShape(of: string): Shape {
  return of === "tseries" ? TEXT : "s64";
}

function keyShape(keys: readonly Type[]): Shape {
  const [first] = keys;
  if (keys.length === 1) return valueShape(first!);
  return { fields: Object.fromEntries(keys.map((key, i) => [keyField(i), valueShape(key)])) };
}

/** Whatever is no number is text. */
function valueShape(type: Type): Shape {
  return isNumber(type) ? "s64" : TEXT;
}

/** Whether values are histograms. */
export function isHistogram(type: Type): boolean {
  return type.kind === "aggregate" && (type.of === "hist" || type.of === "lhist");
}

/** Whether values are those of `stats()`. */
export function isStats(type: Type): boolean {
  return type.kind === "aggregate" && type.of === "stats";
}

/** Whether values are numbers; those of an enum have names. */
export function isNumber(type: Type): boolean {
  return type.kind === "integer" && type.names === undefined || type.kind === "pointer";
}

/** The name of a part of a key, where it has several. */
export function keyField(index: number): string {
  return `key${index}`;
}
