/** Types by name: those that the script declares, and those of the kernel. */

import type { Declaration, FieldDeclaration, RecordDeclaration, TypeName } from "../ast.ts";
import type { KernelFacts } from "../facts.ts";
import type { Diagnostics } from "../source.ts";
import { integerOf } from "../type_words.ts";
import {
  type IntegerType,
  NONE,
  type RecordField,
  type RecordLayout,
  sizeInC,
  type Type,
} from "../types.ts";

/** Looks types up. */
export class Declared {
  readonly #facts: KernelFacts;
  readonly #diagnostics: Diagnostics;
  readonly #records = new Map<string, RecordDeclaration>();
  readonly #layouts = new Map<RecordDeclaration, RecordLayout>();
  readonly #enums = new Map<string, IntegerType>();
  readonly #constants = new Map<string, bigint>();

  constructor(
    declarations: readonly Declaration[],
    { facts, diagnostics }: { readonly facts: KernelFacts; readonly diagnostics: Diagnostics },
  ) {
    this.#facts = facts;
    this.#diagnostics = diagnostics;
    for (const each of declarations) {
      if (each.kind === "record") this.#records.set(`${each.tag} ${each.name}`, each);
      else {
        const names = new Map(each.values.map(({ name, value }) => [value, name]));
        this.#enums.set(each.name, { kind: "integer", size: 4, signed: false, names });
        for (const { name, value } of each.values) this.#constants.set(name, value);
      }
    }
  }

  /** The value of a name in an enum of the script. */
  constant(name: string): bigint | undefined {
    return this.#constants.get(name) ?? CONSTANTS[name];
  }

  /** The type of a written name; `undefined` where there is none. */
  named({ tag, name, pointers, dimensions }: TypeName): Type | undefined {
    let type = this.#base(tag, name);
    if (type === undefined) return undefined;
    for (let i = 0; i < pointers; i++) type = { kind: "pointer", to: type, space: "unknown" };
    for (const length of dimensions.toReversed()) {
      type = { kind: "array", element: type, length, space: "own" };
    }
    return type;
  }

  #base(tag: string, name: string): Type | undefined {
    if (tag === "enum") return this.#enums.get(name) ?? this.#facts.type(`enum ${name}`);
    if (tag !== "") {
      const declared = this.#records.get(`${tag} ${name}`);
      if (declared === undefined) return this.#facts.type(`${tag} ${name}`);
      return { kind: "record", record: this.#layout(declared), space: "own" };
    }
    if (name === "void") return NONE;
    const word = integerOf(name);
    return word === undefined ? this.#facts.type(name) : { kind: "integer", ...word };
  }

  offsetOf(written: TypeName, path: string): number | undefined {
    let type = this.named(written);
    let offset = 0;
    for (const name of path.split(".")) {
      const field: RecordField | undefined = type?.kind === "record"
        ? type.record.field(name)
        : undefined;
      if (field === undefined) return undefined;
      offset += field.offset;
      type = field.type;
    }
    return offset;
  }

  #layout(declaration: RecordDeclaration): RecordLayout {
    const known = this.#layouts.get(declaration);
    if (known !== undefined) return known;
    const layout = new DeclaredLayout(declaration, (field) => this.#fieldType(field));
    this.#layouts.set(declaration, layout);
    return layout;
  }

  #fieldType({ type, pointers, dimensions }: FieldDeclaration): Type {
    if ("kind" in type) {
      let record: Type = { kind: "record", record: this.#layout(type), space: "own" };
      for (const length of dimensions.toReversed()) {
        record = { kind: "array", element: record, length, space: "own" };
      }
      return record;
    }
    const found = this.named({ ...type, pointers: type.pointers + pointers, dimensions });
    if (found !== undefined) return stringOrArray(found);
    // A pointer to what is not known can be passed on all the same.
    if (type.pointers + pointers > 0) return { kind: "pointer", to: NONE, space: "unknown" };
    this.#diagnostics.error(type.span, `Cannot resolve unknown type "${type.tag} ${type.name}"`);
    return NONE;
  }
}

/** Arrays of `char` hold strings. */
function stringOrArray(type: Type): Type {
  const isText = type.kind === "array" && type.element.kind === "integer" &&
    type.element.size === 1 && type.element.signed;
  return isText ? { kind: "string", size: type.length } : type;
}

/** A struct or union that a script declares, laid out as C does. Its fields are resolved when they are asked for. */
class DeclaredLayout implements RecordLayout {
  readonly name: string;
  readonly #declaration: RecordDeclaration;
  readonly #typeOf: (field: FieldDeclaration) => Type;
  #fields: Map<string, RecordField> | undefined;
  #size = 0;

  constructor(declaration: RecordDeclaration, typeOf: (field: FieldDeclaration) => Type) {
    this.name = `${declaration.tag} ${declaration.name}`;
    this.#declaration = declaration;
    this.#typeOf = typeOf;
  }

  get size(): number {
    this.#layOut();
    return this.#size;
  }

  field(name: string): RecordField | undefined {
    return this.#layOut().get(name);
  }

  fieldNames(): readonly string[] {
    return [...this.#layOut().keys()];
  }

  #layOut(): Map<string, RecordField> {
    if (this.#fields !== undefined) return this.#fields;
    const fields = this.#fields = new Map<string, RecordField>();
    const union = this.#declaration.tag === "union";
    let end = 0;
    let bits = 0;
    let widestAlignment = 1;
    let largest = 0;
    for (const declaration of this.#declaration.fields) {
      const type = this.#typeOf(declaration);
      const size = sizeInC(type);
      const alignment = alignmentOf(type);
      widestAlignment = Math.max(widestAlignment, alignment);
      if (declaration.bits !== undefined) {
        // A bit-field does not cross a border of its own type.
        if (bits % (size * 8) + declaration.bits > size * 8 || bits < end * 8) {
          bits = Math.max(bits, end * 8);
          if (bits % (size * 8) + declaration.bits > size * 8) bits = roundUp(bits, size * 8);
        }
        const offset = Math.floor(bits / (size * 8)) * size;
        const part = { offset: bits - offset * 8, size: declaration.bits };
        fields.set(declaration.name, { name: declaration.name, offset, type, bits: part });
        bits += declaration.bits;
        end = Math.max(end, Math.ceil(bits / 8));
      } else {
        const offset = union ? 0 : roundUp(end, alignment);
        this.#add(fields, { name: declaration.name, offset, type });
        end = offset + size;
        bits = end * 8;
      }
      largest = Math.max(largest, end);
      if (union) end = bits = 0;
    }
    this.#size = roundUp(largest, widestAlignment);
    return fields;
  }

  /** Fields of a member without a name count as the struct's own. */
  #add(fields: Map<string, RecordField>, field: RecordField): void {
    if (field.name !== "") fields.set(field.name, field);
    else if (field.type.kind === "record") {
      const { record } = field.type;
      for (const name of record.fieldNames()) {
        const inner = record.field(name)!;
        fields.set(name, { ...inner, offset: field.offset + inner.offset });
      }
    }
  }
}

function alignmentOf(type: Type): number {
  switch (type.kind) {
    case "integer":
      return type.size;
    case "array":
      return alignmentOf(type.element);
    case "record":
      return type.record.fieldNames()
        .reduce((most, name) => Math.max(most, alignmentOf(type.record.field(name)!.type)), 1);
    case "string":
      return 1;
    default:
      return 8;
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Names that scripts take from headers, and that are no enums: their values are ABI. */
const CONSTANTS: Readonly<Record<string, bigint>> = {
  AF_UNSPEC: 0n,
  AF_UNIX: 1n,
  AF_INET: 2n,
  AF_INET6: 10n,
  TASK_RUNNING: 0n,
  TASK_INTERRUPTIBLE: 1n,
  TASK_UNINTERRUPTIBLE: 2n,
  IPPROTO_TCP: 6n,
  IPPROTO_UDP: 17n,
  O_RDONLY: 0n,
  O_WRONLY: 1n,
  O_RDWR: 2n,
  NULL: 0n,
};
