/** Which kind of handle a type of map gets. */

import type { MapType } from "../btf/map_types.ts";
import type { Codec } from "../wire/codec.ts";
import { BpfMap, type MapInfo } from "./map.ts";
import { perCpu } from "./per_cpu.ts";

/** The kinds, by the methods of a loaded object that open them; `""` for maps that programs alone can use. */
export type MapKind =
  | "map"
  | "queue"
  | "bloomFilter"
  | "ringBuffer"
  | "perfBuffer"
  | "programArray"
  | "cgroupArray"
  | "mapOfMaps"
  | "stackTraces"
  | "";

/** Those that have no keys and values of their own. */
const KINDS: Partial<Record<MapType, MapKind>> = {
  queue: "queue",
  stack: "queue",
  bloom_filter: "bloomFilter",
  ringbuf: "ringBuffer",
  perf_event_array: "perfBuffer",
  prog_array: "programArray",
  cgroup_array: "cgroupArray",
  array_of_maps: "mapOfMaps",
  hash_of_maps: "mapOfMaps",
  stack_trace: "stackTraces",
  user_ringbuf: "",
  struct_ops: "",
  arena: "",
};

/** A map by its name and type. */
interface Named {
  readonly name: string;
  readonly type: MapType;
}

/** Whether a map's values are lists, one item for each possible CPU. */
export function isPerCpu(type: MapType): boolean {
  return type.includes("percpu_");
}

/**
 * Makes the handle of a map with keys and values; `value` is one CPU's.
 *
 * @throws {TypeError} where the map is of another kind
 */
export function keyedMap<K, V>(info: MapInfo<K, V>): BpfMap<K, V> | BpfMap<K, readonly V[]> {
  requireKind(info, "map");
  return isPerCpu(info.type)
    ? new BpfMap({ ...info, value: perCpu(info.value) })
    : new BpfMap(info);
}

/**
 * Makes sure that a map is of the kind that its caller takes it for.
 *
 * @throws {TypeError} which names the method that fits
 */
export function requireKind({ name, type }: Named, wanted: MapKind): void {
  const kind = KINDS[type] ?? "map";
  if (kind === wanted) return;
  const advice = kind === "" ? "which only programs use" : `so ${kind}() opens it`;
  throw new TypeError(`Cannot use map ${name} by ${wanted}(): it is a ${type}, ${advice}`);
}

/**
 * Makes sure that a codec fits a map.
 *
 * @throws {RangeError}
 */
export function requireSize(what: string, codec: Codec<unknown>, size: number): void {
  if (codec.size === size) return;
  throw new RangeError(`Cannot use ${what}: they have ${size} bytes, and the codec ${codec.size}`);
}
