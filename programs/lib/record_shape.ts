/** What the JSON records of a tool look like, before one is printed: for `gimlet schema` and `--expect`. */

import type { MapSpec, Skeleton } from "../../ffi/bpf/skeleton.ts";
import type { Shape } from "../../ffi/wire/shape.ts";
import type { Tool } from "./tool.ts";

/** The type of a record's field: that of a C value, any string, or one of these that may be null. */
export type FieldShape = Shape | "string" | { readonly nullable: Shape | "string" };

/** The fields of a record, by name and in their order. */
export type RecordShape = { readonly [field: string]: FieldShape };

/** The values of a field. An integer may be a number or a bigint: both are printed alike. */
export type ValueOfShape<F extends FieldShape> = F extends { readonly nullable: infer N }
  ? null | (N extends FieldShape ? ValueOfShape<N> : never)
  : F extends "bool" ? boolean
  : F extends "string" | `char[${number}]` ? string
  : F extends { readonly items: infer I }
    ? readonly (I extends FieldShape ? ValueOfShape<I> : never)[]
  : F extends { readonly fields: infer R extends RecordShape } ? FieldsOf<R>
  : number | bigint;

/** The values of a record. */
export type FieldsOf<R extends RecordShape> = { readonly [N in keyof R]: ValueOfShape<R[N]> };

/**
 * What a tool reports beside its events: a map by the shapes of its keys and values (counters where not given), a map of a script
 * that has no keys and so a single value, a histogram; or of a script histograms by their keys, or `stats()` with keys or without.
 */
export type ReportShape =
  | { readonly kind: "map"; readonly key: Shape; readonly value?: Shape }
  | { readonly kind: "single"; readonly value: Shape }
  | { readonly kind: "hist" }
  | { readonly kind: "gathered"; readonly of: "hist" | "stats"; readonly key: Shape | undefined };

/** What a tool's records hold. */
export interface ToolShape {
  /** The tool's name. */
  readonly tool: string;
  /** The fields of its events; `undefined` where it has none. */
  readonly event: RecordShape | undefined;
  /** What it reports, by name. */
  readonly reports: Readonly<Record<string, ReportShape>>;
}

/** The shape of a tool's records. */
export function shapeOf({ name, skeleton, stream, report, reports }: Tool): ToolShape {
  return {
    tool: name,
    event: stream?.shape,
    reports: report === undefined ? {} : reports ?? reportShapes(skeleton),
  };
}

/** Tools report counters, one a CPU: those of a hash as a map, those of an array as a histogram. */
function reportShapes({ maps }: Skeleton): Record<string, ReportShape> {
  const shapes: Record<string, ReportShape> = {};
  for (const [name, spec] of Object.entries(maps)) {
    const shape = name.startsWith("gimlet_") ? undefined : reportShape(spec);
    if (shape !== undefined) shapes[name] = shape;
  }
  return shapes;
}

function reportShape({ type, key, value }: MapSpec): ReportShape | undefined {
  if (value?.shape !== "u64" || key === undefined) return undefined;
  if (type === "percpu_array") return { kind: "hist" };
  return type.endsWith("percpu_hash") ? { kind: "map", key: key.shape } : undefined;
}
