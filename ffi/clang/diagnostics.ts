/** What clang says, taken apart. */

/** A remark of clang's. */
export interface Diagnostic {
  /** As clang was told of it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
  /** What it means for the object: with an error there is none. */
  readonly severity: "error" | "warning" | "note";
  /** What clang says, in a line. */
  readonly message: string;
  /** The line of the source and the caret below, as clang shows them; none where it shows none. */
  readonly source: readonly string[];
}

const HEAD = /^(.+?):(\d+):(\d+): (?:fatal )?(error|warning|note): (.*)$/;
/** What stands between the diagnostics: where a header was included from, and how many there were. */
const BESIDE = /^(In file included from |\d+ (error|warning)s? )/;
const NOT_FOUND = /^'([^']+)' file not found$/;

/** Reads clang's standard error, as it is without colours. */
export function parseDiagnostics(text: string): Diagnostic[] {
  const found: (Diagnostic & { readonly source: string[] })[] = [];
  for (const line of text.split("\n")) {
    const head = HEAD.exec(line);
    if (head !== null) found.push(diagnostic(head));
    else if (line !== "" && !BESIDE.test(line)) found.at(-1)?.source.push(line);
  }
  return found;
}

function diagnostic([, file = "", line, column, severity, message = ""]: RegExpExecArray) {
  return {
    file,
    line: Number(line),
    column: Number(column),
    severity: severity as Diagnostic["severity"],
    message,
    source: [],
  };
}

/** The header that an error says is missing. */
export function missingHeader({ message }: Diagnostic): string | undefined {
  return NOT_FOUND.exec(message)?.[1];
}
