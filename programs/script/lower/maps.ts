/** Entries of maps: their keys, and their values one by one. */

import type { MapNode } from "../ast.ts";
import type { VirtualRegister } from "../ir.ts";
import { LOSS } from "../plan.ts";
import { storageSize, tupleOffsets } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import type { Memory } from "./memory.ts";

/** Writes the key of a map's entry, with room for `extra` bytes behind it. */
export function key(l: Lowerer, node: MapNode, extra = 0): Memory {
  const { keys } = l.mapPlan(node.name);
  const size = keys.reduce((sum, key) => sum + storageSize(key), 0);
  const memory = l.temporary(Math.max(8, size + extra));
  if (keys.length === 0) {
    if (extra === 0) l.ir.store(memory.base, memory.offset, 8, 0n);
    return memory;
  }
  const [only] = node.keys;
  if (node.keys.length === 1 && only !== undefined && l.type(only).kind === "tuple") {
    l.into(only, memory, { kind: "tuple", items: keys });
    return memory;
  }
  const offsets = tupleOffsets(keys);
  node.keys.forEach((key, i) => {
    l.into(key, { base: memory.base, offset: memory.offset + offsets[i]! }, keys[i]!);
  });
  return memory;
}

/** The address of a value in a map, 0 where it has none. */
export function lookUp(l: Lowerer, node: MapNode): VirtualRegister {
  return lookUpKey(l, node.name, l.key(node));
}

/** The address of the value of a key, 0 where the map has none. */
export function lookUpKey(l: Lowerer, name: string, key: Memory): VirtualRegister {
  return l.ir.call("map_lookup_elem", { map: l.mapPlan(name).symbol }, key);
}

/** The number at an address; 0 where that is 0. */
export function loadIfFound(l: Lowerer, found: VirtualRegister): VirtualRegister {
  const { ir } = l;
  const value = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const missing = ir.label();
  ir.branch("eq", found, 0n, missing);
  ir.add({ op: "load", dst: value, base: found, offset: 0, size: 8 });
  ir.place(missing);
  return value;
}

/** Sets the value of a key. A map that is full takes none: that is counted. */
export function updateMap(l: Lowerer, name: string, key: Memory, value: Memory): void {
  const { ir } = l;
  const result = ir.call("map_update_elem", { map: l.mapPlan(name).symbol }, key, value, 0n);
  const done = ir.label();
  ir.branch("eq", result, 0n, done);
  l.countLoss(LOSS.mapFull);
  ir.place(done);
}
