/** The maps of a script that runs, as bytes. */

import type { LoadedObject } from "../../../ffi/bpf/object.ts";
import type { BpfMap } from "../../../ffi/bpf/map.ts";
import type { MapSpec, Skeleton } from "../../../ffi/bpf/skeleton.ts";
import type { Codec } from "../../../ffi/wire/codec.ts";
import { array, u32, u64 } from "../../../ffi/wire/codec.ts";
import { MAP_TYPE } from "../../../ffi/asm/object_file.ts";
import type { MapAccess } from "./actions.ts";
import { VARIABLES } from "../lower/globals.ts";
import type { RawEntry } from "../map_values.ts";
import { type MapPlan, NAMES, type Plan, stackFrames } from "../plan.ts";

/** Bytes as they are: a view of a copy. */
function bytes(size: number): Codec<DataView> {
  return {
    size,
    shape: { items: "u8", length: size },
    decode: (view, at) =>
      new DataView(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + size)),
    encode(view, at, value) {
      for (let i = 0; i < size; i++) view.setUint8(at + i, value.getUint8(i));
    },
  };
}

/** What opens the object of a plan. */
export function skeletonOf(plan: Plan, name: string): Skeleton {
  const maps = plan.objectMaps.map(({ name, type, keySize = 0, valueSize = 0, maxEntries }) => {
    const spec: MapSpec = {
      type: typeName(type),
      key: keySize === 4 ? u32 : bytes(keySize),
      value: name === NAMES.losses
        ? u64
        : stackFrames(name) !== undefined
        ? array(u64, valueSize / 8)
        : bytes(valueSize),
      event: undefined,
      maxEntries,
    };
    return [name, spec] as const;
  });
  const variable = (offset: number) => ({ section: ".data", offset, codec: u64 });
  return {
    name,
    programs: Object.fromEntries(plan.programs.map(({ name, section }) => [name, section])),
    maps: Object.fromEntries(maps),
    globals: {
      [NAMES.armed]: { ...variable(VARIABLES.armed), codec: FLAG },
      [NAMES.exited]: { ...variable(VARIABLES.exited), codec: FLAG },
      [NAMES.started]: variable(VARIABLES.started),
    },
  };
}

const FLAG: Codec<boolean> = {
  size: 1,
  shape: "bool",
  decode: (view, at) => view.getUint8(at) !== 0,
  encode: (view, at, value) => view.setUint8(at, value ? 1 : 0),
};

function typeName(type: number): string {
  return Object.entries(MAP_TYPE).find(([, number]) => number === type)?.[0] ?? String(type);
}

/** Reads and changes the script's maps. */
export class ScriptMaps implements MapAccess {
  readonly #object: LoadedObject<Skeleton>;
  readonly #plans: ReadonlyMap<string, MapPlan>;

  constructor(object: LoadedObject<Skeleton>, plan: Plan) {
    this.#object = object;
    this.#plans = new Map(plan.maps.map((map) => [map.name, map]));
  }

  plan(name: string): MapPlan {
    return this.#plans.get(name)!;
  }

  entries(name: string): RawEntry[] {
    const map = this.#map(name);
    return Array.from(map.entries(), ([key, value]) => ({
      key,
      values: value instanceof DataView ? [value] : value,
    }));
  }

  clear(name: string): void {
    this.#map(name).clear();
  }

  /** Sets all values to 0. */
  zero(name: string): void {
    const { perCpu } = this.plan(name);
    const map = this.#map(name);
    for (const [key, value] of [...map.entries()]) {
      const views: readonly DataView[] = value instanceof DataView ? [value] : value;
      const zeros = views.map(({ byteLength }) => new DataView(new ArrayBuffer(byteLength)));
      map.set(key, perCpu ? zeros : zeros[0]!);
    }
  }

  #map(name: string): AnyMap {
    return this.#object.map(this.plan(name).symbol) as unknown as AnyMap;
  }
}

/** A map of either kind; which one it is, its plan says. */
type AnyMap =
  & Pick<BpfMap<DataView, DataView>, "clear">
  & {
    entries(): Generator<[DataView, DataView | readonly DataView[]]>;
    set(key: DataView, value: DataView | readonly DataView[]): unknown;
  };
