/** Scripts as text, and what is to be said about places in them. */

/** A part of the text: offsets of its first character, and of the first behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Something that is wrong with a script, or may be. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly span: Span;
  readonly message: string;
  /** What to write instead; empty where nothing is known. */
  readonly hint: string;
}

/** A position as people count: from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A file's text and its name. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** A script's text and its name, with the headers that stand before it. */
export class Source {
  readonly name: string;
  /** The script alone. */
  readonly script: string;
  /** All of it, the headers first: what offsets count in. */
  readonly text: string;
  readonly #files: readonly { readonly name: string; readonly start: number }[];
  readonly #lineStarts: number[];

  /** `name` is that of the file, `stdin` for what came from the command line. */
  constructor(name: string, script: string, headers: readonly SourceFile[] = []) {
    this.name = name;
    this.script = script;
    const files = [...headers.map(({ name, text }) => ({ name, text: `${text}\n` }))];
    const starts = [0];
    for (const { text } of files) starts.push(starts.at(-1)! + text.length);
    this.#files = [...files, { name }].map(({ name }, i) => ({ name, start: starts[i]! }));
    const text = files.map(({ text }) => text).join("") + script;
    this.text = text;
    this.#lineStarts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  /** The place in the file that it stands in. */
  position(offset: number): Position {
    const before = this.#lineAt(this.#fileAt(offset).start);
    const line = this.#lineAt(offset);
    return { line: line - before + 1, column: offset - this.#lineStarts[line]! + 1 };
  }

  /** The name of the file that an offset is in. */
  fileName(offset: number): string {
    return this.#fileAt(offset).name;
  }

  #fileAt(offset: number): { readonly name: string; readonly start: number } {
    return this.#files.findLast(({ start }) => start <= offset) ?? this.#files[0]!;
  }

  /** The index of a line among all. */
  #lineAt(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The text of the line that an offset is in, without its end. */
  lineOf(offset: number): string {
    const line = this.#lineAt(offset);
    return this.text.slice(this.#lineStarts[line], this.#lineStarts[line + 1]).replace(/\n$/, "");
  }

  /** Where something stands: `stdin:1:9-62`, or where it begins if it ends in another line. */
  range(span: Span): string {
    const { line, column } = this.position(span.start);
    const last = this.#lastOf(span);
    const columns = line === last.line ? `${column}-${last.column + 1}` : `${column}`;
    return `${this.fileName(span.start)}:${line}:${columns}`;
  }

  /** The place of its last character. */
  #lastOf({ start, end }: Span): { line: number; column: number } {
    return this.position(Math.max(end - 1, start));
  }

  /** The lines that show a diagnostic: where, what, the source with marks below it, and a hint. */
  describe({ severity, span, message, hint }: Diagnostic): string[] {
    const from = this.position(span.start);
    const to = this.#lastOf(span);
    const line = this.lineOf(span.start);
    const last = from.line === to.line ? to.column : line.length;
    const marks = "~".repeat(Math.max(1, last - from.column + 1));
    // Tabs stay tabs, so that the marks stand below what they mean.
    const indent = line.slice(0, from.column - 1).replaceAll(/[^\t]/g, " ");
    return [
      `${this.range(span)}: ${severity.toUpperCase()}: ${message}`,
      line,
      indent + marks,
      ...(hint === "" ? [] : [`HINT: ${hint}`]),
    ];
  }
}

/** Collects diagnostics: one mistake does not hide the next. */
export class Diagnostics {
  readonly all: Diagnostic[] = [];

  get hasErrors(): boolean {
    return this.all.some(({ severity }) => severity === "error");
  }

  /** Notes an error; the same one at the same place is noted once. */
  error(span: Span, message: string, hint = ""): void {
    this.#add({ severity: "error", span, message, hint });
  }

  warning(span: Span, message: string, hint = ""): void {
    this.#add({ severity: "warning", span, message, hint });
  }

  /** Something that bpftrace has and gimlet has not. */
  unsupported(span: Span, what: string, hint = ""): void {
    this.error(span, `not supported: ${what}`, hint);
  }

  #add(diagnostic: Diagnostic): void {
    const known = this.all.some(({ span, message }) =>
      span.start === diagnostic.span.start && message === diagnostic.message
    );
    if (!known) this.all.push(diagnostic);
  }
}
