/** Numbers in `printf()`, where those that are exact in JavaScript end, and those of C's types. */

import { assertEquals } from "../../../assert.ts";
import { runText } from "./run_script.ts";

const POWERS = [7, 8, 15, 16, 31, 32, 52, 53, 54, 62];
const NUMBERS = POWERS.flatMap((power) => [-1n, 0n, 1n].map((more) => (1n << BigInt(power)) + more))
  .flatMap((number) => [number, -number]).concat(0n, (1n << 63n) - 1n);

/** What C makes of a 64-bit number. */
const FORMATS: Readonly<Record<string, (number: bigint) => bigint>> = {
  "%d": (number) => BigInt.asIntN(32, number),
  "%i": (number) => BigInt.asIntN(32, number),
  "%u": (number) => BigInt.asUintN(32, number),
  "%hd": (number) => BigInt.asIntN(16, number),
  "%hhu": (number) => BigInt.asUintN(8, number),
  "%ld": (number) => number,
  "%llu": (number) => BigInt.asUintN(64, number),
};

for (const [format, meant] of Object.entries(FORMATS)) {
  Deno.test(`printf("${format}") is exact for all numbers`, () => {
    for (const number of NUMBERS) {
      const text = runText(`BEGIN { $n = (int64)${number}; printf("[${format}]", $n); }`);
      assertEquals(text.trim(), `[${meant(number)}]`, `${number}`);
    }
  });
}

Deno.test('printf("%llu") of unsigned numbers is exact', () => {
  for (const number of NUMBERS) {
    const text = runText(`BEGIN { $n = (uint64)${number}; printf("[%llu]", $n); }`);
    assertEquals(text.trim(), `[${BigInt.asUintN(64, number)}]`, `${number}`);
  }
});

Deno.test("printf() settles its format once, for records of any arguments", () => {
  const text = runText(
    'BEGIN { $i = 0; while ($i < 3) { printf("%d %5s|%s;", $i, "ab", "c"); $i++; } }',
  );
  assertEquals(text.trim(), "0    ab|c;1    ab|c;2    ab|c;");
});
