/** `gimlet schema [TOOL]`: the JSON Schema of everything that is printed as a record. */

import { REASON_CODES } from "../ffi/probes/why.ts";
import type { IntegerShape } from "../ffi/wire/shape.ts";
import { WAYS_TO_KNOW } from "../programs/doctor/environment.ts";
import { FEATURE_KINDS } from "../programs/doctor/features.ts";
import { PROBE_TYPES } from "../programs/doctor/trials.ts";
import { json } from "../programs/lib/json.ts";
import {
  type FieldShape,
  type RecordShape,
  type ReportShape,
  shapeOf,
  type ToolShape,
} from "../programs/lib/record_shape.ts";
import { LOSS_TEXT } from "../programs/lib/text.ts";
import type { Tool } from "../programs/lib/tool.ts";
import { END_REASONS, type Plain } from "../programs/lib/value.ts";
import { tools } from "../programs/registry.gen.ts";
import { SCRIPT_TOOL } from "../programs/script/plan.ts";
import { ERROR_HELP } from "./error_help.ts";
import { unknownName, UsageError } from "./usage.ts";

/** A JSON Schema, of draft 2020-12. */
export type Schema = { readonly [keyword: string]: Plain };

const STRING = { type: "string" } as const;
const COUNT = { type: "integer", minimum: 0 } as const;

/** The line of `gimlet schema [TOOL]`. */
export function schemaLines(args: readonly string[]): string[] {
  const [name, ...extra] = args;
  if (extra.length > 0) {
    throw new UsageError(`Unexpected argument "${extra[0]}"`, "gimlet schema [TOOL]");
  }
  if (name === SCRIPT_TOOL) return [json(scriptSchema())];
  const tool = tools.find((each) => each.name === name?.replaceAll("-", "_"));
  if (name !== undefined && tool === undefined) {
    throw unknownName("tool", name, [...tools.map(({ name }) => name), SCRIPT_TOOL]);
  }
  return [json(tool === undefined ? fullSchema() : toolSchema(tool))];
}

/** The schema of the records of one tool. */
export function toolSchema(tool: Tool): Schema {
  return document(`Records of gimlet ${tool.name}`, [shapeOf(tool)], {});
}

/** The schema of the records of scripts: of what they print, and of their maps. */
export function scriptSchema(): Schema {
  return document("Records of gimlet's scripts", [], {}, SCRIPTS);
}

/** The schema of the records of every tool, of `gimlet selftest`, `gimlet list` and `gimlet doctor`. */
export function fullSchema(): Schema {
  return document("Records of gimlet", tools.map(shapeOf), {
    test: TEST,
    probe: PROBE,
    c_type: C_TYPE,
    why: WHY,
    fact: FACT,
    feature: FEATURE,
    probe_type: PROBE_TYPE,
    verdict: VERDICT,
  });
}

/** The forms of records that no tool declares. */
interface Forms {
  readonly tools: readonly string[];
  readonly event: readonly Schema[];
  /** The same as expectations show it. */
  readonly example: readonly Schema[];
  readonly map: readonly Schema[];
}

/** What a script prints: text of some kind, or a value. */
const PRINTED = { kind: STRING, text: STRING, value: {} };

const SCRIPTS: Forms = {
  tools: [SCRIPT_TOOL],
  event: [{
    title: SCRIPT_TOOL,
    type: "object",
    properties: { type: { const: "event" }, ...PRINTED },
    required: ["type", "kind"],
  }],
  example: [{ type: "object", properties: PRINTED, required: ["kind"] }],
  map: [{
    title: SCRIPT_TOOL,
    ...record("map", {
      name: STRING,
      // Keys and values are whatever the script puts there.
      entries: listOf(object({ key: { type: ["string", "null"] }, value: {} })),
    }),
  }],
};

function document(
  title: string,
  shapes: readonly ToolShape[],
  more: Readonly<Record<string, Schema>>,
  forms: Forms = { tools: [], event: [], example: [], map: [] },
): Schema {
  const $defs: Record<string, Schema> = {
    header: header([...shapes.map(({ tool }) => tool), ...forms.tools]),
    attached: record("attached", { probes: listOf(STRING) }),
    ...union("event", [...shapes.flatMap(eventSchemas), ...forms.event]),
    ...union("map", [...shapes.flatMap(mapSchemas), ...forms.map]),
    ...union("hist", shapes.flatMap(histogramSchemas)),
    lost: record("lost", { reason: { enum: Object.keys(LOSS_TEXT) }, count: COUNT }),
    expect: expectSchema(shapes, forms),
    error: ERROR,
    plan: PLAN,
    stats: STATS,
    summary: SUMMARY,
    ...more,
  };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    oneOf: Object.keys($defs).map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs,
  };
}

/** A record: an object whose `type` says which. Records may grow, so other fields are not forbidden. */
function record(type: string, fields: Readonly<Record<string, Schema>>): Schema {
  return object({ type: { const: type }, ...fields });
}

/** An object with all of these fields. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", properties, required: Object.keys(properties) };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}

/** One of several forms; none, where there are none. */
function union(name: string, forms: readonly Schema[]): Record<string, Schema> {
  if (forms.length === 0) return {};
  return { [name]: forms.length === 1 ? forms[0]! : { anyOf: forms } };
}

function header(names: readonly string[]): Schema {
  return record("header", {
    tool: { enum: names },
    version: STRING,
    plan: STRING,
    kernel: STRING,
    boot_to_wall_ns: { type: "integer" },
  });
}

function eventSchemas({ tool, event }: ToolShape): Schema[] {
  return event === undefined ? [] : [{ title: tool, ...record("event", fieldSchemas(event)) }];
}

function reportsOf<K extends ReportShape["kind"]>(
  { reports }: ToolShape,
  kind: K,
): [string, Extract<ReportShape, { kind: K }>][] {
  return Object.entries(reports).filter((entry): entry is [
    string,
    Extract<ReportShape, { kind: K }>,
  ] => entry[1].kind === kind);
}

function mapSchemas(shape: ToolShape): Schema[] {
  return reportsOf(shape, "map").map(([name, { key, value = "u64" }]) => ({
    title: shape.tool,
    ...record("map", {
      name: { const: name },
      entries: listOf(object({ key: fieldSchema(key), value: fieldSchema(value) })),
    }),
  }));
}

function histogramSchemas(shape: ToolShape): Schema[] {
  const names = reportsOf(shape, "hist").map(([name]) => name);
  if (names.length === 0) return [];
  const high = { ...COUNT, type: ["integer", "null"] };
  return [{
    title: shape.tool,
    ...record("hist", {
      name: { enum: names },
      scale: { enum: ["log2", "linear"] },
      unit: STRING,
      buckets: listOf(object({ low: COUNT, high, count: COUNT })),
    }),
  }];
}

function fieldSchemas(shape: RecordShape): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, fieldSchema(field)]),
  );
}

/** The schema of a field's values. */
export function fieldSchema(shape: FieldShape): Schema {
  if (typeof shape === "object") {
    if ("fields" in shape) return object(fieldSchemas(shape.fields));
    if ("nullable" in shape) {
      const schema = fieldSchema(shape.nullable);
      return { ...schema, type: [schema["type"]!, "null"] };
    }
    const { length } = shape;
    // T name[] at the end of a struct, and lists of one item for each CPU, are as long as they are.
    if (length === 0) return listOf(fieldSchema(shape.items));
    return { ...listOf(fieldSchema(shape.items)), minItems: length, maxItems: length };
  }
  if (shape === "bool") return { type: "boolean" };
  if (shape === "f32" || shape === "f64") return { type: "number" };
  return shape === "string" || shape.startsWith("char[")
    ? STRING
    : integerSchema(shape as IntegerShape);
}

function integerSchema(shape: IntegerShape): Schema {
  const bits = BigInt(shape.slice(1));
  return shape.startsWith("s")
    ? { type: "integer", minimum: -(1n << (bits - 1n)), maximum: (1n << (bits - 1n)) - 1n }
    : { type: "integer", minimum: 0, maximum: (1n << bits) - 1n };
}

function expectSchema(shapes: readonly ToolShape[], { example }: Forms): Schema {
  const events = [
    ...shapes.flatMap(({ event }) => event === undefined ? [] : [object(fieldSchemas(event))]),
    ...example,
  ];
  const examples = events.length === 0
    ? { type: "array", maxItems: 0 }
    : listOf(events.length === 1 ? events[0]! : { anyOf: events });
  const value = { anyOf: [{ type: ["integer", "null"] }, { const: "unbounded" }] };
  return record("expect", {
    expression: STRING,
    ok: { type: "boolean" },
    seen: listOf(object({ expression: STRING, value })),
    matching: examples,
    nearest: examples,
    problem: { type: ["string", "null"] },
  });
}

const ERROR: Schema = {
  type: "object",
  properties: {
    type: { const: "error" },
    step: STRING,
    code: { enum: Object.keys(ERROR_HELP) },
    message: STRING,
    cause: STRING,
    hint: { type: ["string", "null"] },
    log: STRING,
    file: STRING,
    line: COUNT,
    column: COUNT,
  },
  required: ["type", "code", "message", "hint"],
};

const PLAN: Schema = {
  type: "object",
  properties: {
    type: { const: "plan" },
    plan: STRING,
    chosen: { type: "boolean" },
    probes: listOf(STRING),
    reason: STRING,
  },
  required: ["type", "plan", "chosen"],
};

const STATS = record("stats", {
  duration_ns: COUNT,
  programs: listOf(object({ program: STRING, runs: COUNT, run_time_ns: COUNT, missed: COUNT })),
  own_cpu_ns: COUNT,
  own_peak_bytes: COUNT,
});

const SUMMARY = record("summary", {
  events: COUNT,
  lost: COUNT,
  duration_ns: COUNT,
  ended_by: { enum: END_REASONS },
});

const TEST = record("test", {
  name: STRING,
  outcome: { enum: ["pass", "fail", "skip"] },
  detail: STRING,
  seconds: { type: "number", minimum: 0 },
});

const PROBE: Schema = {
  type: "object",
  properties: {
    type: { const: "probe" },
    probe: STRING,
    verified: { type: "boolean" },
    arguments: listOf(object({ type: STRING, name: STRING })),
  },
  required: ["type", "probe", "verified"],
};

const C_TYPE: Schema = {
  type: "object",
  properties: {
    type: { const: "c_type" },
    name: STRING,
    module: STRING,
    size: COUNT,
    definition: STRING,
  },
  required: ["type", "name", "module", "size"],
};

const WHY = record("why", {
  probe: STRING,
  usable: { type: "boolean" },
  reasons: listOf(
    object({ code: { enum: REASON_CODES }, text: STRING, fix: { type: ["string", "null"] } }),
  ),
  instead: listOf(STRING),
  tools: listOf(object({ tool: STRING, plans: listOf(STRING) })),
});

const STRING_OR_NULL = { type: ["string", "null"] } as const;
const CODE_OR_NULL = { enum: [...Object.keys(ERROR_HELP), null] } as const;

const FACT = record("fact", {
  name: STRING,
  value: STRING_OR_NULL,
  known_by: { enum: WAYS_TO_KNOW },
  source: STRING,
  problem: STRING_OR_NULL,
  fix: STRING_OR_NULL,
});

const FEATURE = record("feature", {
  kind: { enum: FEATURE_KINDS },
  name: STRING,
  available: { type: ["boolean", "null"] },
  known_by: { enum: WAYS_TO_KNOW },
  fix: STRING_OR_NULL,
});

const PROBE_TYPE = record("probe_type", {
  name: { enum: PROBE_TYPES },
  usable: { type: ["boolean", "null"] },
  known_by: { enum: WAYS_TO_KNOW },
  tried_as: { enum: PROBE_TYPES },
  code: CODE_OR_NULL,
  reason: STRING_OR_NULL,
  fix: STRING_OR_NULL,
});

const VERDICT = record("verdict", {
  tool: STRING,
  usable: { type: "boolean" },
  plan: STRING_OR_NULL,
  code: CODE_OR_NULL,
  reason: STRING_OR_NULL,
  fix: STRING_OR_NULL,
  plans: listOf(
    object({
      plan: STRING,
      usable: { type: "boolean" },
      code: CODE_OR_NULL,
      reason: STRING_OR_NULL,
    }),
  ),
});
