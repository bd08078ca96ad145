/** The examples of the tutorial's lessons are short. */

import { assert, assertEquals } from "../../assert.ts";

const TUTORIAL = new URL("../../../examples/tutorial/", import.meta.url);
const MOST_LINES = 40;

Deno.test("each example of a lesson has 40 lines at most, and says which lesson it is", () => {
  const lessons = [...Deno.readDirSync(TUTORIAL)].map(({ name }) => {
    const text = Deno.readTextFileSync(new URL(`${name}/${name}.ts`, TUTORIAL));
    const lines = text.trimEnd().split("\n").length;
    assert(lines <= MOST_LINES, `${name}.ts has ${lines} lines`);
    return Number(/^\/\*\* Lesson (\d+): /.exec(text)?.[1]);
  });
  assertEquals(lessons.toSorted((a, b) => a - b), [1, 4, 7, 9, 11, 14, 16]);
});
