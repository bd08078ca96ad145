/** Names of Rust's functions in the newer mangling (`_R…`), which holds types and their parameters: RFC 2603. */

const BASIC_TYPES: Readonly<Record<string, string>> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};
const SPECIAL: Readonly<Record<string, string>> = { C: "closure", S: "shim" };
/** Names refer back to their own parts: a broken one could do so without end. */
const MOST_STEPS = 4096;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * The path behind a name in Rust's newer mangling: `_RNvNtCs1234_7mycrate3foo3bar` is `mycrate::foo::bar`. Without the hashes of
 * crates. `undefined` for any other name, and for one that is broken.
 */
export function demangleRustV0(name: string): string | undefined {
  const [, body] = /^_R([A-Z]\w*)/.exec(name) ?? [];
  if (body === undefined) return undefined;
  try {
    return new Parser(body).path(true);
  } catch (error) {
    if (error instanceof Broken) return undefined;
    throw error;
  }
}

/** The name is none of Rust's. */
class Broken extends Error {}

class Parser {
  readonly #text: string;
  #at = 0;
  #steps = 0;
  /** How many lifetimes the binders around bind. */
  #bound = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `value`: the path of a function, whose parameters stand behind `::`; false for that of a type. */
  path(value: boolean): string {
    const tag = this.#next();
    switch (tag) {
      case "C":
        return this.#identifier().name;
      case "M":
        this.#implPath();
        return `<${this.#type()}>`;
      case "X":
        this.#implPath();
        return `<${this.#type()} as ${this.path(false)}>`;
      case "Y":
        return `<${this.#type()} as ${this.path(false)}>`;
      case "N":
        return this.#nested(value);
      case "I": {
        const path = this.path(value);
        const parameters = this.#list(() => this.#genericArgument()).join(", ");
        return `${path}${value ? "::" : ""}<${parameters}>`;
      }
      case "B":
        return this.#back(() => this.path(value));
      default:
        throw new Broken();
    }
  }

  #nested(value: boolean): string {
    const namespace = this.#next();
    const path = this.path(value);
    const { name, number } = this.#identifier();
    if (/[a-z]/.test(namespace)) return name === "" ? path : `${path}::${name}`;
    const kind = SPECIAL[namespace] ?? namespace;
    return `${path}::{${kind}${name === "" ? "" : `:${name}`}#${number}}`;
  }

  #implPath(): void {
    this.#disambiguator();
    this.path(false);
  }

  #type(): string {
    const tag = this.#peek();
    const basic = BASIC_TYPES[tag];
    if (basic !== undefined) {
      this.#at++;
      return basic;
    }
    switch (tag) {
      case "R":
      case "Q":
        return this.#reference();
      case "A":
        this.#at++;
        return `[${this.#type()}; ${this.#constant()}]`;
      case "S":
        this.#at++;
        return `[${this.#type()}]`;
      case "T": {
        this.#at++;
        const types = this.#list(() => this.#type());
        return types.length === 1 ? `(${types[0]},)` : `(${types.join(", ")})`;
      }
      case "P":
        this.#at++;
        return `*const ${this.#type()}`;
      case "O":
        this.#at++;
        return `*mut ${this.#type()}`;
      case "F":
        this.#at++;
        return this.#binding((binder) => binder + this.#function());
      case "D":
        this.#at++;
        return this.#dynamic();
      case "B":
        this.#at++;
        return this.#back(() => this.#type());
      default:
        return this.path(false);
    }
  }

  #reference(): string {
    const isMutable = this.#next() === "Q";
    const lifetime = this.#take("L") ? this.#lifetime() : "";
    const space = lifetime === "" ? "" : `${lifetime} `;
    return `&${space}${isMutable ? "mut " : ""}${this.#type()}`;
  }

  #function(): string {
    const unsafe = this.#take("U") ? "unsafe " : "";
    const abi = this.#take("K") ? `extern "${this.#abi()}" ` : "";
    const parameters = this.#list(() => this.#type()).join(", ");
    const result = this.#take("u") ? "" : ` -> ${this.#type()}`;
    return `${unsafe}${abi}fn(${parameters})${result}`;
  }

  #abi(): string {
    return this.#take("C") ? "C" : this.#undisambiguated().replaceAll("_", "-");
  }

  #dynamic(): string {
    const traits = this.#binding((binder) =>
      binder + this.#list(() => this.#dynamicTrait()).join(" + ")
    );
    if (!this.#take("L")) throw new Broken();
    const lifetime = this.#lifetime();
    return `dyn ${traits}${lifetime === "" ? "" : ` + ${lifetime}`}`;
  }

  /** A trait with what its types are bound to: `Iterator<Item = u8>`. */
  #dynamicTrait(): string {
    const path = this.path(false);
    const bindings: string[] = [];
    while (this.#take("p")) bindings.push(`${this.#undisambiguated()} = ${this.#type()}`);
    if (bindings.length === 0) return path;
    return path.endsWith(">")
      ? `${path.slice(0, -1)}, ${bindings.join(", ")}>`
      : `${path}<${bindings.join(", ")}>`;
  }

  #binding(write: (binder: string) => string): string {
    const count = this.#take("G") ? this.#base62() + 1 : 0;
    if (count > MOST_STEPS) throw new Broken();
    this.#bound += count;
    const names = Array.from({ length: count }, (_, i) => this.#lifetimeName(count - i));
    const text = write(count === 0 ? "" : `for<${names.join(", ")}> `);
    this.#bound -= count;
    return text;
  }

  #lifetime(): string {
    const number = this.#base62();
    return number === 0 ? "" : this.#lifetimeName(number);
  }

  /** Numbers count from the innermost binder, names from the outermost. */
  #lifetimeName(number: number): string {
    const depth = this.#bound - number;
    if (depth < 0) throw new Broken();
    return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`;
  }

  #genericArgument(): string {
    if (this.#take("L")) return this.#lifetime() || "'_";
    return this.#take("K") ? this.#constant() : this.#type();
  }

  #constant(): string {
    if (this.#take("B")) return this.#back(() => this.#constant());
    const type = this.#next();
    if (type === "p") return "_";
    const sign = this.#take("n") ? "-" : "";
    const hex = this.#matching(/[\da-f]*/y);
    if (!this.#take("_")) throw new Broken();
    const value = hex === "" ? 0n : BigInt(`0x${hex}`);
    if (type === "b") return value === 0n ? "false" : "true";
    if (type === "c") return `'${String.fromCodePoint(Number(value))}'`;
    return `${sign}${value}`;
  }

  #list<T>(item: () => T): T[] {
    const items: T[] = [];
    while (!this.#take("E")) items.push(item());
    return items;
  }

  #identifier(): { name: string; number: number } {
    const number = this.#disambiguator();
    return { name: this.#undisambiguated(), number };
  }

  #disambiguator(): number {
    return this.#take("s") ? this.#base62() + 1 : 0;
  }

  #undisambiguated(): string {
    const isPunycode = this.#take("u");
    const length = Number(this.#matching(/0|[1-9]\d*/y));
    // Parts a number from a name that begins with a digit.
    this.#take("_");
    const name = this.#text.slice(this.#at, this.#at + length);
    if (name.length < length) throw new Broken();
    this.#at += length;
    return isPunycode ? `punycode{${name.replace(/_(?=[^_]*$)/, "-")}}` : name;
  }

  /** Numbers that end with `_`; nothing before it is 0. */
  #base62(): number {
    const digits = this.#matching(/[\da-zA-Z]*/y);
    if (!this.#take("_")) throw new Broken();
    if (digits === "") return 0;
    return [...digits].reduce((sum, digit) => sum * 62 + DIGITS.indexOf(digit), 0) + 1;
  }

  /** Reads again what stands at an earlier place. */
  #back(read: () => string): string {
    const place = this.#base62();
    const here = this.#at;
    if (place >= here) throw new Broken();
    this.#at = place;
    const text = read();
    this.#at = here;
    return text;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    const character = this.#peek();
    if (character === "" || ++this.#steps > MOST_STEPS) throw new Broken();
    this.#at++;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) {
      if (this.#at >= this.#text.length) throw new Broken();
      return false;
    }
    this.#at++;
    return true;
  }

  #matching(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [text] = pattern.exec(this.#text) ?? [];
    if (text === undefined) throw new Broken();
    this.#at += text.length;
    return text;
  }
}
