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

const PERIODS: readonly (readonly [probe: string, nanoseconds: bigint])[] = [
  ["interval:1s", 1_000_000_000n],
  ["interval:100ms", 100_000_000n],
  ["interval:1000000", 1_000_000n],
  ["interval:us:7", 7000n],
  ["i:2m", 120_000_000_000n],
  ["profile:1us", 1000n],
  ["profile:1000ns", 1000n],
];

for (const [probe, nanoseconds] of PERIODS) {
  Deno.test(`a duration of a probe: ${probe}`, () => {
    const { plan, lines } = compileText(`${probe} { @n++; }`);
    const [attachment] = plan?.programs[0]?.attachments ?? [];
    assertEquals(lines, []);
    assertEquals(attachment && "nanoseconds" in attachment && attachment.nanoseconds, nanoseconds);
  });
}

Deno.test("pid() and tid() are those of gimlet's pid namespace, or of the first one", () => {
  const program = "BEGIN { print((pid, tid)); print((pid(), tid())); " +
    "print((pid(curr_ns), tid(curr_ns))); print((pid(init), tid(init))); exit(); }";
  const inNamespace = (ino: bigint) => ({ kernel: { pidNamespace: () => ({ dev: 5n, ino }) } });
  assertEquals(runText(program).trim(), "(7, 8)\n(7, 8)\n(7, 8)\n(7, 8)");
  assertEquals(runText(program, inNamespace(6n)).trim(), "(7, 8)\n(3, 4)\n(3, 4)\n(7, 8)");
  assertEquals(runText(program, inNamespace(7n)).trim(), "(7, 8)\n(0, 0)\n(0, 0)\n(7, 8)");
});

Deno.test("warnf() and errorf() say where they stand", () => {
  const program = `macro bad(x) { errorf("bad %d\\n", x); } BEGIN {
    warnf("no %s", "good"); bad(5);
    exit(); }`;
  const error = "stdin:1:16-37: ERROR: bad 5";
  assertEquals(runText(program).trim(), `stdin:2:5-27: WARNING: no good\n${error}`);
  assertEquals(runText(program, { warns: false }).trim(), error);
  assertEquals(
    runText(`BEGIN { warnf("no %d", 5); }`, { json: true }).split("\n")[1],
    `{"type": "warnf", "msg": "no 5", "filename": "stdin", "line": 1, "col": 9}`,
  );
});

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
  [
    "interval:999 { }",
    "stdin:1:1-13: ERROR: Cannot read probe interval:999",
    "HINT: It should be like interval:s:1",
  ],
  [
    "profile:99hz { }",
    "stdin:1:1-13: ERROR: Cannot read probe profile:99hz",
    "HINT: It should be like profile:hz:99",
  ],
  [
    "BEGIN { print(pid(here)); }",
    "stdin:1:19-23: ERROR: Unknown identifier: 'here'",
    "stdin:1:15-24: ERROR: pid() only supports curr_ns and init as the argument",
  ],
  [
    "BEGIN { print(tid(init, init)); }",
    "stdin:1:15-30: ERROR: tid() requires 0-1 arguments (2 provided)",
  ],
  [
    `BEGIN { warnf("%d", "a"); }`,
    "stdin:1:9-25: ERROR: warnf: %d specifier expects a value of type integer (string supplied)",
  ],
  [`BEGIN { strstr("a", 3); }`, "stdin:1:21-22: ERROR: strstr() expects a string (int64 provided)"],
];

for (const [program, ...expected] of MISTAKES) {
  Deno.test(`newest: a mistake: ${program}`, () => {
    const { lines } = compileText(program);
    assertEquals(lines.filter((line) => /ERROR|WARNING|HINT/.test(line)), expected);
  });
}
