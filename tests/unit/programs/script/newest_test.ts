/** What the newest versions of bpftrace brought: maps that are declared, `strstr()`, `usermode`, `args` of raw tracepoints. */

import { MAP_TYPE } from "../../../../ffi/asm/object_file.ts";
import { assertEquals } from "../../../assert.ts";
import { compileText, runText } from "./run_script.ts";

Deno.test("strstr() says where a text is, in bytes", () => {
  const program = `BEGIN {
    print(strstr("abcdc", "c")); print(strstr("abc", "x")); print(strstr("abc", "")); print(strstr("abc", "abc"));
    $s = "a long enough text, with an end"; print(strstr($s, "text, with")); print(strstr($s, "an end."));
    if (strstr($s, "zzz") < 0) { print("none"); } exit(); }`;
  assertEquals(runText(program).trim(), "2\n-1\n0\n0\n14\n-1\nnone");
});

const DECLARED: readonly (readonly [string, keyof typeof MAP_TYPE, number])[] = [
  ["let @m = hash(7); BEGIN { @m[1] = 1; }", "hash", 7],
  ["let @m = lruhash(7); BEGIN { @m[1] = 1; }", "lru_hash", 7],
  ["let @m = percpuhash(7); BEGIN { @m[1] = count(); }", "percpu_hash", 7],
  ["let @m = percpulruhash(7); BEGIN { @m[1] = count(); }", "lru_percpu_hash", 7],
  ["let @m = hash(7); BEGIN { @m[1] = hist(3); }", "percpu_hash", 7],
  ["let @m = lruhash(7); BEGIN { @m[1] = count(); }", "lru_percpu_hash", 7],
  ["BEGIN { @m[1] = 1; }", "hash", 4096],
];

for (const [program, type, maxEntries] of DECLARED) {
  Deno.test(`a map of a certain kind: ${program}`, () => {
    const { plan, lines } = compileText(program);
    const map = plan?.objectMaps.find(({ name }) => name === "AT_m");
    assertEquals([map?.type, map?.maxEntries, lines], [MAP_TYPE[type], maxEntries, []]);
  });
}

const MISTAKES: readonly (readonly [string, ...string[]])[] = [
  [
    "let @m = array(7); BEGIN { @m[1] = 1; }",
    "stdin:1:10-15: ERROR: Invalid bpf map type: array",
    "HINT: There is hash, lruhash, percpuhash, percpulruhash",
  ],
  [
    "let @m = hash(0); BEGIN { @m[1] = 1; }",
    "stdin:1:1-17: ERROR: a map has room for 1 to 16777216 entries, not 0",
  ],
  ["let @n = hash(5); BEGIN { @m[1] = 1; }", "stdin:1:1-17: WARNING: Unused map: @n"],
  [
    "BEGIN { print(usermode); }",
    "stdin:1:15-23: ERROR: The usermode builtin can not be used with 'begin' probes",
  ],
  [
    "rawtracepoint:gone { print(args.x); }",
    "stdin:1:28-32: ERROR: the kernel's BTF does not tell what gone is given",
  ],
  [`BEGIN { strstr("a", 3); }`, "stdin:1:21-22: ERROR: strstr() expects a string (int64 provided)"],
];

for (const [program, ...expected] of MISTAKES) {
  Deno.test(`newest: a mistake: ${program}`, () => {
    const { lines } = compileText(program);
    assertEquals(lines.filter((line) => /ERROR|WARNING|HINT/.test(line)), expected);
  });
}
