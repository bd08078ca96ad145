/** Maps with an entry for each bucket: `hist`, `lhist`, `tseries`. */

import type { MapNode } from "../ast.ts";
import type { Operand, VirtualRegister } from "../ir.ts";
import type { Lowerer } from "../lower/lowerer.ts";
import type { Memory } from "../lower/memory.ts";
import { type AggregateType, isBucketed, storageSize } from "../types.ts";
import type { Moment } from "./updates.ts";

/** Histograms have an entry for each bucket: its number stands behind the key. */
export function keyOf(
  lowerer: Lowerer,
  target: MapNode,
  { type, value, now }: {
    readonly type: AggregateType;
    readonly value: Operand;
    readonly now: Moment | undefined;
  },
): Memory {
  if (!isBucketed(type)) return lowerer.key(target);
  const { key, bucket } = bucketKey(lowerer, target);
  lowerer.ir.store(bucket.base, bucket.offset, 8, bucketOf(lowerer, { type, value, now }));
  return key;
}

/** The key of a map with buckets, without the bucket's number, and where that is to stand. */
function bucketKey(lowerer: Lowerer, target: MapNode): { key: Memory; bucket: Memory } {
  const key = lowerer.key(target, 8);
  const { keys } = lowerer.mapPlan(target.name);
  const size = keys.reduce((sum, each) => sum + storageSize(each), 0);
  return { key, bucket: { base: key.base, offset: key.offset + size } };
}

function bucketOf(
  lowerer: Lowerer,
  { type, value, now }: {
    readonly type: AggregateType;
    readonly value: Operand;
    readonly now: Moment | undefined;
  },
): VirtualRegister {
  if (now !== undefined) return lowerer.ir.alu("mod", now.interval, BigInt(type.series!.count));
  return type.of === "hist" ? log2Bucket(lowerer, type, value) : linearBucket(lowerer, type, value);
}

/** How many numbers there are for buckets. */
function bucketCount({ of, range, bits = 0, series }: AggregateType): bigint {
  if (of === "tseries") return BigInt(series!.count);
  if (of === "hist") return (65n << BigInt(bits)) + 1n;
  const { low, high, step } = range!;
  return (high - low) / step + 3n;
}

/** `delete(@x[key])` of a histogram: all of its buckets. */
export function deleteBuckets(lowerer: Lowerer, target: MapNode): void {
  const { ir } = lowerer;
  const type = lowerer.typing.mapType(target.name) as AggregateType;
  const { key, bucket } = bucketKey(lowerer, target);
  const counter = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const again = ir.label();
  ir.place(again);
  ir.store(bucket.base, bucket.offset, 8, counter);
  ir.call("map_delete_elem", { map: lowerer.mapPlan(target.name).symbol }, key);
  ir.add({ op: "alu", operation: "add", dst: counter, left: counter, right: 1n });
  ir.branch("lt", counter, bucketCount(type), again);
}

/**
 * 0 for negative numbers, then one for each number below `2 ** bits`, then as many for each power of two: a number is cut to its
 * highest `bits + 1` bits by a shift, and the bucket counts shifts and what is left.
 */
function log2Bucket({ ir }: Lowerer, { bits = 0 }: AggregateType, value: Operand): VirtualRegister {
  const each = 1n << BigInt(bits);
  const bucket = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const end = ir.label();
  ir.branch("slt", value, 0n, end);
  const rest = ir.define((dst) => ({ op: "move", dst, src: value }));
  ir.add({ op: "move", dst: bucket, src: 1n });
  for (const shift of [32n, 16n, 8n, 4n, 2n, 1n]) {
    const next = ir.label();
    ir.branch("lt", ir.alu("rsh", rest, shift), each, next);
    ir.add({ op: "alu", operation: "rsh", dst: rest, left: rest, right: shift });
    ir.add({ op: "alu", operation: "add", dst: bucket, left: bucket, right: shift * each });
    ir.place(next);
  }
  ir.add({ op: "alu", operation: "add", dst: bucket, left: bucket, right: rest });
  ir.place(end);
  return bucket;
}

/** 0 below the range, then one for each step, then one for all above. */
function linearBucket({ ir }: Lowerer, { range }: AggregateType, value: Operand): VirtualRegister {
  const { low, high, step } = range!;
  const bucket = ir.define((dst) => ({ op: "move", dst, src: 0n }));
  const [inside, end] = [ir.label(), ir.label()];
  ir.branch("slt", value, low, end);
  ir.branch("slt", value, high, inside);
  ir.add({ op: "move", dst: bucket, src: (high - low) / step + 1n });
  ir.jump(end);
  ir.place(inside);
  const distance = ir.alu("div", ir.alu("sub", value, low), step);
  ir.add({ op: "alu", operation: "add", dst: bucket, left: distance, right: 1n });
  ir.place(end);
  return bucket;
}
