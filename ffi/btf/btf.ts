/**
 * BTF, the type information of BPF objects and of the kernel: types by id and by name.
 *
 * The format is described in the kernel's Documentation/bpf/btf.rst. A type is decoded when it is asked for: the kernel
 * has some 150 000 of them, and a program wants to know about a few of them within milliseconds.
 */

import { FormatError } from "../errors.ts";
import { Reader } from "../wire/reader.ts";
import { firstAbove } from "../wire/search.ts";

/** An integer; `bool` and `char` say what clang calls it. */
export interface BtfInt {
  readonly kind: "int";
  readonly id: number;
  readonly name: string;
  /** In bytes */
  readonly size: number;
  readonly bits: number;
  readonly signed: boolean;
  readonly bool: boolean;
  /** True for C's plain `char` only, the element of strings. */
  readonly char: boolean;
}

/** A type that is another with something added: a pointer, a qualifier, a `type_tag`. */
export interface BtfReference {
  readonly kind: "ptr" | "volatile" | "const" | "restrict" | "typeTag";
  readonly id: number;
  /** The tag's text; empty for the others. */
  readonly name: string;
  /** The id of the other type; 0 is `void`. */
  readonly type: number;
}

/** `typedef type name` */
export interface BtfTypedef {
  readonly kind: "typedef";
  readonly id: number;
  readonly name: string;
  readonly type: number;
}

/** `type[length]`; flexible arrays have length 0. */
export interface BtfArray {
  readonly kind: "array";
  readonly id: number;
  readonly name: "";
  readonly type: number;
  readonly length: number;
}

/** A field of a struct or union. */
export interface BtfMember {
  /** Empty for anonymous structs and unions. */
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 where the field is no bit-field. */
  readonly bitSize: number;
}

/** A struct or union. */
export interface BtfStruct {
  readonly kind: "struct" | "union";
  readonly id: number;
  /** Empty for anonymous ones. */
  readonly name: string;
  /** In bytes */
  readonly size: number;
  readonly members: readonly BtfMember[];
}

/** An enum of any size. */
export interface BtfEnum {
  readonly kind: "enum";
  readonly id: number;
  readonly name: string;
  /** In bytes */
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

/** `struct name;` or `union name;` of which no more is known. */
export interface BtfForward {
  readonly kind: "fwd";
  readonly id: number;
  readonly name: string;
  readonly union: boolean;
}

/** A function; `type` is its prototype's id. */
export interface BtfFunction {
  readonly kind: "func";
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly linkage: BtfLinkage;
}

/** A function's prototype; `returns` is 0 for `void`; a last parameter without name and type is `...`. */
export interface BtfPrototype {
  readonly kind: "funcProto";
  readonly id: number;
  readonly name: "";
  readonly returns: number;
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
}

/** A global variable. */
export interface BtfVariable {
  readonly kind: "var";
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly linkage: BtfLinkage;
}

/** A section with its variables; in objects that clang made, offsets of global variables are still 0. */
export interface BtfSection {
  readonly kind: "datasec";
  readonly id: number;
  readonly name: string;
  /** In bytes; 0 in objects that clang made */
  readonly size: number;
  readonly variables: readonly {
    readonly type: number;
    readonly offset: number;
    readonly size: number;
  }[];
}

/** A floating-point number. */
export interface BtfFloat {
  readonly kind: "float";
  readonly id: number;
  readonly name: string;
  /** In bytes */
  readonly size: number;
}

/** `btf_decl_tag("name")` on a type (`component` -1) or on one of its members or parameters. */
export interface BtfDeclTag {
  readonly kind: "declTag";
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly component: number;
}

/** Id 0, which no record describes. */
export interface BtfVoid {
  readonly kind: "void";
  readonly id: 0;
  readonly name: "";
}

/** Where else a function or variable is visible. */
export type BtfLinkage = "static" | "global" | "extern";

/** A type; `kind` says which. */
export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfReference
  | BtfTypedef
  | BtfArray
  | BtfStruct
  | BtfEnum
  | BtfForward
  | BtfFunction
  | BtfPrototype
  | BtfVariable
  | BtfSection
  | BtfFloat
  | BtfDeclTag;

/** What a kind is called. */
export type BtfKind = BtfType["kind"];

/** The types of a kind: `BtfOf<"struct">` is {@linkcode BtfStruct}. */
export type BtfOf<K extends BtfKind> = Matching<BtfType, K>;

type Matching<T extends BtfType, K> = T extends BtfType
  ? [Extract<T["kind"], K>] extends [never] ? never : T
  : never;

/** Options of {@linkcode parseBtf}. */
export interface ParseBtfOptions {
  /** The kernel's BTF, which a module's continues. */
  readonly base?: Btf;
}

/** Types of an object, of the kernel or of a module. */
export interface Btf {
  /** One more than the highest id. */
  readonly count: number;
  /** @throws {FormatError} where there is no such type, or it is broken */
  type(id: number): BtfType;
  /** All but `void`, in the order of their ids. */
  types(): Generator<BtfType>;
  /** The types of a kind, in the order of their ids: quicker than to look at all, for only these are decoded. Not those of the base. */
  ofKind<K extends BtfKind>(kind: K): Generator<BtfOf<K>>;
  /** The names of the types of a kind, or those of them that begin so, in the same order: quicker still. */
  namesOfKind(kind: BtfKind, prefix?: string): string[];
  /** The names of the functions that have at most so many parameters, in the order of their ids. Not those of the base. */
  namesOfFunctions(mostParameters: number): string[];
  /** How many parameters a prototype has, without decoding them; `undefined` where the type is no prototype. */
  parameterCount(id: number): number | undefined;
  /** The first type of this name, of this kind if it is given. */
  find<K extends BtfKind = BtfKind>(name: string, ...kinds: K[]): BtfOf<K> | undefined;
  /** The value of a name of any enum; that of the first, where several have it. */
  findEnumerator(name: string): bigint | undefined;
  /** The string at an offset that is counted from the base's strings. */
  string(offset: number): string;
  /** The length of the strings, with the base's. */
  readonly stringsEnd: number;
}

const MAGIC = 0xeb9f;
const MAGIC_SWAPPED = 0x9feb;
const HEADER_SIZE = 24;
const WORD = 4;
const RECORD_WORDS = 3;
const RECORD_SIZE = RECORD_WORDS * WORD;

/** `BTF_KIND_*`: our name, the bytes after the record, and those for each of its `vlen` parts. */
const KINDS = [
  undefined,
  { kind: "int", extra: 4, each: 0 },
  { kind: "ptr", extra: 0, each: 0 },
  { kind: "array", extra: 12, each: 0 },
  { kind: "struct", extra: 0, each: 12 },
  { kind: "union", extra: 0, each: 12 },
  { kind: "enum", extra: 0, each: 8 },
  { kind: "fwd", extra: 0, each: 0 },
  { kind: "typedef", extra: 0, each: 0 },
  { kind: "volatile", extra: 0, each: 0 },
  { kind: "const", extra: 0, each: 0 },
  { kind: "restrict", extra: 0, each: 0 },
  { kind: "func", extra: 0, each: 0 },
  { kind: "funcProto", extra: 0, each: 8 },
  { kind: "var", extra: 4, each: 0 },
  { kind: "datasec", extra: 0, each: 12 },
  { kind: "float", extra: 0, each: 0 },
  { kind: "declTag", extra: 4, each: 0 },
  { kind: "typeTag", extra: 0, each: 0 },
  { kind: "enum64", extra: 0, each: 12 },
] as const;

const LINKAGES: readonly BtfLinkage[] = ["static", "global", "extern"];

/**
 * Reads BTF: the contents of a `.BTF` section, or of /sys/kernel/btf/vmlinux.
 *
 * @throws {FormatError} where it is not BTF or not little-endian. What is looked at later (records, names, fields) throws when it
 * is read.
 */
export function parseBtf(bytes: Uint8Array, options: ParseBtfOptions = {}): Btf {
  const reader = new Reader(bytes, "BTF", "data");
  const magic = reader.u16(0, "the magic number");
  if (magic === MAGIC_SWAPPED) throw reader.error("it is big-endian, should be little-endian");
  if (magic !== MAGIC) {
    throw reader.error(`it begins with 0x${magic.toString(16)}, should be 0xeb9f`);
  }
  const header = reader.u32(4, "hdr_len");
  if (header < HEADER_SIZE) throw reader.error(`hdr_len is ${header}, should be ${HEADER_SIZE}`);
  const part = (at: number, what: string) => {
    const offset = header + reader.u32(at, `${what}_off`);
    const data = reader.slice(offset, reader.u32(at + 4, `${what}_len`), `${what} part`);
    return new Reader(data, "BTF", `${what} part`);
  };
  return new BtfData(part(8, "type"), part(16, "str"), options.base);
}

/** What the parts of a type are read from. */
interface TypeRecord {
  readonly id: number;
  /** Where its parts begin, in words. */
  readonly at: number;
  readonly name: string;
  readonly vlen: number;
  readonly kindFlag: boolean;
  readonly sizeOrType: number;
}

class BtfData implements Btf {
  readonly stringsEnd: number;
  readonly #types: Reader;
  /** The same, as words: to see all of them is quicker that way. */
  readonly #words: Uint32Array;
  readonly #strings: Reader;
  readonly #base: Btf | undefined;
  readonly #firstId: number;
  readonly #firstString: number;
  readonly #records: Records;
  #nameBits: Uint32Array | undefined;
  #text: string | undefined;

  constructor(types: Reader, strings: Reader, base: Btf | undefined) {
    this.#types = types;
    this.#strings = strings;
    this.#base = base;
    this.#firstId = base?.count ?? 1;
    this.#firstString = base?.stringsEnd ?? 0;
    this.#words = wordsOf(types);
    this.#records = new Records(types, this.#words, this.#firstId);
    this.stringsEnd = this.#firstString + strings.size;
  }

  get count(): number {
    return this.#firstId + this.#records.starts.length;
  }

  type(id: number): BtfType {
    if (id === 0) return { kind: "void", id, name: "" };
    if (id < this.#firstId && this.#base !== undefined) return this.#base.type(id);
    const start = this.#records.start(id - this.#firstId);
    if (start === undefined) {
      throw this.#types.error(`there is no type ${id}, the last is ${this.count - 1}`);
    }
    return this.#decode(id, start);
  }

  *types(): Generator<BtfType> {
    if (this.#base !== undefined) yield* this.#base.types();
    const { count } = this;
    for (let id = this.#firstId; id < count; id++) yield this.type(id);
  }

  *ofKind<K extends BtfKind>(kind: K): Generator<BtfOf<K>> {
    for (const place of this.#placesOfKind(kind)) {
      // It has this kind, as was just seen.
      yield this.type(this.#firstId + place) as BtfOf<K>;
    }
  }

  namesOfKind(kind: BtfKind, prefix = ""): string[] {
    const { starts } = this.#records;
    const names = this.#placesOfKind(kind).map((i) => this.#words[starts[i]!]!);
    const own = prefix === "" ? undefined : this.#beginningWith(prefix);
    const maybe = own && names.filter((name) => own.has(name) || name < this.#firstString);
    return (maybe ?? names).map((name) => this.string(name))
      .filter((name) => name.startsWith(prefix));
  }

  /** Where these strings have a text, in the offsets of names; `undefined` where that is not quickly found. */
  #beginningWith(prefix: string): ReadonlySet<number> | undefined {
    const text = this.#ascii();
    if (text === "") return undefined;
    const offsets = new Set<number>();
    for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
      offsets.add(this.#firstString + at);
    }
    return offsets;
  }

  namesOfFunctions(mostParameters: number): string[] {
    const { starts } = this.#records;
    const names: string[] = [];
    for (const i of this.#placesOfKind("func")) {
      const start = starts[i]!;
      const count = this.parameterCount(this.#words[start + 2]!);
      if (count !== undefined && count <= mostParameters) {
        names.push(this.string(this.#words[start]!));
      }
    }
    return names;
  }

  parameterCount(id: number): number | undefined {
    if (id < this.#firstId && this.#base !== undefined) return this.#base.parameterCount(id);
    const start = this.#records.start(id - this.#firstId);
    const info = start === undefined ? 0 : this.#words[start + 1]!;
    return kindOf(info) === "funcProto" ? info & 0xffff : undefined;
  }

  /** The places among these records of those of a kind: a loop that does nothing else is compiled while it runs. */
  #placesOfKind(kind: BtfKind): number[] {
    const [words, starts] = [this.#words, this.#records.starts];
    const [one, other = one] = numbersOf(kind);
    const places: number[] = [];
    for (let i = 0; i < starts.length; i++) {
      const number = words[starts[i]! + 1]! >>> 24 & 31;
      if (number === one || number === other) places.push(i);
    }
    return places;
  }

  find<K extends BtfKind = BtfKind>(name: string, ...kinds: K[]): BtfOf<K> | undefined {
    const inBase = this.#base?.find(name, ...kinds);
    if (inBase !== undefined) return inBase;
    const isWanted = (type: BtfType): type is BtfOf<K> =>
      kinds.length === 0 || kinds.some((kind) => kind === type.kind);
    for (const id of this.#idsOf(name, kinds.flatMap(numbersOf))) {
      const type = this.type(id);
      if (isWanted(type)) return type;
    }
    return undefined;
  }

  findEnumerator(name: string): bigint | undefined {
    const inBase = this.#base?.findEnumerator(name);
    if (inBase !== undefined) return inBase;
    for (const at of this.#placesOf(name)) {
      const found = findEnumerator(this.#words, this.#records, this.#firstString + at);
      const type = found && this.type(this.#firstId + found.record);
      if (type?.kind === "enum") return type.values[found!.value]!.value;
    }
    return undefined;
  }

  string(offset: number): string {
    if (offset < this.#firstString && this.#base !== undefined) return this.#base.string(offset);
    if (offset === 0 && this.#strings.size === 0) return "";
    const at = offset - this.#firstString;
    const end = this.#ascii().indexOf("\0", at);
    return end < 0 || at < 0 ? this.#strings.cstring(at, "a name") : this.#ascii().slice(at, end);
  }

  /** All strings as one text, of which parts are taken quickly; empty where it is not ASCII and a byte is no character. */
  #ascii(): string {
    return this.#text ??= asciiText(this.#strings.slice(0, this.#strings.size, "strings"));
  }

  /**
   * The ids of a name, of these kinds by their numbers if any are given. Whoever takes the first looks no further: to search all
   * strings takes more than a ms.
   */
  *#idsOf(name: string, kinds: readonly number[]): Generator<number> {
    for (const at of this.#placesOf(name)) {
      if (this.#isWhole(at) || this.#isName(at)) yield* this.#idsAt(at, kinds);
    }
  }

  /** The ids of the name at a place, in ascending order. */
  *#idsAt(at: number, kinds: readonly number[]): Generator<number> {
    const place = this.#firstString + at;
    const words = this.#words;
    for (let word = words.indexOf(place); word >= 0; word = words.indexOf(place, word + 1)) {
      // Members have names, too: the number of a type stands behind these, which is no kind. To see that here saves looking at records.
      const kind = (words[word + 1]! >>> 24) & 31;
      if (kind === 0 || kinds.length > 0 && !kinds.includes(kind)) continue;
      // Other words may be the same number: only what begins a record is the name of a type.
      const record = this.#records.at(word);
      if (this.#records.start(record) === word) yield this.#firstId + record;
    }
  }

  /** Whether the name of a type stands at a place of these strings: short words are the end of many others. */
  #isName(at: number): boolean {
    this.#nameBits ??= this.#bitsOfNames();
    return (this.#nameBits[at >>> 5]! >>> (at & 31) & 1) === 1;
  }

  /** Where the names of types stand, as bits. */
  #bitsOfNames(): Uint32Array {
    const bits = new Uint32Array((this.#strings.size >>> 5) + 1);
    for (const start of this.#records.starts) {
      const place = this.#words[start]! - this.#firstString;
      // Those of the base are below, those of a broken file above: writing there does nothing.
      bits[place >>> 5]! |= 1 << (place & 31);
    }
    return bits;
  }

  /** Where a name stands in these strings: first by itself, then as the end of another, which a linker may have found to be the same. */
  *#placesOf(name: string): Generator<number> {
    const ends: number[] = [];
    for (const at of this.#occurrences(name)) {
      if (this.#isWhole(at)) yield at;
      else ends.push(at);
    }
    yield* ends;
  }

  /** Whether what stands at a place is no end of another string. */
  #isWhole(at: number): boolean {
    return at === 0 || this.#strings.u8(at - 1, "a name") === 0;
  }

  *#occurrences(name: string): Generator<number> {
    if (name === "") return;
    const text = this.#ascii();
    if (text === "") return yield* this.#placesByComparing(name);
    const wanted = `${name}\0`;
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) yield at;
  }

  *#placesByComparing(name: string): Generator<number> {
    const wanted = encoder.encode(`${name}\0`);
    const [first = 0] = wanted;
    const bytes = this.#strings.slice(0, this.#strings.size, "strings");
    for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
      if (this.#strings.matches(at, wanted)) yield at;
    }
  }

  /** The record that begins at a word: that all of it is there was seen when the records were counted. */
  #decode(id: number, at: number): BtfType {
    const info = this.#words[at + 1]!;
    const record: TypeRecord = {
      id,
      at: at + RECORD_WORDS,
      name: this.string(this.#words[at]!),
      vlen: info & 0xffff,
      kindFlag: info >>> 31 === 1,
      sizeOrType: this.#words[at + 2]!,
    };
    const kind = kindOf(info);
    switch (kind) {
      case "int":
        return this.#int(record);
      case "ptr":
      case "volatile":
      case "const":
      case "restrict":
      case "typeTag":
      case "typedef":
        return { kind, id, name: record.name, type: record.sizeOrType };
      case "array":
        return this.#array(record);
      case "struct":
      case "union":
        return this.#struct(record, kind);
      case "enum":
        return this.#enum(record);
      case "enum64":
        return this.#enum64(record);
      case "fwd":
        return { kind, id, name: record.name, union: record.kindFlag };
      case "func":
        return {
          kind,
          id,
          name: record.name,
          type: record.sizeOrType,
          linkage: this.#linkage(record.vlen),
        };
      case "funcProto":
        return this.#prototype(record);
      case "var":
        return this.#variable(record);
      case "datasec":
        return this.#section(record);
      case "float":
        return { kind, id, name: record.name, size: record.sizeOrType };
      case "declTag":
        return this.#declTag(record);
      case undefined:
        throw this.#types.error(`type ${id} has an unknown kind`);
    }
  }

  #int({ id, at, name, sizeOrType: size }: TypeRecord): BtfInt {
    const data = this.#words[at]!;
    const encoding = (data >>> 24) & 15;
    return {
      kind: "int",
      id,
      name,
      size,
      bits: data & 0xff,
      signed: (encoding & 1) !== 0,
      bool: (encoding & 4) !== 0,
      char: name === "char",
    };
  }

  #array({ id, at }: TypeRecord): BtfArray {
    return {
      kind: "array",
      id,
      name: "",
      type: this.#words[at]!,
      length: this.#words[at + 2]!,
    };
  }

  #struct(
    { id, at, name, vlen, kindFlag, sizeOrType }: TypeRecord,
    kind: "struct" | "union",
  ): BtfStruct {
    const members = this.#list(vlen, (i): BtfMember => {
      const offset = this.#words[at + i * 3 + 2]!;
      return {
        name: this.string(this.#words[at + i * 3]!),
        type: this.#words[at + i * 3 + 1]!,
        bitOffset: kindFlag ? offset & 0xffffff : offset,
        bitSize: kindFlag ? offset >>> 24 : 0,
      };
    });
    return { kind, id, name, size: sizeOrType, members };
  }

  #enum({ id, at, name, vlen, kindFlag, sizeOrType }: TypeRecord): BtfEnum {
    const values = this.#list(vlen, (i) => ({
      name: this.string(this.#words[at + i * 2]!),
      value: BigInt(this.#words[at + i * 2 + 1]! | 0),
    }));
    // clang before version 16 does not set the flag.
    const signed = kindFlag || values.some(({ value }) => value < 0n);
    const exact = values.map(({ name, value }) => ({
      name,
      value: signed ? value : BigInt.asUintN(32, value),
    }));
    return { kind: "enum", id, name, size: sizeOrType, signed, values: exact };
  }

  #enum64({ id, at, name, vlen, kindFlag, sizeOrType }: TypeRecord): BtfEnum {
    const values = this.#list(vlen, (i) => {
      const low = BigInt(this.#words[at + i * 3 + 1]!);
      const high = BigInt(this.#words[at + i * 3 + 2]!);
      const value = (high << 32n) | low;
      return {
        name: this.string(this.#words[at + i * 3]!),
        value: kindFlag ? BigInt.asIntN(64, value) : value,
      };
    });
    return { kind: "enum", id, name, size: sizeOrType, signed: kindFlag, values };
  }

  #prototype({ id, at, vlen, sizeOrType }: TypeRecord): BtfPrototype {
    const parameters = this.#list(vlen, (i) => ({
      name: this.string(this.#words[at + i * 2]!),
      type: this.#words[at + i * 2 + 1]!,
    }));
    return { kind: "funcProto", id, name: "", returns: sizeOrType, parameters };
  }

  #variable({ id, at, name, sizeOrType }: TypeRecord): BtfVariable {
    const linkage = this.#linkage(this.#words[at]!);
    return { kind: "var", id, name, type: sizeOrType, linkage };
  }

  #section({ id, at, name, vlen, sizeOrType }: TypeRecord): BtfSection {
    const variables = this.#list(vlen, (i) => ({
      type: this.#words[at + i * 3]!,
      offset: this.#words[at + i * 3 + 1]!,
      size: this.#words[at + i * 3 + 2]!,
    }));
    return { kind: "datasec", id, name, size: sizeOrType, variables };
  }

  #declTag({ id, at, name, sizeOrType }: TypeRecord): BtfDeclTag {
    const component = this.#words[at]! | 0;
    return { kind: "declTag", id, name, type: sizeOrType, component };
  }

  #linkage(value: number): BtfLinkage {
    const linkage = LINKAGES[value];
    if (linkage === undefined) throw this.#types.error(`a linkage is ${value}, should be 0 to 2`);
    return linkage;
  }

  #list<T>(length: number, item: (i: number) => T): T[] {
    const list: T[] = [];
    for (let i = 0; i < length; i++) list.push(item(i));
    return list;
  }
}

function kindOf(info: number) {
  return KINDS[(info >>> 24) & 31]?.kind;
}

/** The numbers of a kind: both widths of an enum are one. */
function numbersOf(kind: BtfKind): number[] {
  const names: readonly string[] = kind === "enum" ? ["enum", "enum64"] : [kind];
  return KINDS.flatMap((each, number) =>
    each !== undefined && names.includes(each.kind) ? [number] : []
  );
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The text of bytes that are all ASCII; empty where one is not. */
function asciiText(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  // Characters of several bytes make it shorter; bytes that are none become this one, which has three.
  return text.length === bytes.length && !text.includes("\ufffd") ? text : "";
}

/** By kind: the words of a record, and those for each of its parts. What is no kind ends behind everything. */
const HEAD_WORDS = Uint32Array.from(
  { length: 32 },
  (_, kind) => KINDS[kind] ? (RECORD_SIZE + KINDS[kind].extra) / WORD : 0x7fff_ffff,
);
const EACH_WORDS = Uint32Array.from(
  { length: 32 },
  (_, kind) => KINDS[kind] ? KINDS[kind].each / WORD : 0,
);

/**
 * Where the records begin, in words. There are more than 100 000 in a kernel, and who wants to know about some structs needs those up
 * to them only, mostly among the first: they are looked at as far as is asked for. That also makes sure that all of them lie inside
 * of the bytes.
 */
class Records {
  readonly #types: Reader;
  readonly #words: Uint32Array;
  readonly #firstId: number;
  /** With room for all of them; behind those that are known, where the next one begins. */
  readonly #starts: Uint32Array;
  #count = 0;

  constructor(types: Reader, words: Uint32Array, firstId: number) {
    this.#types = types;
    this.#words = words;
    this.#firstId = firstId;
    this.#starts = new Uint32Array(Math.ceil(words.length / RECORD_WORDS) + 1);
  }

  /** All, in the order of their ids. */
  get starts(): Uint32Array {
    this.#look({});
    return this.#starts.subarray(0, this.#count);
  }

  /** Where the record at a place among them begins; `undefined` where there are not so many. */
  start(place: number): number | undefined {
    if (place >= this.#count) this.#look({ most: place + 1 });
    return place < this.#count ? this.#starts[place] : undefined;
  }

  /** The place of the record that a word is part of. */
  at(word: number): number {
    this.#look({ word });
    return firstAbove(this.#starts.subarray(0, this.#count), word) - 1;
  }

  /** Looks on, until so many are known, or the record that a word is part of. */
  #look({ most = Infinity, word = Infinity }): void {
    const [words, starts] = [this.#words, this.#starts];
    const last = Math.min(word, words.length - 1);
    const count = findStarts(words, starts, { count: this.#count, most, last });
    const next = starts[count]!;
    if (next >= words.length && next * WORD !== this.#types.size) {
      // The last one does not fit, or what stands behind it is none.
      const fits = next <= words.length;
      const [at, place] = fits ? [next, count] : [starts[count - 1]!, count - 1];
      throw brokenRecord(this.#types, at * WORD, this.#firstId + place);
    }
    this.#count = count;
  }
}

/** How many records are known, how many are to be, and the last word that they may begin at. */
interface Search {
  readonly count: number;
  readonly most: number;
  readonly last: number;
}

/**
 * Writes down where records begin, and behind them where the last one ends; gives how many are known then. The loop is compiled
 * while it runs, which takes the longer the more stands beside it.
 */
function findStarts(
  words: Uint32Array,
  starts: Uint32Array,
  { count, most, last }: Search,
): number {
  let known = count;
  let at = starts[known]!;
  while (at <= last && known < most) {
    starts[known++] = at;
    const info = words[at + 1]!;
    const kind = info >>> 24 & 31;
    at += HEAD_WORDS[kind]! + EACH_WORDS[kind]! * (info & 0xffff);
  }
  starts[known] = at;
  return known;
}

const ENUM = KINDS.findIndex((kind) => kind?.kind === "enum");
const ENUM64 = KINDS.findIndex((kind) => kind?.kind === "enum64");

/** The first enum with a value whose name stands at a place: the enum's record, and which of its values that is. */
function findEnumerator(words: Uint32Array, records: Records, place: number) {
  for (let word = words.indexOf(place); word >= 0; word = words.indexOf(place, word + 1)) {
    const record = records.at(word);
    const at = records.start(record)!;
    const kind = (words[at + 1]! >>> 24) & 31;
    if (kind !== ENUM && kind !== ENUM64) continue;
    const value = (word - at - RECORD_WORDS) / EACH_WORDS[kind]!;
    if (value >= 0 && Number.isInteger(value)) return { record, value };
  }
  return undefined;
}

/** As whole words: gimlet runs on machines whose words have the order of bytes that is asked of BTF. */
function wordsOf(types: Reader): Uint32Array {
  const bytes = types.slice(0, types.size & ~3, "types");
  const isAligned = bytes.byteOffset % 4 === 0;
  const { buffer, byteOffset, length } = isAligned ? bytes : bytes.slice();
  return new Uint32Array(buffer, byteOffset, length / 4);
}

/** What is wrong with a record that does not fit. */
function brokenRecord(types: Reader, at: number, id: number): FormatError {
  const info = types.u32(at + 4, `type ${id}`);
  const number = (info >>> 24) & 31;
  const kind = KINDS[number];
  if (kind === undefined) {
    return types.error(`type ${id} has kind ${number}, known are 1 to ${KINDS.length - 1}`);
  }
  types.check(at, RECORD_SIZE + kind.extra + kind.each * (info & 0xffff), `type ${id}`);
  return types.error(`type ${id} is broken`);
}

/** Longer chains are loops, which only a broken file has. */
const LONGEST_CHAIN = 64;

/**
 * The type behind typedefs, `const`, `volatile`, `restrict` and type tags.
 *
 * @throws {FormatError} where they form a loop
 */
export function resolveType(btf: Btf, id: number): BtfType {
  let type = btf.type(id);
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    if (!isTransparent(type)) return type;
    type = btf.type(type.type);
  }
  throw endless(id);
}

/** The type behind `const`, `volatile`, `restrict` and type tags: a typedef keeps its name. */
export function unqualifiedType(btf: Btf, id: number): BtfType {
  let type = btf.type(id);
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    if (!isTransparent(type) || type.kind === "typedef") return type;
    type = btf.type(type.type);
  }
  throw endless(id);
}

/**
 * The size of a type in bytes; 0 for `void`, functions, variables and what is only declared.
 *
 * @throws {FormatError} where it contains itself
 */
export function sizeOfType(btf: Btf, id: number): number {
  let count = 1;
  let type = resolveType(btf, id);
  for (let i = 0; i < LONGEST_CHAIN; i++) {
    if (type.kind !== "array") return count * plainSize(type);
    count *= type.length;
    type = resolveType(btf, type.type);
  }
  throw endless(id);
}

function plainSize(type: BtfType): number {
  switch (type.kind) {
    case "int":
    case "struct":
    case "union":
    case "enum":
    case "float":
    case "datasec":
      return type.size;
    case "ptr":
      return 8;
    default:
      return 0;
  }
}

function isTransparent(type: BtfType): type is BtfReference | BtfTypedef {
  switch (type.kind) {
    case "typedef":
    case "const":
    case "volatile":
    case "restrict":
    case "typeTag":
      return true;
    default:
      return false;
  }
}

function endless(id: number): FormatError {
  return new FormatError(`Cannot read BTF: type ${id} contains itself`);
}
