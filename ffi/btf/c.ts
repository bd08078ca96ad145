/** Types as C: how a person declares them. */

import { FormatError } from "../errors.ts";
import type { Btf, BtfEnum, BtfMember, BtfPrototype, BtfStruct, BtfType } from "./btf.ts";

/** Types in types in types: deeper than any that a compiler makes of a file that is not broken. */
const DEEPEST = 64;

/** A type without a name, as bpftrace writes it: `struct file *`, `const char *`, `void (*)(int)`. */
export function typeText(btf: Btf, id: number): string {
  return declarationText(btf, id, "");
}

/** A declaration: `struct file *file`, `char comm[16]`, `int (*open)(struct inode *, struct file *)`. */
export function declarationText(btf: Btf, id: number, name: string): string {
  return new CWriter(btf).declare(id, { inner: name, depth: 0 }).trimEnd();
}

/**
 * The definition of a struct, union or enum, its fields with tabs in front, as bpftool and bpftrace write it; bytes that lie between the
 * fields are not told.
 *
 * @throws {FormatError} where types contain themselves
 */
export function definitionText(btf: Btf, type: BtfStruct | BtfEnum): string {
  return `${new CWriter(btf).define(type, 0)};`;
}

interface Place {
  /** What stands where the name does: the name, or a declarator around it. */
  readonly inner: string;
  readonly depth: number;
}

class CWriter {
  readonly #btf: Btf;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** A declaration is written from the inside: `name`, `*name`, `(*name)(int)`, `char *(*name)(int)`. */
  declare(id: number, { inner, depth }: Place): string {
    const type = this.#type(id, depth);
    const next = depth + 1;
    switch (type.kind) {
      case "ptr":
        return this.declare(type.type, {
          inner: this.#pointer(type.type, `*${inner}`),
          depth: next,
        });
      case "const":
      case "volatile":
      case "restrict":
        return this.#qualified(type, { inner, depth: next });
      case "typeTag":
        return this.declare(type.type, { inner, depth: next });
      case "array":
        return this.declare(type.type, { inner: `${inner}[${type.length}]`, depth: next });
      case "funcProto":
        return this.declare(type.returns, {
          inner: `${inner}(${this.#parameters(type, next)})`,
          depth: next,
        });
      default:
        return join(this.#base(type, depth), inner);
    }
  }

  define(type: BtfStruct | BtfEnum, depth: number): string {
    const tabs = "\t".repeat(depth);
    const head = join(type.kind, type.name);
    const lines = type.kind === "enum"
      ? type.values.map(({ name, value }) => `${tabs}\t${name} = ${value},`)
      : type.members.map((member) => `${tabs}\t${this.#member(member, depth + 1)};`);
    return [`${head} {`, ...lines, `${tabs}}`].join("\n");
  }

  #member({ name, type, bitSize }: BtfMember, depth: number): string {
    const bits = bitSize === 0 ? "" : `: ${bitSize}`;
    return this.declare(type, { inner: name, depth }).trimEnd() + bits;
  }

  /** A pointer to an array or function takes brackets: without them it would be an array of pointers. */
  #pointer(target: number, inner: string): string {
    const { kind } = this.#btf.type(target);
    return kind === "array" || kind === "funcProto" ? `(${inner})` : inner;
  }

  /** The qualifier of a pointer stands behind the star, any other before the type. */
  #qualified(
    { kind, type }: { readonly kind: string; readonly type: number },
    { inner, depth }: Place,
  ): string {
    const target = this.#type(type, depth);
    if (target.kind !== "ptr") return `${kind} ${this.declare(type, { inner, depth })}`;
    const star = this.#pointer(target.type, `* ${join(kind, inner)}`);
    return this.declare(target.type, { inner: star, depth: depth + 1 });
  }

  #parameters({ parameters }: BtfPrototype, depth: number): string {
    if (parameters.length === 0) return "void";
    return parameters.map(({ name, type }) =>
      type === 0 && name === "" ? "..." : this.declare(type, { inner: name, depth }).trimEnd()
    ).join(", ");
  }

  #base(type: BtfType, depth: number): string {
    switch (type.kind) {
      case "void":
        return "void";
      case "struct":
      case "union":
      case "enum":
        return type.name === "" ? this.define(type, depth) : `${type.kind} ${type.name}`;
      case "fwd":
        return `${type.union ? "union" : "struct"} ${type.name}`;
      default:
        return type.name;
    }
  }

  #type(id: number, depth: number): BtfType {
    if (depth < DEEPEST) return this.#btf.type(id);
    throw new FormatError(`Cannot write type ${id} as C: types contain each other`);
  }
}

function join(type: string, inner: string): string {
  return inner === "" ? type : `${type} ${inner}`;
}
