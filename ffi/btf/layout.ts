/** How C types become TypeScript: which codec reads them, what it returns, and what is refused. */

import { FormatError } from "../errors.ts";
import type { Btf, BtfEnum, BtfMember, BtfStruct, BtfType } from "./btf.ts";
import { sizeOfType, unqualifiedType } from "./btf.ts";

/** An integer, pointer or enum; `codec` is the one in ffi/wire/codec.ts. */
export interface ScalarLayout {
  readonly kind: "scalar";
  readonly size: number;
  readonly codec: "u8" | "s8" | "u16" | "s16" | "u32" | "s32" | "u64" | "s64" | "bool";
  /** The exported object with the values' names, where it is a named enum. */
  readonly names: string | undefined;
}

/** `char[size]` */
export interface CharsLayout {
  readonly kind: "chars";
  readonly size: number;
}

/** An array of anything but `char`. */
export interface ArrayLayout {
  readonly kind: "array";
  readonly size: number;
  readonly element: Layout;
  readonly length: number;
}

/** A struct, by the names that it gets in TypeScript. */
export interface StructLayout {
  readonly kind: "struct";
  readonly size: number;
  /** The interface: `Data` */
  readonly name: string;
  /** The codec: `dataCodec` */
  readonly codec: string;
}

/** A type that can be generated. */
export type Layout = ScalarLayout | CharsLayout | ArrayLayout | StructLayout;

/** A field of a {@linkcode StructShape}. */
export interface FieldShape {
  readonly name: string;
  readonly cType: string;
  /** In bytes */
  readonly offset: number;
  readonly layout: Layout;
}

/** A struct that gets an interface and a codec. */
export interface StructShape extends StructLayout {
  /** In C: `struct data_t`, `hist_t` */
  readonly cName: string;
  /** Ordered by offset */
  readonly fields: readonly FieldShape[];
}

/** An enum that gets an object with its names. */
export interface EnumShape {
  readonly name: string;
  readonly cName: string;
  readonly type: BtfEnum;
}

/** Where a type is used, for errors: "struct data_t, field x". */
type Place = string;

const INTEGERS = {
  1: ["u8", "s8"],
  2: ["u16", "s16"],
  4: ["u32", "s32"],
  8: ["u64", "s64"],
} as const;

/** Collects the structs and enums which the types in use consist of. */
export class LayoutCollector {
  readonly #btf: Btf;
  readonly #source: string;
  readonly #structs = new Map<number, StructShape>();
  /** Registered before their fields are: a broken file's struct may contain itself. */
  readonly #structNames = new Map<number, StructLayout>();
  readonly #enums = new Map<number, EnumShape>();
  readonly #identifiers = new Map<string, string>();

  /** `source` is the C file; `reserved` are identifiers that the generated module has already. */
  constructor(btf: Btf, options: { source: string; reserved: ReadonlyMap<string, string> }) {
    this.#btf = btf;
    this.#source = options.source;
    for (const [identifier, what] of options.reserved) this.#identifiers.set(identifier, what);
  }

  /** Sorted by name. */
  get structs(): StructShape[] {
    return [...this.#structs.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Sorted by name. */
  get enums(): EnumShape[] {
    return [...this.#enums.values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * The layout of a type; `place` says where it is used.
   *
   * @throws {FormatError} for what has no counterpart, with what to do
   */
  layout(id: number, place: string): Layout {
    const { type, alias } = this.#resolve(id);
    switch (type.kind) {
      case "int":
        return this.#integer(type, place);
      case "ptr":
        return { kind: "scalar", size: 8, codec: "u64", names: undefined };
      case "enum":
        return this.#enum(type, alias, place);
      case "array":
        return this.#array(id, type, place);
      case "struct":
        return this.#struct(type, alias, place);
      case "union":
        throw this.#refuse(place, "is a union", "use a struct, or an array of bytes");
      case "float":
        throw this.#refuse(place, "is a floating-point number", "use an integer");
      case "fwd":
        throw this.#refuse(place, `is ${type.name}, which is only declared`, "define it");
      default:
        throw this.#refuse(place, `is a ${type.kind}`, "use a struct or an integer");
    }
  }

  /** Whether a global variable can have this type: integers, bools, enums, and arrays of integers or `char`. */
  isGlobal(id: number): boolean {
    const { type } = this.#resolve(id);
    if (type.kind === "int") return type.size in INTEGERS;
    if (type.kind === "enum") return true;
    if (type.kind !== "array" || type.length === 0) return false;
    const element = this.#resolve(type.type).type;
    return element.kind === "int" && element.size in INTEGERS;
  }

  /** The type in C: `char[16]`, `struct key_t`. */
  cType(id: number, depth = 0): string {
    const type = unqualifiedType(this.#btf, id);
    if (depth > 8) return "…";
    switch (type.kind) {
      case "struct":
      case "union":
      case "enum":
        return `${type.kind} ${type.name}`.trim();
      case "fwd":
        return `${type.union ? "union" : "struct"} ${type.name}`;
      case "ptr":
        return `${this.cType(type.type, depth + 1)} *`.replace("* *", "**");
      case "array": {
        const element = this.cType(type.type, depth + 1);
        const at = element.indexOf("[");
        const [name, rest] = at < 0 ? [element, ""] : [element.slice(0, at), element.slice(at)];
        return `${name}[${type.length}]${rest}`;
      }
      case "funcProto":
        return "function";
      default:
        return type.name || type.kind;
    }
  }

  /** The type behind qualifiers and typedefs, and the last typedef's name. */
  #resolve(id: number): { type: BtfType; alias: string } {
    let alias = "";
    let type = unqualifiedType(this.#btf, id);
    for (let i = 0; type.kind === "typedef"; i++) {
      if (i > 64) throw new FormatError(`Cannot read BTF: type ${id} contains itself`);
      alias = type.name;
      type = unqualifiedType(this.#btf, type.type);
    }
    return { type, alias };
  }

  #integer(type: { size: number; signed: boolean; bool: boolean; char: boolean }, place: Place) {
    const codec = this.#scalarCodec(type, place);
    // Whether char is signed depends on the machine; it stands for a byte.
    const exact = type.bool && type.size === 1 ? "bool" : type.char ? "u8" : codec;
    return { kind: "scalar", size: type.size, codec: exact, names: undefined } as const;
  }

  #enum(type: BtfEnum, alias: string, place: Place): ScalarLayout {
    const cName = type.name === "" ? alias : `enum ${type.name}`;
    const name = pascal(type.name || alias);
    const codec = this.#scalarCodec(type, place);
    if (name === "") return { kind: "scalar", size: type.size, codec, names: undefined };
    if (!this.#enums.has(type.id)) {
      this.#claim(name, cName);
      this.#enums.set(type.id, { name, cName, type });
    }
    return { kind: "scalar", size: type.size, codec, names: this.#enums.get(type.id)?.name };
  }

  #scalarCodec({ size, signed }: { size: number; signed: boolean }, place: Place) {
    if (size !== 1 && size !== 2 && size !== 4 && size !== 8) {
      throw this.#refuse(place, `has ${size} bytes`, "use an integer of 1, 2, 4 or 8 bytes");
    }
    return INTEGERS[size][signed ? 1 : 0];
  }

  #array(id: number, type: { type: number; length: number }, place: Place): Layout {
    const size = sizeOfType(this.#btf, id);
    if (type.length === 0) {
      throw this.#refuse(place, "is a flexible array", "give it a length");
    }
    const element = this.#resolve(type.type).type;
    if (element.kind === "int" && element.char) return { kind: "chars", size };
    return { kind: "array", size, element: this.layout(type.type, place), length: type.length };
  }

  #struct(type: BtfStruct, alias: string, place: Place): StructLayout {
    const known = this.#structNames.get(type.id);
    if (known !== undefined) return known;
    if (type.name === "" && alias === "") {
      throw this.#refuse(place, "is an anonymous struct", "give the struct a name");
    }
    const cName = type.name === "" ? alias : `struct ${type.name}`;
    if (type.members.length === 0) throw this.#refuse(cName, "has no fields", "give it one");
    const name = pascal(type.name || alias);
    const codec = `${name.charAt(0).toLowerCase()}${name.slice(1)}Codec`;
    this.#claim(name, cName);
    this.#claim(codec, cName);
    const layout: StructLayout = { kind: "struct", size: type.size, name, codec };
    this.#structNames.set(type.id, layout);
    const fields = type.members.map((member) => this.#field(type, member, cName));
    fields.sort((a, b) => a.offset - b.offset);
    this.#structs.set(type.id, { ...layout, cName, fields });
    return layout;
  }

  #field(struct: BtfStruct, member: BtfMember, cName: string): FieldShape {
    const { name, bitOffset } = member;
    const place = `${cName}, field ${name || "without name"}`;
    if (name === "" || name === "__proto__") {
      throw this.#refuse(place, "cannot be named in TypeScript", "give it another name");
    }
    if (member.bitSize !== 0 || bitOffset % 8 !== 0) {
      throw this.#refuse(place, "is a bit-field", "use a whole integer");
    }
    const layout = this.layout(member.type, place);
    const offset = bitOffset / 8;
    if (offset + layout.size > struct.size) {
      throw this.#refuse(place, "ends after the struct", "compile it again");
    }
    return { name, cType: this.cType(member.type), offset, layout };
  }

  /** Makes sure that an identifier is free. */
  #claim(identifier: string, what: string): void {
    const owner = this.#identifiers.get(identifier);
    if (owner !== undefined) {
      throw this.#refuse(
        what,
        `would be called ${identifier} in TypeScript, like ${owner}`,
        "rename one",
      );
    }
    this.#identifiers.set(identifier, what);
  }

  #refuse(place: Place, cause: string, advice: string): FormatError {
    return new FormatError(
      `Cannot generate types for ${this.#source}: ${place} ${cause}; ${advice}`,
    );
  }
}

/** `data_t` → `Data`, `task_key` → `TaskKey` */
function pascal(name: string): string {
  return name.replace(/_t$/, "").split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
