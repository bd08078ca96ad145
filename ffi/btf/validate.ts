/**
 * Whether BTF holds what its readers rely on. libbpf before version 1.3 looks at none of it, and a broken file ends the whole
 * process there.
 */

import { FormatError } from "../errors.ts";
import type { Btf, BtfKind, BtfType } from "./btf.ts";

/** What C programmers and compilers nest is far below; recursion in libbpf and here ends with this. */
const DEEPEST = 128;
const LARGEST_INTEGER = 16;

/**
 * Makes sure that every reference is to a type that fits, that no type contains itself, and that all names are there.
 *
 * @throws {FormatError} which names the type
 */
export function validateBtf(btf: Btf): void {
  const depths = new Map<number, number>();
  for (const type of btf.types()) {
    for (const { id, kinds } of references(type)) requireType(btf, type, id, kinds);
    requireSize(type);
    depthOf(btf, type, { depths, level: 0 });
  }
}

/** A type that another one needs; where `kinds` are given, it must be one of these. */
interface Reference {
  readonly id: number;
  readonly kinds?: readonly BtfKind[];
}

/** What has a size, and can be in a struct, an array or a variable. */
const DATA: readonly BtfKind[] = [
  ...["int", "ptr", "array", "struct", "union", "enum", "float", "typedef"] as const,
  ...["volatile", "const", "restrict", "typeTag", "fwd"] as const,
];

function references(type: BtfType): Reference[] {
  switch (type.kind) {
    case "ptr":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "typedef":
      return [{ id: type.type, kinds: ["void", "funcProto", ...DATA] }];
    case "array":
      return [{ id: type.type, kinds: DATA }];
    case "struct":
    case "union":
      return type.members.map(({ type }) => ({ id: type, kinds: DATA }));
    case "func":
      return [{ id: type.type, kinds: ["funcProto"] }];
    case "funcProto":
      return [type.returns, ...type.parameters.map(({ type }) => type)]
        .map((id) => ({ id, kinds: ["void", ...DATA] }));
    case "var":
      return [{ id: type.type, kinds: ["void", ...DATA] }];
    case "datasec":
      return type.variables.map(({ type }) => ({ id: type, kinds: ["var", "func"] }));
    case "declTag":
      return [{ id: type.type }];
    default:
      return [];
  }
}

/** Throws where there is no such type, which btf.type() says, or it is of a wrong kind. */
function requireType(btf: Btf, from: BtfType, id: number, kinds: Reference["kinds"]): void {
  const { kind } = btf.type(id);
  if (kinds === undefined || kinds.includes(kind)) return;
  throw error(from, `refers to type ${id}, a ${kind}`);
}

function requireSize(type: BtfType): void {
  if (type.kind === "int") {
    const fits = type.size <= LARGEST_INTEGER && type.bits <= type.size * 8;
    if (!fits) throw error(type, `has ${type.bits} bits in ${type.size} bytes`);
  }
  if (type.kind === "struct" || type.kind === "union") {
    const outside = type.members.find(({ bitOffset, bitSize }) =>
      bitOffset + bitSize > type.size * 8
    );
    if (outside) {
      throw error(type, `has the member ${outside.name} outside of its ${type.size} bytes`);
    }
  }
  if (type.kind === "declTag" && type.component < -1) {
    throw error(type, `belongs to component ${type.component}`);
  }
}

/** How deep a type is nested in itself by value; pointers end that. */
function depthOf(
  btf: Btf,
  type: BtfType,
  { depths, level }: { readonly depths: Map<number, number>; readonly level: number },
): number {
  const known = depths.get(type.id);
  if (known !== undefined) return known;
  if (level > DEEPEST) throw error(type, "contains itself, or is nested too deeply");
  const inner = type.kind === "ptr" || type.kind === "funcProto" ? [] : references(type);
  const depth = 1 + inner.reduce(
    (most, { id }) => Math.max(most, depthOf(btf, btf.type(id), { depths, level: level + 1 })),
    0,
  );
  if (depth > DEEPEST) throw error(type, "is nested too deeply");
  depths.set(type.id, depth);
  return depth;
}

function error({ kind, id, name }: BtfType, cause: string): FormatError {
  return new FormatError(
    `Cannot read BTF: type ${id}, ${kind} ${name}, ${cause}`.replace(" ,", ","),
  );
}
