/** What the reader does with the records of a script: prints, clears, ends. */

import type {
  Bucket,
  Gathered,
  GatheredValue,
  HistValue,
  MapValue,
  OutputValue,
  Plain,
} from "../../lib/value.ts";
import type { ActionPlan, MapPlan, Plan, Remark } from "../plan.ts";
import { readArgument, type ScriptValue } from "../read_values.ts";
import type { Json, Renderer } from "../render.ts";
import { mapJson, mapText, type MapView, viewed } from "../render_map.ts";
import { type Entry, type EntryValue, type RawEntry, readEntries } from "../map_values.ts";
import { isHistogram, isNumber, isStats, keyField } from "./shape.ts";
import type { Span } from "../source.ts";
import { strftime } from "../strftime.ts";

/** The script's maps, as actions see them. */
export interface MapAccess {
  plan(name: string): MapPlan;
  entries(name: string): readonly RawEntry[];
  clear(name: string): void;
  /** Sets all values to 0. */
  zero(name: string): void;
}

/** What failed, and where in the script. */
export interface Fault {
  readonly helper: string;
  readonly span: Span;
}

/** Which probe is to watch, by its place in the script, and whether the process waits for that. */
export interface Watch {
  readonly span: Span;
  readonly stops: boolean;
}

/** What actions act on. */
export interface ActionContext {
  readonly plan: Plan;
  readonly renderer: Renderer;
  readonly maps: MapAccess;
  /** Runs a command of `system()` to its end; gives what it wrote. */
  system(command: string): string;
  readFile(path: string): string;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** A helper has failed, with a negative error number. */
  fault(what: Fault, result: number): void;
  exit(status: number): void;
  /** Says something beside the output. */
  tell(line: string): void;
  /** Warnings are told. */
  readonly warns: boolean;
  /** Memory of a process is to be watched. */
  watch(what: Watch, where: { readonly address: bigint; readonly pid: number }): void;
}

/** A record of a script: where it begins. */
export interface ScriptRecord {
  readonly view: DataView;
  readonly at: number;
}

/** Does what a record says; gives what is to be printed. */
export function act(record: ScriptRecord, context: ActionContext): OutputValue[] {
  const action = actionOf(record, context.plan);
  if (action === undefined) throw new RangeError("A record has the number of no action");
  return perform(action, record, context);
}

/** Whether a process waits for what a record says. */
export function isAwaited(record: ScriptRecord, plan: Plan): boolean {
  return actionOf(record, plan)?.kind === "watch";
}

function actionOf({ view, at }: ScriptRecord, { actions }: Plan): ActionPlan | undefined {
  return actions[view.getUint32(at, true)];
}

function perform(
  action: ActionPlan,
  { view, at }: ScriptRecord,
  context: ActionContext,
): OutputValue[] {
  const { renderer, maps } = context;
  switch (action.kind) {
    case "printf":
      return [textOutput("printf", renderer.format(action, view, at))];
    case "cat":
      return [textOutput("cat", context.readFile(renderer.format(action, view, at)))];
    case "system":
      return [textOutput("syscall", context.system(renderer.format(action, view, at)))];
    case "warnf":
    case "errorf":
      return remark(action, renderer.format(action, view, at).replace(/\n$/, ""), context);
  }
  const args = action.args.map((arg) => readArgument(arg, view, at));
  switch (action.kind) {
    case "print-value":
      return [valueOutput(args[0]!, renderer)];
    case "print-map":
      return [mapOutput(maps.plan(action.map), context, action)];
    case "clear":
      maps.clear(action.map);
      return [];
    case "zero":
      maps.zero(action.map);
      return [];
    case "time":
      return [textOutput("time", strftime(action.format, context.now()))];
    case "join": {
      const end = args.findIndex((word) => renderer.text(word) === "");
      const words = args.slice(0, end < 0 ? args.length : end).map((word) => renderer.text(word));
      return [textOutput("join", words.join(action.separator), "\n")];
    }
    case "fault": {
      const [result] = args;
      context.fault(action, result?.kind === "integer" ? Number(result.value) : 0);
      return [];
    }
    case "watch": {
      const [address, pid] = args.map((arg) => arg.kind === "integer" ? arg.value : 0n);
      context.watch(action, { address: address ?? 0n, pid: Number(pid) });
      return [];
    }
    case "exit": {
      const [status] = args;
      context.exit(status?.kind === "integer" ? Number(BigInt.asUintN(8, status.value)) : 0);
      return [];
    }
  }
}

/** What the script says on stderr; for programs it stands in the output. */
function remark(
  { kind, place: { file, line, column, range } }: Extract<ActionPlan, { kind: Remark }>,
  text: string,
  { warns, tell }: ActionContext,
): OutputValue[] {
  if (kind === "warnf" && !warns) return [];
  tell(`${range}: ${kind === "warnf" ? "WARNING" : "ERROR"}: ${text}`);
  const members = { type: kind, msg: text, filename: file, line, col: column };
  return [{ ...textOutput(kind, text), text: () => "", foreign: () => foreignJson(members) }];
}

/** A map as it is now. */
export function mapOutput(
  plan: MapPlan,
  { renderer, maps }: Pick<ActionContext, "renderer" | "maps">,
  view: MapView = { top: 0, divisor: 0 },
): OutputValue {
  const all = readEntries(plan, maps.entries(plan.name));
  const entries = viewed(all, view);
  const options = { renderer, divisor: view.divisor };
  return {
    type: "output",
    text: () => mapText(plan, entries, options),
    foreign: () => entries.length === 0 ? undefined : foreignLine(mapJson(plan, entries, options)),
    value: (): MapValue => {
      const { data } = mapJson({ ...plan, keys: plan.keys }, entries, options) as {
        data: { readonly [name: string]: Json };
      };
      const inside = data[plan.name];
      const keyed = plan.keys.length > 0 && typeof inside === "object";
      const list = keyed
        ? Object.entries(inside).map(([key, value]) => ({ key, value: plain(value) }))
        : inside === undefined
        ? []
        : [{ key: null, value: plain(inside) }];
      return mapOf(plan, list);
    },
    ...(view.divisor > 1 || view.top > 0 ? {} : { report: () => reportOf(plan, all, renderer) }),
  };
}

function mapOf({ name }: MapPlan, entries: MapValue["entries"]): MapValue {
  return { type: "map", name, entries, header: undefined, line: () => "" };
}

/** A map as expectations look at it. */
function reportOf(
  plan: MapPlan,
  entries: readonly Entry[],
  renderer: Renderer,
): MapValue | HistValue | GatheredValue {
  const { name, keys, value: type } = plan;
  if (keys.length === 0 && isHistogram(type)) {
    return histogramOf(plan, entries.flatMap(({ value }) => bucketsOf(value)));
  }
  const keyed = entries.map(({ key, value }) => ({
    key: keyOf(
      key.map((part, i) =>
        part.kind === "integer" && isNumber(keys[i]!) ? part.value : renderer.text(part)
      ),
    ),
    value,
  }));
  if (isHistogram(type) || isStats(type)) {
    const gathered = keyed.map(({ key, value }) => ({ key, value: gatheredOf(value) }));
    return { type: "gathered", name, entries: gathered };
  }
  return mapOf(plan, keyed.map(({ key, value }) => ({ key, value: numberOf(value) })));
}

function gatheredOf(value: EntryValue): Gathered {
  if (value.kind !== "average") return { kind: "hist", buckets: bucketsOf(value) };
  const { count, total } = value;
  return { kind: "stats", count, total };
}

function bucketsOf(value: EntryValue): Bucket[] {
  if (value.kind !== "histogram") return [];
  return value.buckets.map(({ low = LEAST, high = null, count }) => ({ low, high, count }));
}

/** A key with several parts is a struct: `scriptShape` has the same names. */
function keyOf(parts: readonly Plain[]): Plain {
  if (parts.length < 2) return parts[0] ?? null;
  return Object.fromEntries(parts.map((part, i) => [keyField(i), part]));
}

function numberOf(value: EntryValue): Plain {
  if (value.kind === "number") return value.value;
  return value.kind === "value" && value.value.kind === "integer" ? value.value.value : null;
}

const LEAST = -(1n << 63n);

function histogramOf({ name }: MapPlan, buckets: readonly Bucket[]): HistValue {
  return { type: "hist", name, scale: "linear", unit: "", title: "", buckets };
}

function textOutput(type: string, data: string, end = ""): OutputValue {
  return {
    type: "output",
    text: () => data + end,
    foreign: () => foreignLine({ type, data }),
    value: () => ({
      type: "event",
      fields: { kind: type, text: data },
      line: () => data + end,
    }),
  };
}

function valueOutput(value: ScriptValue, renderer: Renderer): OutputValue {
  return {
    type: "output",
    text: () => `${renderer.text(value)}\n`,
    foreign: () => foreignLine({ type: "value", data: renderer.json(value) }),
    value: () => ({
      type: "event",
      fields: { kind: "value", value: plain(renderer.json(value)) },
      line: () => renderer.text(value),
    }),
  };
}

/** A line of bpftrace's JSON. */
export function foreignLine(
  { type, data }: { readonly type: string; readonly data: Json },
): string {
  return `{"type": ${JSON.stringify(type)}, "data": ${foreignJson(data)}}`;
}

/** bpftrace has blanks behind colons, and behind the commas of objects. */
function foreignJson(value: Json): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) {
    const objects = value.some((item) => typeof item === "object" && !isList(item));
    return `[${value.map(foreignJson).join(objects ? ", " : ",")}]`;
  }
  const members = Object.entries(value).map(([key, item]) =>
    `${JSON.stringify(key)}: ${foreignJson(item)}`
  );
  return `{${members.join(", ")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function plain(value: Json): Plain {
  return value;
}
