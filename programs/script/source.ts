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

/** A script's text and its name. */
export class Source {
  readonly name: string;
  readonly text: string;
  readonly #lineStarts: number[];

  /** `name` is that of the file, `stdin` for what came from the command line. */
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    this.#lineStarts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }

  /** A line, counted from 1, without its end. */
  line(number: number): string {
    const start = this.#lineStarts[number - 1] ?? this.text.length;
    return this.text.slice(start, this.#lineStarts[number]).replace(/\n$/, "");
  }

  /** The lines that show a diagnostic: where, what, the source with marks below it, and a hint. */
  describe({ severity, span, message, hint }: Diagnostic): string[] {
    const from = this.position(span.start);
    const to = this.position(Math.max(span.end - 1, span.start));
    const range = from.line === to.line ? `${from.column}-${to.column + 1}` : `${from.column}`;
    const line = this.line(from.line);
    const last = from.line === to.line ? to.column : line.length;
    const marks = "~".repeat(Math.max(1, last - from.column + 1));
    // Tabs stay tabs, so that the marks stand below what they mean.
    const indent = line.slice(0, from.column - 1).replaceAll(/[^\t]/g, " ");
    return [
      `${this.name}:${from.line}:${range}: ${severity.toUpperCase()}: ${message}`,
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
