/**
 * `gimlet lesson [N]`: the notes of the lessons and the source of their tools, and the lessons of the script language. All of
 * them travel in the binary.
 */

import { catalog } from "../programs/catalog.gen.ts";
import type { CatalogEntry, Tool } from "../programs/lib/tool.ts";
import { bold } from "./std.ts";
import { unknownName, UsageError } from "./usage.ts";

/** The last lesson has no tool: it says where to go on. */
const LAST = { lesson: 17, name: "further_study", summary: "Where to go next" } as const;
const LAST_TEXT = new URL("../docs/further_study.md", import.meta.url);
/** The lessons of the script language: texts with commands to try. */
const SCRIPT_LESSONS = [
  ["listing_probes", "What there is to trace"],
  ["hello_script", "A first script, its beginning and its end"],
  ["opened_files", "A system call and its arguments"],
  ["builtin_values", "Who, where, when: what every probe knows"],
  ["parameters", "Words behind a script"],
  ["scratch_variables", "Variables of one block"],
  ["maps", "What outlives a block: counts, sums, times"],
].map(([name = "", summary = ""], i) => ({ lesson: `s${i + 1}`, name, summary }));
const SCRIPT_TEXTS = new URL("../docs/script_lessons/", import.meta.url);
const HEADERS = new URL("../programs/include/", import.meta.url);
/** In the binary the tools' declarations are texts. */
const DECLARATIONS = new URL("../dist/bundle/declarations/", import.meta.url);

/** The lines of the list, or of one lesson by number or tool name. */
export async function lessonLines(args: readonly string[]): Promise<string[]> {
  const [wanted, ...extra] = args;
  if (extra.length > 0) throw new UsageError(`Unexpected argument "${extra[0]}"`);
  if (wanted === undefined) {
    return [...catalog, LAST, ...SCRIPT_LESSONS].map(({ lesson, name, summary }) =>
      `${String(lesson).padStart(2)}  ${name.padEnd(20)} ${summary}`
    );
  }
  if (isNamed(LAST, wanted)) return [read(LAST_TEXT)];
  const script = SCRIPT_LESSONS.find((each) => isNamed(each, wanted));
  if (script !== undefined) {
    return [read(new URL(`${script.lesson.slice(1)}_${script.name}.md`, SCRIPT_TEXTS))];
  }
  return oneLesson(await findLesson(wanted).load());
}

function findLesson(wanted: string): CatalogEntry {
  const entry = catalog.find((entry) => isNamed(entry, wanted));
  if (entry !== undefined) return entry;
  throw unknownName("lesson", wanted, lessonNames());
}

/** What a lesson may be called by: numbers and names. */
export function lessonNames(): string[] {
  return [...catalog, LAST, ...SCRIPT_LESSONS]
    .flatMap(({ lesson, name }) => [String(lesson), name]);
}

function isNamed(
  { lesson, name }: { lesson: number | string; name: string },
  wanted: string,
): boolean {
  return String(lesson) === wanted || name === wanted.replaceAll("-", "_");
}

/** The notes, then the source: the program with the headers that are about its subject, and the tool's declaration. */
function oneLesson({ name, skeleton }: Tool): string[] {
  const inFolder = (file: string) => read(new URL(file, skeleton.object));
  const program = inFolder(`${name}.bpf.c`);
  const headers = ownHeaders(program);
  return [
    inFolder("lesson.md"),
    ...headers.flatMap((file) => source(file, read(new URL(file, HEADERS)))),
    ...source(`${name}.bpf.c`, program),
    ...source(`${name}.ts`, declaration(`${name}.ts`, skeleton.object)),
  ];
}

function declaration(file: string, beside: URL | undefined): string {
  try {
    return read(new URL(file, beside));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return read(new URL(`${file}.txt`, DECLARATIONS));
  }
}

/** What a program includes of this project's, but for what every program does. */
function ownHeaders(program: string): string[] {
  return Array.from(program.matchAll(/^#include "(.*)"$/gm), ([, file]) => file!)
    .filter((file) => file !== "gimlet.bpf.h" && file !== "vmlinux.h");
}

function source(file: string, text: string): string[] {
  return ["", bold(`── ${file}`), "", text];
}

function read(file: URL): string {
  return Deno.readTextFileSync(file).trimEnd();
}
