/** Where in memory that is which an expression names: fields, elements, what pointers point to. */

import type { Expression, FieldNode, IndexNode } from "../ast.ts";
import type { Operand } from "../ir.ts";
import { type RecordField, sizeInC, type Type } from "../types.ts";
import type { Lowerer } from "./lowerer.ts";
import { type Memory, moveBy, type Place } from "./memory.ts";
import { scaled } from "./scalars.ts";

/** Where that is which an expression names. */
export function place(l: Lowerer, node: Expression): Place {
  switch (node.kind) {
    case "field":
      return fieldPlace(l, node);
    case "index":
      return indexPlace(l, node);
    case "unary": {
      const type = l.type(node);
      const pointer = l.type(node.operand);
      const space = pointer.kind === "pointer" ? pointer.space : l.typing.defaultSpace();
      return { type, space, address: l.scalar(node.operand), offset: 0 };
    }
    case "identifier":
      return argsPlace(l, l.type(node));
    default:
      return { type: l.type(node), space: "own", memory: l.memory(node) };
  }
}

/** `args`. Of fentry they are read as the kernel's memory, so that they are plain numbers to the verifier. */
function argsPlace(l: Lowerer, type: Type): Place {
  const { kind } = l.typing.attachment;
  if (kind === "tracepoint") return { type, space: "context", offset: 0 };
  return { type, space: "kernel", address: l.context, offset: 0 };
}

function fieldPlace(l: Lowerer, node: FieldNode): Place {
  const object = l.type(node.object);
  const record = object.kind === "pointer" ? object.to : object;
  if (record.kind !== "record") throw new RangeError(`no field ${node.name}`);
  const field = record.record.field(node.name)!;
  const place: Place = object.kind === "pointer"
    ? { type: record, space: object.space, address: l.scalar(node.object), offset: 0 }
    : l.place(node.object);
  const moved = moveBy(place, field.offset, field.type);
  if (field.located !== undefined) return locate(l, moved, field);
  return { ...moved, type: l.type(node), bits: field.bits };
}

/** `__data_loc`: the lower half says where, counted from the start of the record. */
function locate(l: Lowerer, place: Place, { offset, type, located }: RecordField): Place {
  const location = l.readScalar({
    ...place,
    type: { kind: "integer", size: 4, signed: false },
  });
  const distance = l.ir.alu("and", location, 0xffffn);
  const address = l.ir.alu("add", l.context, distance);
  const relative = located === "rel_loc" ? offset + 4 : 0;
  return { type, space: "kernel", address, offset: relative };
}

function indexPlace(l: Lowerer, { object, index, ...node }: IndexNode): Place {
  const type = l.type(object);
  const element = l.type({ object, index, ...node } as IndexNode);
  const own = type.kind === "array" ? type.element : type.kind === "pointer" ? type.to : element;
  const result = element.kind === "unknown" ? own : element;
  const size = Math.max(1, sizeInC(own.kind === "none" ? result : own));
  if (type.kind === "pointer") {
    const address = l.scalar(object);
    const by = scaled(l, l.scalar(index), BigInt(size));
    return {
      type: result,
      space: type.space,
      address: l.ir.alu("add", address, by),
      offset: 0,
    };
  }
  const place = l.place(object);
  const known = l.typing.constant(index);
  if (known !== undefined) return moveBy(place, Number(known) * size, result);
  const by = scaled(l, l.scalar(index), BigInt(size));
  if (place.space === "own") return indexOwn(l, place.memory, by, result, sizeInC(type));
  return {
    type: result,
    space: place.space === "context" ? "kernel" : place.space,
    address: l.ir.alu("add", l.addressOf(place), by),
    offset: 0,
  };
}

/** Beyond the end of an own array there is its first element. */
function indexOwn(l: Lowerer, memory: Memory, by: Operand, type: Type, size: number): Place {
  const { ir } = l;
  const start = ir.define((dst) => ({ op: "address", dst, ...memory }));
  const element = ir.define((dst) => ({ op: "move", dst, src: start }));
  const otherwise = ir.label();
  const index = ir.define((dst) => ({ op: "move", dst, src: by }));
  const most = size - Math.max(1, sizeInC(type));
  ir.add({ op: "index", dst: element, base: start, index, most, otherwise });
  ir.place(otherwise);
  return { type, space: "own", memory: { base: element, offset: 0 } };
}

/** The place that an argument of `str()` and its like names. */
export function pointed(l: Lowerer, node: Expression): Place {
  const type = l.type(node);
  const byte: Type = { kind: "integer", size: 1, signed: false };
  if (type.kind === "array" || type.kind === "record" || type.kind === "string") {
    return { ...l.place(node), type: byte };
  }
  const space = type.kind === "pointer"
    ? type.space
    : l.typing.defaultSpace() === "user"
    ? "user"
    : "unknown";
  return { type: byte, space, address: l.scalar(node), offset: 0 };
}
