/** Random scripts: what is computed is right, however few registers there are, and nothing crashes the compiler. */

import { assert, assertEquals } from "../../../assert.ts";
import { GROUPS } from "../../../differential/programs.ts";
import { generator } from "../../../generator.ts";
import { compileText, runText } from "./run_script.ts";

/** An expression, and what it comes to in 64 bits. */
interface Sample {
  readonly text: string;
  readonly value: bigint;
}

const wrap = (value: bigint) => BigInt.asIntN(64, value);
const unsigned = (value: bigint) => BigInt.asUintN(64, value);

const BINARY: readonly (readonly [string, (a: bigint, b: bigint) => bigint])[] = [
  ["+", (a, b) => a + b],
  ["-", (a, b) => a - b],
  ["*", (a, b) => a * b],
  ["&", (a, b) => a & b],
  ["|", (a, b) => a | b],
  ["^", (a, b) => a ^ b],
  ["/", (a, b) => b === 0n ? 0n : unsigned(a) / unsigned(b)],
  ["%", (a, b) => b === 0n ? a : unsigned(a) % unsigned(b)],
];

const COMPARE: readonly (readonly [string, (a: bigint, b: bigint) => boolean])[] = [
  ["<", (a, b) => a < b],
  [">=", (a, b) => a >= b],
  ["==", (a, b) => a === b],
  ["!=", (a, b) => a !== b],
];

function sample(
  random: (below: number) => number,
  variables: readonly Sample[],
  depth: number,
): Sample {
  if (depth === 0 || random(6) === 0) {
    if (random(3) > 0) return variables[random(variables.length)]!;
    const value = BigInt(random(1000));
    return { text: `${value}`, value };
  }
  const left = sample(random, variables, depth - 1);
  const right = sample(random, variables, depth - 1);
  switch (random(8)) {
    case 0: {
      const [sign, holds] = COMPARE[random(COMPARE.length)]!;
      const yes = sample(random, variables, depth - 1);
      const value = holds(left.value, right.value) ? yes.value : right.value;
      return { text: `(${left.text} ${sign} ${right.text} ? ${yes.text} : ${right.text})`, value };
    }
    case 1:
      return { text: `(-${left.text})`, value: wrap(-left.value) };
    case 2: {
      const bits = BigInt(random(63));
      return { text: `(${left.text} << ${bits})`, value: wrap(left.value << bits) };
    }
    case 3: {
      const holds = left.value !== 0n && right.value !== 0n;
      return { text: `(int64)(${left.text} && ${right.text})`, value: holds ? 1n : 0n };
    }
    default: {
      const [sign, compute] = BINARY[random(BINARY.length)]!;
      return {
        text: `(${left.text} ${sign} ${right.text})`,
        value: wrap(compute(left.value, right.value)),
      };
    }
  }
}

Deno.test("1000 random expressions come to what they should, with up to 16 variables alive", () => {
  const random = generator(1);
  for (let i = 0; i < 1000; i++) {
    const variables: Sample[] = Array.from({ length: 1 + random(16) }, (_, at) => ({
      text: `$v${at}`,
      value: wrap(BigInt(random(1 << 30)) * BigInt(random(1 << 30)) - BigInt(random(1 << 30))),
    }));
    const { text, value } = sample(random, variables, 1 + random(6));
    // Through a map, so that nothing is known beforehand.
    const settings = variables.map(({ text, value }) => `@m = ${value}; ${text} = @m;`).join(" ");
    const all = variables.map(({ text }) => `print(${text});`).join(" ");
    const program = `BEGIN { ${settings} print(${text}); ${all} clear(@m); }`;
    const expected = [value, ...variables.map(({ value }) => value)].join("\n");
    assertEquals(runText(program), `${expected}\n\n\n\n`, program);
  }
});

Deno.test("5000 programs with mistakes give diagnostics with positions, and never a crash", () => {
  const random = generator(2);
  const programs = Object.values(GROUPS).flat().map(({ program }) => program);
  const tokens = programs.flatMap((program) => program.match(/[\w$@"]+|\S/g) ?? []);
  for (let i = 0; i < 5000; i++) {
    const words = programs[random(programs.length)]!.match(/[\w$@"]+|\s+|\S/g) ?? [];
    for (let changes = 1 + random(4); changes > 0; changes--) {
      const at = random(words.length);
      const what = random(3);
      if (what === 0) words.splice(at, 1);
      else words.splice(at, what - 1, tokens[random(tokens.length)]!);
    }
    const program = words.join("");
    const { plan, lines } = compileText(program);
    assert(
      plan !== undefined || lines.some((line) => /^stdin:\d+:[\d-]+: ERROR: ./.test(line)),
      program,
    );
  }
});
