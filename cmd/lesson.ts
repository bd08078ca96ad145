/** `gimlet lesson [N]`: the notes of the lessons and the source of their tools, which travel in the binary. */

import { catalog } from "../programs/catalog.gen.ts";
import type { CatalogEntry, Tool } from "../programs/lib/tool.ts";
import { bold } from "./std.ts";
import { unknownName, UsageError } from "./usage.ts";

/** The last lesson has no tool: it says where to go on. */
const LAST = { lesson: 17, name: "further_study", summary: "Where to go next" } as const;
const LAST_TEXT = new URL("../docs/further_study.md", import.meta.url);
const HEADERS = new URL("../programs/include/", import.meta.url);

/** The lines of the list, or of one lesson by number or tool name. */
export async function lessonLines(args: readonly string[]): Promise<string[]> {
  const [wanted, ...extra] = args;
  if (extra.length > 0) throw new UsageError(`Unexpected argument "${extra[0]}"`);
  if (wanted === undefined) {
    return [...catalog, LAST].map(({ lesson, name, summary }) =>
      `${String(lesson).padStart(2)}  ${name.padEnd(20)} ${summary}`
    );
  }
  if (isNamed(LAST, wanted)) return [read(LAST_TEXT)];
  return oneLesson(await findLesson(wanted).load());
}

function findLesson(wanted: string): CatalogEntry {
  const entry = catalog.find((entry) => isNamed(entry, wanted));
  if (entry !== undefined) return entry;
  const known = [...catalog, LAST].flatMap(({ lesson, name }) => [String(lesson), name]);
  throw unknownName("lesson", wanted, known);
}

function isNamed({ lesson, name }: { lesson: number; name: string }, wanted: string): boolean {
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
    ...source(`${name}.ts`, inFolder(`${name}.ts`)),
  ];
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
