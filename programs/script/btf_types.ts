/** The kernel's types, from its BTF, as types of scripts. Each is made when it is asked for. */

import {
  type Btf,
  type BtfMember,
  type BtfStruct,
  type BtfType,
  resolveType,
  sizeOfType,
} from "../../ffi/btf/btf.ts";
import type { AccessSize } from "../../ffi/asm/instruction.ts";
import type { KernelFunction } from "./facts.ts";
import { NONE, type RecordField, type RecordLayout, type Type, UINT64 } from "./types.ts";

/** Looks types up in BTF. */
export class BtfTypes {
  readonly #btf: Btf;
  readonly #records = new Map<number, RecordLayout>();
  // What a script names it names several times, and typing asks each time.
  readonly #types = new Map<string, Type | undefined>();
  readonly #constants = new Map<string, bigint | undefined>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** `struct task_struct`, `enum pid_type`, `dev_t` */
  type(name: string): Type | undefined {
    if (!this.#types.has(name)) this.#types.set(name, this.#findType(name));
    return this.#types.get(name);
  }

  #findType(name: string): Type | undefined {
    const [, tag, plain = name] = /^(struct|union|enum) (.*)$/.exec(name) ?? [];
    const kinds = tag === undefined
      ? ["typedef", "int"] as const
      : [tag as "struct" | "union" | "enum"];
    const found = this.#btf.find(plain, ...kinds);
    return found && this.#convert(found.id);
  }

  /** The value of a name of any enum. */
  constant(name: string): bigint | undefined {
    if (!this.#constants.has(name)) {
      this.#constants.set(name, this.#btf.findEnumerator(name));
    }
    return this.#constants.get(name);
  }

  /** A function of the kernel. */
  kernelFunction(name: string): KernelFunction | undefined {
    const found = this.#btf.find(name, "func");
    const prototype = found && this.#btf.type(found.type);
    if (prototype?.kind !== "funcProto") return undefined;
    return {
      parameters: prototype.parameters.map((each) => ({
        name: each.name,
        type: this.#convert(each.type),
      })),
      returns: prototype.returns === 0 ? NONE : this.#convert(prototype.returns),
    };
  }

  #convert(id: number): Type {
    if (id === 0) return NONE;
    const type = resolveType(this.#btf, id);
    switch (type.kind) {
      case "int":
        return integer(type.size, type.signed);
      case "enum": {
        const names = new Map(type.values.map(({ name, value }) => [value, name]));
        const { size, signed } = type;
        return size === 8 || size === 4 || size === 2 || size === 1
          ? { kind: "integer", size, signed, names }
          : UINT64;
      }
      case "ptr":
        return { kind: "pointer", to: this.#pointee(type.type), space: "kernel" };
      case "array":
        return this.#array(type.type, type.length);
      case "struct":
      case "union":
        return { kind: "record", record: this.#record(type), space: "kernel" };
      default:
        return NONE;
    }
  }

  /** What is pointed to is looked at later, if ever: structs point to each other. */
  #pointee(id: number): Type {
    const type: BtfType = id === 0 ? this.#btf.type(0) : resolveType(this.#btf, id);
    return type.kind === "funcProto" || type.kind === "fwd" || type.kind === "void"
      ? NONE
      : this.#convert(type.id);
  }

  #array(element: number, length: number): Type {
    const type = this.#convert(element);
    const { kind } = type;
    const item = resolveType(this.#btf, element);
    const isText = item.kind === "int" && item.size === 1 && item.name === "char";
    if (kind === "integer" && isText && length > 0) return { kind: "string", size: length };
    return { kind: "array", element: type, length, space: "kernel" };
  }

  #record(type: BtfStruct): RecordLayout {
    const known = this.#records.get(type.id);
    if (known !== undefined) return known;
    const record = new BtfRecord(type, (id) => this.#convert(id), this.#btf);
    this.#records.set(type.id, record);
    return record;
  }
}

function integer(size: number, signed: boolean): Type {
  return { kind: "integer", size: size > 8 ? 8 : size as AccessSize, signed };
}

class BtfRecord implements RecordLayout {
  readonly name: string;
  readonly size: number;
  readonly #type: BtfStruct;
  readonly #convert: (id: number) => Type;
  readonly #btf: Btf;
  readonly #fields = new Map<string, RecordField | undefined>();

  constructor(type: BtfStruct, convert: (id: number) => Type, btf: Btf) {
    this.name = `${type.kind} ${type.name}`;
    this.size = type.size;
    this.#type = type;
    this.#convert = convert;
    this.#btf = btf;
  }

  field(name: string): RecordField | undefined {
    if (!this.#fields.has(name)) this.#fields.set(name, this.#find(this.#type, name, 0));
    return this.#fields.get(name);
  }

  fieldNames(): readonly string[] {
    return namesOf(this.#btf, this.#type);
  }

  #find({ members }: BtfStruct, name: string, start: number): RecordField | undefined {
    for (const member of members) {
      if (member.name === name) return this.#field(member, start);
      if (member.name !== "") continue;
      const inner = resolveType(this.#btf, member.type);
      if (inner.kind !== "struct" && inner.kind !== "union") continue;
      const found = this.#find(inner, name, start + member.bitOffset / 8);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #field({ name, type: id, bitOffset, bitSize }: BtfMember, start: number): RecordField {
    const type = this.#convert(id);
    if (bitSize === 0) return { name, type, offset: start + bitOffset / 8 };
    const bits = sizeOfType(this.#btf, id) * 8;
    const first = Math.floor(bitOffset / bits) * bits;
    return {
      name,
      type,
      offset: start + first / 8,
      bits: { offset: bitOffset - first, size: bitSize },
    };
  }
}

function namesOf(btf: Btf, { members }: BtfStruct): string[] {
  return members.flatMap(({ name, type }) => {
    if (name !== "") return [name];
    const inner = resolveType(btf, type);
    return inner.kind === "struct" || inner.kind === "union" ? namesOf(btf, inner) : [];
  });
}
