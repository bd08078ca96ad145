/** C's declarations, as far as scripts have them: the names of types, structs, unions and enums. */

import type {
  Declaration,
  EnumDeclaration,
  FieldDeclaration,
  RecordDeclaration,
  TypeName,
} from "./ast.ts";
import type { TokenStream } from "./tokens.ts";
import { isCWord, isTypeWord } from "./type_words.ts";

const TAGS: readonly string[] = ["struct", "union", "enum"];

/** Parses them. */
export class DeclarationParser {
  readonly #tokens: TokenStream;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  /** Whether a declaration stands here, at the top of a script. */
  startsHere(): boolean {
    const { kind, text } = this.#tokens.peek();
    return kind === "identifier" && (TAGS.includes(text) || text === "typedef");
  }

  /** Whether the name of a type stands here. */
  typeStartsHere(): boolean {
    const { kind, text } = this.#tokens.peek();
    return kind === "identifier" && (TAGS.includes(text) || isTypeWord(text));
  }

  /** `unsigned int`, `struct task_struct *`, `char[16]` */
  typeName(): TypeName {
    const tokens = this.#tokens;
    const { span } = tokens.peek();
    const { tag, name } = this.#base();
    const pointers = this.#pointers();
    const dimensions = this.#dimensions();
    return { tag, name, pointers, dimensions, span: tokens.spanFrom(span) };
  }

  #base(): Pick<TypeName, "tag" | "name"> {
    const tokens = this.#tokens;
    this.#qualifiers();
    const first = tokens.expectKind("identifier", "a type");
    if (TAGS.includes(first.text)) {
      const { text } = tokens.expectKind("identifier", `the name of the ${first.text}`);
      return { tag: first.text as "struct" | "union" | "enum", name: text };
    }
    const words = [first.text];
    this.#qualifiers();
    while (isCWord(first.text) && isCWord(tokens.peek().text)) {
      words.push(tokens.take().text);
      this.#qualifiers();
    }
    return { tag: "", name: words.join(" ") };
  }

  #qualifiers(): void {
    while (this.#tokens.acceptWord("const") || this.#tokens.acceptWord("volatile"));
  }

  #pointers(): number {
    let count = 0;
    for (;;) {
      if (this.#tokens.accept("*")) count++;
      else if (!this.#tokens.acceptWord("const")) return count;
    }
  }

  #dimensions(): number[] {
    const lengths: number[] = [];
    while (this.#tokens.accept("[")) {
      lengths.push(this.#tokens.isAt("]") ? 0 : this.#number());
      this.#tokens.expect("]");
    }
    return lengths;
  }

  #number(): number {
    return Number(this.#tokens.expectKind("integer", "a number").value);
  }

  /** `struct x { … };`; a declaration without a body says nothing. */
  declaration(): Declaration[] {
    const tokens = this.#tokens;
    if (tokens.peek().text === "typedef") {
      tokens.unsupported("typedef");
      return [];
    }
    const { text, span } = tokens.take();
    const found = text === "enum" ? this.#enum(span.start) : this.#record(text, span.start);
    tokens.expect(";");
    if ("fields" in found ? found.fields.length === 0 : found.values.length === 0) return [];
    return [found];
  }

  #record(tag: string, start: number): RecordDeclaration {
    const tokens = this.#tokens;
    const name = tokens.peek().kind === "identifier" ? tokens.take().text : "";
    const fields: FieldDeclaration[] = [];
    if (tokens.accept("{")) {
      while (!tokens.isAt("}") && !tokens.failed) fields.push(...this.#field());
      tokens.expect("}");
    }
    const span = tokens.spanFrom({ start, end: start });
    return { kind: "record", tag: tag as "struct" | "union", name, fields, span };
  }

  #enum(start: number): EnumDeclaration {
    const tokens = this.#tokens;
    const name = tokens.peek().kind === "identifier" ? tokens.take().text : "";
    const values: { name: string; value: bigint }[] = [];
    let next = 0n;
    if (tokens.accept("{")) {
      while (!tokens.isAt("}") && !tokens.failed) {
        const { text } = tokens.expectKind("identifier", "a name");
        if (tokens.accept("=")) {
          const negative = tokens.accept("-");
          const { value } = tokens.expectKind("integer", "a number");
          next = negative ? -value : value;
        }
        values.push({ name: text, value: next++ });
        if (!tokens.accept(",")) break;
      }
      tokens.expect("}");
    }
    return { kind: "enum", name, values, span: tokens.spanFrom({ start, end: start }) };
  }

  /** One line of a struct may declare several fields: `int a, *b;` */
  #field(): FieldDeclaration[] {
    const tokens = this.#tokens;
    const type = this.#fieldType();
    const fields: FieldDeclaration[] = [];
    if (tokens.accept(";")) {
      return [{ name: "", type, pointers: 0, dimensions: [], bits: undefined }];
    }
    do {
      const pointers = this.#pointers();
      const { text: name } = tokens.expectKind("identifier", "the name of a field");
      const dimensions = this.#dimensions();
      const bits = tokens.accept(":") ? this.#number() : undefined;
      fields.push({ name, type, pointers, dimensions, bits });
    } while (tokens.accept(","));
    tokens.expect(";");
    return fields;
  }

  #fieldType(): TypeName | RecordDeclaration {
    const tokens = this.#tokens;
    const { text, span } = tokens.peek();
    if (text === "struct" || text === "union") {
      const mark = tokens.mark();
      tokens.take();
      if (tokens.peek().kind === "identifier") tokens.take();
      const hasBody = tokens.isAt("{");
      tokens.reset(mark);
      if (hasBody) {
        tokens.take();
        return this.#record(text, span.start);
      }
    }
    const base = this.#base();
    return { ...base, pointers: 0, dimensions: [], span: tokens.spanFrom(span) };
  }
}
