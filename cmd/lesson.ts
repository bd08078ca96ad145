/** `gimlet lesson [N]`: the notes of the lessons and the source of their tools, which travel in the binary. */

import type { Tool } from "../programs/lib/tool.ts";
import { byLesson } from "./help.ts";
import { bold } from "./std.ts";
import { unknownName, UsageError } from "./usage.ts";

/** The lines of the list, or of one lesson by number or tool name. */
export function lessonLines(args: readonly string[]): string[] {
  const [wanted, ...extra] = args;
  if (extra.length > 0) throw new UsageError(`Unexpected argument "${extra[0]}"`);
  if (wanted === undefined) {
    return byLesson().map(({ lesson, name, summary }) =>
      `${String(lesson).padStart(2)}  ${name.padEnd(20)} ${summary}`
    );
  }
  return oneLesson(findLesson(wanted));
}

function findLesson(wanted: string): Tool {
  const tools = byLesson();
  const tool = tools.find(({ lesson, name }) => String(lesson) === wanted || name === wanted);
  if (tool !== undefined) return tool;
  throw unknownName("lesson", wanted, tools.flatMap(({ lesson, name }) => [String(lesson), name]));
}

function oneLesson({ name, skeleton }: Tool): string[] {
  const read = (file: string) => Deno.readTextFileSync(new URL(file, skeleton.object)).trimEnd();
  return [
    read("lesson.md"),
    ...[`${name}.bpf.c`, `${name}.ts`].flatMap((file) => ["", bold(`── ${file}`), "", read(file)]),
  ];
}
