/** How C types become TypeScript: which codec reads them, what it returns, and what is refused. */

import { FormatError } from "../errors.ts";
import type {
  Btf,
  BtfArray,
  BtfEnum,
  BtfFloat,
  BtfInt,
  BtfMember,
  BtfStruct,
  BtfType,
} from "./btf.ts";
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

/** A number of 128 bits or a floating-point one; `codec` is the one in ffi/wire/wide.ts. */
export interface WideLayout {
  readonly kind: "wide";
  readonly size: number;
  readonly codec: "u128" | "s128" | "f32" | "f64";
}

/** A bit-field: `shift` and `width` in bits, `size` is that of its bytes. */
export interface BitsLayout {
  readonly kind: "bits";
  readonly size: number;
  readonly shift: number;
  readonly width: number;
  readonly signed: boolean;
}

/** What has a size and no other counterpart. */
export interface BytesLayout {
  readonly kind: "bytes";
  readonly size: number;
}

/** An array of anything but `char`; a flexible one has length 0. */
export interface ArrayLayout {
  readonly kind: "array";
  readonly size: number;
  readonly element: Layout;
  readonly length: number;
}

/** A struct, or a union where the collector is lenient, by the names that it gets in TypeScript. */
export interface StructLayout {
  readonly kind: "struct";
  readonly size: number;
  /** The BTF id */
  readonly id: number;
  /** The interface: `Data` */
  readonly name: string;
  /** The codec: `dataCodec` */
  readonly codec: string;
}

/** How a type lies in memory. */
export type Layout =
  | ScalarLayout
  | CharsLayout
  | WideLayout
  | BitsLayout
  | BytesLayout
  | ArrayLayout
  | StructLayout;

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

/** How a {@linkcode LayoutCollector} works. */
export interface LayoutOptions {
  /** The C file, for errors. */
  readonly source: string;
  /** Identifiers that the generated module has already, and what they are. */
  readonly reserved?: ReadonlyMap<string, string>;
  /**
   * Nothing is generated and nothing refused: unions are read as structs whose members overlap, the members of anonymous ones
   * belong to the struct around, and what has no counterpart is bytes.
   */
  readonly lenient?: boolean;
}

/** Collects the structs and enums which the types in use consist of. */
export class LayoutCollector {
  readonly #btf: Btf;
  readonly #source: string;
  readonly #lenient: boolean;
  readonly #structs = new Map<number, StructShape>();
  /** Registered before their fields are: a broken file's struct may contain itself. */
  readonly #structNames = new Map<number, StructLayout>();
  readonly #enums = new Map<number, EnumShape>();
  readonly #identifiers = new Map<string, string>();

  constructor(btf: Btf, { source, reserved = new Map(), lenient = false }: LayoutOptions) {
    this.#btf = btf;
    this.#source = source;
    this.#lenient = lenient;
    for (const [identifier, what] of reserved) this.#identifiers.set(identifier, what);
  }

  /** The struct behind a layout of this collector; `undefined` while its own fields are being collected. */
  struct({ id }: StructLayout): StructShape | undefined {
    return this.#structs.get(id);
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
        if (this.#lenient) return this.#struct(type, alias, place);
        throw this.#refuse(place, "is a union", "use a struct, or an array of bytes");
      case "float":
        return this.#float(type, place);
      case "fwd":
        return this.#bytes(id, place, `is ${type.name}, which is only declared; define it`);
      default:
        return this.#bytes(id, place, `is a ${type.kind}; use a struct or an integer`);
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

  #integer(type: BtfInt, place: Place): Layout {
    const { id, size, signed } = type;
    if (size === 16) return { kind: "wide", size, codec: signed ? "s128" : "u128" };
    const codec = scalarCodec(type);
    if (codec === undefined) return this.#oddSize(id, size, place);
    // Whether char is signed depends on the machine; it stands for a byte.
    const exact = type.bool && size === 1 ? "bool" : type.char ? "u8" : codec;
    return { kind: "scalar", size, codec: exact, names: undefined };
  }

  #float({ id, size }: BtfFloat, place: Place): Layout {
    if (size === 4 || size === 8) return { kind: "wide", size, codec: size === 4 ? "f32" : "f64" };
    return this.#oddSize(id, size, place);
  }

  #oddSize(id: number, size: number, place: Place): Layout {
    return this.#bytes(id, place, `has ${size} bytes; use a number of 1, 2, 4 or 8 bytes`);
  }

  /** What has no counterpart. */
  #bytes(id: number, place: Place, causeAndAdvice: string): BytesLayout {
    if (this.#lenient) return { kind: "bytes", size: sizeOfType(this.#btf, id) };
    const [cause = "", advice = ""] = causeAndAdvice.split("; ");
    throw this.#refuse(place, cause, advice);
  }

  #enum(type: BtfEnum, alias: string, place: Place): Layout {
    const cName = type.name === "" ? alias : `enum ${type.name}`;
    const name = pascal(type.name || alias);
    const codec = scalarCodec(type);
    if (codec === undefined) return this.#oddSize(type.id, type.size, place);
    if (name === "" || this.#lenient) {
      return { kind: "scalar", size: type.size, codec, names: undefined };
    }
    if (!this.#enums.has(type.id)) {
      this.#claim(name, cName);
      this.#enums.set(type.id, { name, cName, type });
    }
    return { kind: "scalar", size: type.size, codec, names: this.#enums.get(type.id)?.name };
  }

  #array(id: number, { type, length }: BtfArray, place: Place): Layout {
    if (length === 0 && !this.#lenient) {
      throw this.#refuse(place, "is a flexible array", "give it a length");
    }
    const size = sizeOfType(this.#btf, id);
    const element = this.#resolve(type).type;
    if (element.kind === "int" && element.char) return { kind: "chars", size };
    const layout = this.layout(type, place);
    // There may be any number of items that have no size: nobody counts them.
    if (layout.size === 0) return { kind: "bytes", size };
    return { kind: "array", size, element: layout, length };
  }

  #struct(type: BtfStruct, alias: string, place: Place): Layout {
    const known = this.#structNames.get(type.id);
    if (known !== undefined) {
      const isWhole = this.#structs.has(type.id) || !this.#lenient;
      return isWhole ? known : { kind: "bytes", size: type.size };
    }
    return this.#lenient ? this.#anyStruct(type) : this.#namedStruct(type, alias, place);
  }

  #namedStruct(type: BtfStruct, alias: string, place: Place): StructLayout {
    if (type.name === "" && alias === "") {
      throw this.#refuse(place, "is an anonymous struct", "give the struct a name");
    }
    const cName = type.name === "" ? alias : `struct ${type.name}`;
    if (type.members.length === 0) throw this.#refuse(cName, "has no fields", "give it one");
    const name = pascal(type.name || alias);
    const codec = `${name.charAt(0).toLowerCase()}${name.slice(1)}Codec`;
    this.#claim(name, cName);
    this.#claim(codec, cName);
    const { id, size } = type;
    const layout: StructLayout = { kind: "struct", size, id, name, codec };
    this.#structNames.set(id, layout);
    const fields = type.members.map((member) => this.#field(type, member, cName));
    this.#structs.set(id, { ...layout, cName, fields: byOffset(fields) });
    return layout;
  }

  /** A struct or union as it is: no name is needed, and members that make no sense make it bytes. */
  #anyStruct(type: BtfStruct): Layout {
    const { id, size, name } = type;
    const layout: StructLayout = { kind: "struct", size, id, name, codec: "" };
    this.#structNames.set(id, layout);
    const fields = type.members.flatMap((member) => this.#anyField(type, member));
    const isSound = fields.every(({ name, offset, layout }) =>
      name !== "__proto__" && offset + layout.size <= size
    );
    if (!isSound) return { kind: "bytes", size };
    this.#structs.set(id, { ...layout, cName: `${type.kind} ${name}`, fields: byOffset(fields) });
    return layout;
  }

  /** As in C, the members of an anonymous struct or union are used as if they were those of the struct around. */
  #anyField(struct: BtfStruct, member: BtfMember): FieldShape[] {
    if (member.name !== "") return [this.#field(struct, member, struct.name)];
    const inner = this.layout(member.type, struct.name);
    const fields = inner.kind === "struct" ? this.struct(inner)?.fields ?? [] : [];
    return fields.map((field) => ({ ...field, offset: field.offset + member.bitOffset / 8 }));
  }

  #field(struct: BtfStruct, member: BtfMember, cName: string): FieldShape {
    const { name, bitOffset, type } = member;
    const place = `${cName}, field ${name || "without name"}`;
    if (!this.#lenient && (name === "" || name === "__proto__")) {
      throw this.#refuse(place, "cannot be named in TypeScript", "give it another name");
    }
    const layout = this.#bits(member) ?? this.layout(type, place);
    const offset = Math.floor(bitOffset / 8);
    if (offset + layout.size > struct.size && !this.#lenient) {
      throw this.#refuse(place, "ends after the struct", "compile it again");
    }
    return { name, cType: this.cType(type), offset, layout };
  }

  /** The layout of a bit-field; older compilers say so by the type's own width. */
  #bits({ type, bitOffset, bitSize }: BtfMember): BitsLayout | undefined {
    const base = this.#resolve(type).type;
    if (base.kind !== "int" && base.kind !== "enum") return undefined;
    const full = base.size * 8;
    const width = bitSize > 0 ? bitSize : base.kind === "int" ? base.bits : full;
    if ((width === full && bitOffset % 8 === 0) || width < 1 || width > 64) return undefined;
    const shift = bitOffset % 8;
    const signed = base.signed && !(base.kind === "int" && base.bool);
    return { kind: "bits", size: Math.ceil((shift + width) / 8), shift, width, signed };
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

function scalarCodec({ size, signed }: { readonly size: number; readonly signed: boolean }) {
  if (size !== 1 && size !== 2 && size !== 4 && size !== 8) return undefined;
  return INTEGERS[size][signed ? 1 : 0];
}

function byOffset(fields: readonly FieldShape[]): FieldShape[] {
  return fields.toSorted((a, b) => a.offset - b.offset);
}

/** `data_t` → `Data`, `task_key` → `TaskKey` */
function pascal(name: string): string {
  return name.replace(/_t$/, "").split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
