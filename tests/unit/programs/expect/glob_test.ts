import { glob } from "../../../../programs/lib/expect/glob.ts";
import { assertEquals } from "../../../assert.ts";

const CASES = [
  ["dd", ["dd"], ["d", "ddd", ""]],
  ["", [""], ["x"]],
  ["*", ["", "anything\nat all"], []],
  ["kworker*", ["kworker", "kworker/0:1"], ["xkworker"]],
  ["*er*", ["er", "kworker"], ["re"]],
  ["a?c", ["abc", "a🐝c"], ["ac", "abbc"]],
  ["a*b*c", ["abc", "axbxbxc"], ["acb", "ab"]],
  ["a\\*b", ["a*b"], ["axb", "a\\*b"]],
  ["\\?", ["?"], ["x"]],
  ["a.c[", ["a.c["], ["abc["]],
  ["x\\", ["x\\"], ["x"]],
] as const;

for (const [pattern, yes, no] of CASES) {
  Deno.test(`glob: ${pattern}`, () => {
    const matches = glob(pattern);
    assertEquals(yes.map(matches), yes.map(() => true));
    assertEquals(no.map(matches), no.map(() => false));
  });
}

Deno.test("glob: agrees with a regular expression on small texts", () => {
  const words = (letters: string, length: number): string[] =>
    length === 0 ? [""] : [
      "",
      ...[...letters].flatMap((letter) => words(letters, length - 1).map((w) => letter + w)),
    ];
  for (const pattern of new Set(words("ab*?", 4))) {
    const regexp = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);
    const matches = glob(pattern);
    for (const text of new Set(words("ab", 5))) {
      assertEquals([pattern, text, matches(text)], [pattern, text, regexp.test(text)]);
    }
  }
});

Deno.test("glob: a pattern of many stars takes no time", () => {
  assertEquals(glob("*a".repeat(500) + "b")("a".repeat(5000)), false);
});
