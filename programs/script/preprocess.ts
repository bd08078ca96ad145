/**
 * The lines that begin with `#`: as much of C's preprocessor as scripts in use need.
 *
 * The text keeps its length and its lines, so that positions stay true: what does not count is overwritten with blanks.
 * `#include` has nothing to do here: `headers.ts` has put in front what it brings.
 */

import type { Diagnostics } from "./source.ts";

/** A script without its `#` lines, and the names that they define. */
export interface Preprocessed {
  readonly text: string;
  /** `#define name replacement` */
  readonly macros: ReadonlyMap<string, string>;
}

// What bpftrace defines where the kernel describes its types.
const PREDEFINED: readonly string[] = ["BPFTRACE_HAVE_BTF"];

/** Reads and blanks the lines. */
export function preprocess(text: string, diagnostics: Diagnostics): Preprocessed {
  const macros = new Map<string, string>(PREDEFINED.map((name) => [name, "1"]));
  const conditions: boolean[] = [];
  let offset = 0;
  let inComment = false;
  const lines = text.split("\n").map((line) => {
    const start = offset;
    offset += line.length + 1;
    const directive = inComment ? null : /^\s*#\s*(\w+|!)\s*(.*)$/.exec(line);
    if (directive !== null) {
      const [, name, rest] = directive;
      obey({ name: name!, rest: rest!.trim() }, { macros, conditions }, (message) => {
        diagnostics.error({ start, end: start + line.length }, message);
      });
      return blank(line);
    }
    if (conditions.includes(false)) return blank(line);
    inComment = commentGoesOn(line, inComment);
    return line;
  });
  if (conditions.length > 0) {
    diagnostics.error({ start: text.length, end: text.length }, "#endif is missing");
  }
  return { text: lines.join("\n"), macros };
}

interface State {
  readonly macros: Map<string, string>;
  readonly conditions: boolean[];
}

function obey(
  { name, rest }: { readonly name: string; readonly rest: string },
  { macros, conditions }: State,
  error: (message: string) => void,
): void {
  switch (name) {
    case "!":
    case "include":
    case "pragma":
      return;
    case "ifdef":
      conditions.push(macros.has(rest));
      return;
    case "ifndef":
      conditions.push(!macros.has(rest));
      return;
    case "else":
      if (conditions.length === 0) error("#else without #ifdef");
      else conditions.push(!conditions.pop()!);
      return;
    case "endif":
      if (conditions.pop() === undefined) error("#endif without #ifdef");
      return;
    case "define": {
      if (conditions.includes(false)) return;
      const [, macro, parameters, replacement] = /^(\w+)(\()?\s*(.*)$/.exec(rest) ?? [];
      if (macro === undefined) error("#define needs a name");
      else if (parameters !== undefined) error("not supported: macros with parameters");
      else macros.set(macro, replacement!);
      return;
    }
    case "undef":
      macros.delete(rest);
      return;
    default:
      error(`not supported: #${name}`);
  }
}

function blank(line: string): string {
  return " ".repeat(line.length);
}

/** Whether a comment is open behind a line. Strings with comment signs inside do not count. */
function commentGoesOn(line: string, inComment: boolean): boolean {
  if (!line.includes("*")) return inComment;
  let open = inComment;
  for (const [sign] of line.matchAll(/"(?:\\.|[^"\\])*"|\/\*|\*\/|\/\//g)) {
    if (open) open = sign !== "*/";
    else if (sign === "//") return false;
    else if (sign === "/*") open = true;
  }
  return open;
}
