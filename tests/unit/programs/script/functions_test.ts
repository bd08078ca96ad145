/** Functions of a script's own: `fn name($a : int64) : int64 { return $a; }`. */

import { assertEquals } from "../../../assert.ts";
import { RETURNING, RETURNS } from "../../../script_functions.ts";
import { compileText, runText } from "./run_script.ts";

const DEFINED = `
fn twice($a : int64) : int64 { return $a * 2; }
fn clamp($x : int64, $least : int64, $most : int64) : int64 {
  if ($x < $least) { return $least; }
  if ($x > $most) { return $most; }
  return $x;
}
fn quadruple($a : int64) : int64 { return twice(twice($a)); }
fn cut($a : uint8) : uint8 { $a += 1; return $a; }
fn first($limit : int64) : int64 {
  $i = 0;
  while ($i < 10) {
    unroll(3) { if ($i * $i > $limit) { return $i; } $i++; }
  }
  return -1;
}
fn note($n : int64) : void { if ($n == 0) { return; } @noted += $n; }
fn quiet($n : int64) { @noted += $n * 100; }
fn nothing($a : int64) : int64 { if ($a > 5) { return 1; } }
macro both(x) { twice(x) + x }
fn uses_macro($x : int64) : int64 { return both($x + 1); }
macro calls(x) { clamp(x, 0, 7) }
`;

const CASES: readonly (readonly [body: string, output: string])[] = [
  ["print(twice(21));", "42"],
  ["print(quadruple(2) + twice(1));", "10"],
  ["print(clamp(5, 1, 3)); print(clamp(-5, 1, 3)); print(clamp(2, 1, 3));", "3\n1\n2"],
  ["$x = 3; print(twice($x)); print($x);", "6\n3"],
  ["print(cut(300)); print(cut(255));", "45\n0"],
  ["print(first(17)); print(first(1000)); print(first(0));", "5\n-1\n1"],
  ["note(3); note(0); note(4); quiet(1); print(@noted); clear(@noted);", "@noted: 107"],
  ["if (twice(2) == 4) { print(1); }", "1"],
  ["print(nothing(9)); print(nothing(1));", "1\n0"],
  ["print(both(5)); print(uses_macro(1)); print(calls(99));", "15\n6\n7"],
  ["@m[twice(1)] = twice(2); print(@m[2]); clear(@m);", "4"],
  ["$i = 0; while ($i < 3) { if (twice($i) == 2) { $i++; continue; } print($i); $i++; }", "0\n2"],
];

for (const [body, output] of CASES) {
  Deno.test(`functions: ${body}`, () => {
    assertEquals(runText(`${DEFINED}BEGIN { ${body} exit(); }`).trim(), output);
  });
}

for (const { body, output } of RETURNS) {
  Deno.test(`functions: return in a loop: ${body}`, () => {
    assertEquals(runText(`${RETURNING}BEGIN { ${body} exit(); }`).trim(), output);
  });
}

const MISTAKES: readonly (readonly [script: string, line: string])[] = [
  [
    `fn f($a : int64) : int64 { return f($a); } BEGIN { print(f(1)); }`,
    "stdin:1:35-40: ERROR: Recursive function: f",
  ],
  [
    `fn f($a : int64) : int64 { return g($a); } fn g($a : int64) : int64 { return f($a); } BEGIN { print(f(1)); }`,
    "stdin:1:78-83: ERROR: Recursive function: f",
  ],
  [
    `fn f($a : int64) : int64 { return $a; } BEGIN { print(f()); }`,
    "stdin:1:55-58: ERROR: f() takes 1 argument (0 provided)",
  ],
  [
    `fn f($a : int64) : int64 { return; } BEGIN { print(f(1)); }`,
    "stdin:1:28-34: ERROR: f() has to return a value",
  ],
  [
    `fn f($a : int64) { return 3; } BEGIN { f(1); }`,
    "stdin:1:20-28: ERROR: f() returns nothing",
  ],
  [
    `fn f($a : int64) : int64 { return $b; } BEGIN { $b = 1; print(f(1)); }`,
    "stdin:1:35-37: ERROR: Undefined or undeclared variable: $b",
  ],
  [`fn f { } BEGIN { exit(); }`, ""],
];

for (const [script, line] of MISTAKES) {
  Deno.test(`functions: a mistake: ${script}`, () => {
    const [first = ""] = compileText(script).lines;
    if (line !== "") assertEquals(first, line);
    else assertEquals(first.includes("ERROR"), true);
  });
}
