/** The headers of a script: `#include`, `--include`. Most are not needed, as the kernel's BTF has its types. */

import { parse } from "./parser.ts";
import { type Diagnostic, Diagnostics, Source, type SourceFile, type Span } from "./source.ts";

/** Finds headers. */
export interface HeaderFinder {
  /** What stands in a file; `undefined` where there is none. `beside` is the file that includes it by `"…"`. */
  find(name: string, beside: string | undefined): SourceFile | undefined;
}

/** A script with its headers, and what is to be said of them. */
export interface WithHeaders {
  readonly source: Source;
  readonly remarks: readonly Diagnostic[];
}

/** As the preprocessor reads them: not in a comment of one line. */
const INCLUDE = /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm;

/**
 * Puts the headers that a script includes, and those of the command line, before it. One that is more than declarations cannot be
 * read, which is told; one that is not found is passed over where it may be the kernel's: in `<…>`, or of the command line.
 */
export function withHeaders(
  { name, text }: SourceFile,
  { includes, finder }: { readonly includes: readonly string[]; readonly finder: HeaderFinder },
): WithHeaders {
  const headers: SourceFile[] = [];
  const told: { span: Span; message: string }[] = [];
  const seen = new Map<string, boolean>();
  /** Each once, behind those that it includes itself; gives whether it can be read. */
  const read = (file: SourceFile): boolean => {
    const known = seen.get(file.name);
    if (known !== undefined) return known;
    const readable = isReadable(file);
    seen.set(file.name, readable);
    if (!readable) return false;
    for (const { name, beside } of included(file)) {
      const found = finder.find(name, beside);
      if (found !== undefined) read(found);
    }
    headers.push(file);
    return true;
  };
  const wanted = [
    ...includes.map((name) => ({ name, beside: "", span: { start: 0, end: 0 }, quoted: false })),
    ...included({ name, text }),
  ];
  for (const { name, beside, span, quoted } of wanted) {
    const found = finder.find(name, beside);
    if (found === undefined && quoted) told.push({ span, message: `there is no header ${name}` });
    if (found === undefined || read(found)) continue;
    told.push({ span, message: `${found.name} has more than declarations, and is not read` });
  }
  const source = new Source(name, text, headers);
  const before = source.text.length - text.length;
  const remarks = told.map(({ span, message }): Diagnostic => ({
    severity: "warning",
    span: { start: span.start + before, end: span.end + before },
    message,
    hint: "Types come from the kernel's BTF",
  }));
  return { source, remarks };
}

/** Whether all of a header can be understood. */
function isReadable({ name, text }: SourceFile): boolean {
  const diagnostics = new Diagnostics();
  const { probes } = parse(new Source(name, text), diagnostics);
  return probes.length === 0 && !diagnostics.hasErrors;
}

interface Included {
  readonly name: string;
  /** The file that names it, where that is by `"…"`. */
  readonly beside: string | undefined;
  readonly quoted: boolean;
  readonly span: Span;
}

function included({ name: file, text }: SourceFile): Included[] {
  return [...text.matchAll(INCLUDE)].map(({ 0: line, 1: sign, 2: name, index }) => ({
    name: name!,
    beside: sign === '"' ? file : undefined,
    quoted: sign === '"',
    span: { start: index, end: index + line.length },
  }));
}
