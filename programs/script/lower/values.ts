/** Values in memory: strings, tuples, structs, written where they are wanted. */

import type { Expression, FieldNode, MapNode } from "../ast.ts";
import { builtinFunction, builtinValue } from "../builtins/table.ts";
import { isScalar, sizeInC, storageSize, tupleOffsets, type Type } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import { statements } from "./statements.ts";
import type { Memory, Place } from "./memory.ts";

/** The memory that holds a value: its own where it has one, else a copy. */
export function memory(l: Lowerer, node: Expression): Memory {
  if (node.kind === "variable") {
    const known = isScalar(l.type(node)) ? undefined : l.variables.memory(node.name);
    if (known !== undefined) return known;
  }
  if (node.kind === "field" && l.type(node.object).kind === "tuple") {
    const { type: _, ...memory } = tupleItem(l, node);
    return memory;
  }
  const type = l.type(node);
  const memory = l.temporary(storageSize(type));
  l.into(node, memory, type);
  return memory;
}

/** Where an item of a tuple is. */
export function tupleItem(l: Lowerer, node: FieldNode): Memory & { readonly type: Type } {
  const type = l.type(node.object);
  if (type.kind !== "tuple") throw new RangeError("not a tuple");
  const { base, offset } = l.memory(node.object);
  const index = Number(node.name);
  return { base, offset: offset + tupleOffsets(type.items)[index]!, type: type.items[index]! };
}

/** Writes a value to memory, as a value of `type`, which may be wider than its own, or a shorter string. */
export function into(l: Lowerer, node: Expression, target: Memory, type: Type): void {
  if (isScalar(type)) {
    return l.ir.store(target.base, target.offset, 8, l.scalar(node));
  }
  const own = l.type(node);
  switch (node.kind) {
    case "string":
      return l.textInto(node.value, target, storageSize(type));
    case "ternary":
      return ternaryInto(l, node, target, type);
    case "tuple":
      if (type.kind === "tuple") {
        const offsets = tupleOffsets(type.items);
        node.items.forEach((item, i) => {
          const place = { base: target.base, offset: target.offset + offsets[i]! };
          l.into(item, place, type.items[i]!);
        });
      }
      return;
    case "identifier":
    case "call": {
      const builtin = node.kind === "call" ? builtinFunction(node.name) : builtinValue(node.name);
      const text = l.typing.text(node);
      if (text !== undefined) return l.textInto(text, target, storageSize(type));
      if (storageSize(own) > storageSize(type)) {
        return convert(l, memory(l, node), own, target, type);
      }
      (builtin?.into as ((node: Expression, l: Lowerer, t: Memory) => void) | undefined)?.(
        node,
        l,
        target,
      );
      return widen(l, own, target, type);
    }
    case "do":
      statements(l, node.body);
      return node.value === undefined ? undefined : l.into(node.value, target, type);
    case "cast":
      // A number as an array: its bytes.
      return l.ir.store(target.base, target.offset, 8, l.scalar(node.operand));
    case "variable":
      return convert(l, l.memory(node), own, target, type);
    case "map":
      return mapInto(l, node, target, type);
    case "field":
      if (l.type(node.object).kind === "tuple") {
        return convert(l, tupleItem(l, node), own, target, type);
      }
      break;
  }
  placeInto(l, l.place(node), target, type);
}

function ternaryInto(
  l: Lowerer,
  { condition, yes, no }: Extract<Expression, { kind: "ternary" }>,
  target: Memory,
  type: Type,
): void {
  const { ir } = l;
  const [otherwise, end] = [ir.label(), ir.label()];
  l.branchUnless(condition, otherwise);
  l.into(yes, target, type);
  ir.jump(end);
  ir.place(otherwise);
  l.into(no, target, type);
  ir.place(end);
}

function mapInto(l: Lowerer, node: MapNode, target: Memory, type: Type): void {
  const { ir } = l;
  const [missing, end] = [ir.label(), ir.label()];
  const found = l.lookUp(node);
  ir.branch("eq", found, 0n, missing);
  convert(l, { base: found, offset: 0 }, l.type(node), target, type);
  ir.jump(end);
  ir.place(missing);
  l.zeroFill(target, storageSize(type));
  ir.place(end);
}

/** What a place holds, as a value: strings end, and are filled up. */
function placeInto(l: Lowerer, place: Place, target: Memory, type: Type): void {
  if (place.type.kind === "string") {
    l.zeroFill(target, storageSize(type));
    const size = Math.min(place.type.size, type.kind === "string" ? type.size : Infinity);
    l.readString(place, target, BigInt(size));
    return;
  }
  const size = sizeInC(place.type);
  if (size % 8 !== 0) {
    l.zeroFill({ base: target.base, offset: target.offset + size - size % 8 }, 8);
  }
  l.readBytes(place, target, size);
}

/** Copies a value to where a wider one may have its place, or only the beginning of a string. */
export function convert(l: Lowerer, from: Memory, own: Type, target: Memory, type: Type): void {
  if (own.kind === "tuple" && type.kind === "tuple") {
    const [sources, targets] = [tupleOffsets(own.items), tupleOffsets(type.items)];
    own.items.forEach((item, i) =>
      convert(l, { base: from.base, offset: from.offset + sources[i]! }, item, {
        base: target.base,
        offset: target.offset + targets[i]!,
      }, type.items[i]!)
    );
    return;
  }
  const [has, needs] = [storageSize(own), storageSize(type)];
  l.copy(from, target, Math.min(has, needs));
  if (own.kind === "string" && has > needs) {
    l.ir.store(target.base, target.offset + needs - 1, 1, 0n);
  }
  widen(l, own, target, type);
}

/** Fills up what a wider type has more. */
function widen(l: Lowerer, own: Type, target: Memory, type: Type): void {
  const [has, needs] = [storageSize(own), storageSize(type)];
  if (has < needs) l.zeroFill({ base: target.base, offset: target.offset + has }, needs - has);
}
