/** What people read where a script is wrong. */

import { assertEquals } from "../../../assert.ts";
import type { RecordLayout } from "../../../../programs/script/types.ts";
import { compileText } from "./run_script.ts";

const OPENAT: RecordLayout = {
  name: "struct _tracepoint_syscalls_sys_enter_openat",
  size: 48,
  field: (name) =>
    name === "filename"
      ? { name, offset: 24, type: { kind: "pointer", to: { kind: "none" }, space: "user" } }
      : undefined,
  fieldNames: () => ["filename"],
};

/** A script, and the lines that say what is wrong with it: without the lines of the source and the marks. */
const MISTAKES: readonly (readonly [string, ...string[]])[] = [
  [
    `BEGIN { printf("a\\n") `,
    "stdin:1:23-24: ERROR: syntax error, unexpected end of file, expecting ; or }",
  ],
  [`BEGIN { 1 + ; }`, "stdin:1:13-14: ERROR: syntax error, unexpected ;, expecting an expression"],
  [
    `BEGIN printf("a"); }`,
    "stdin:1:7-13: ERROR: syntax error, unexpected printf, expecting { … } or a predicate",
  ],
  [
    `{ }`,
    "stdin:1:1-2: ERROR: syntax error, unexpected {, expecting a probe, such as BEGIN or tracepoint:sched:sched_switch",
  ],
  [`BEGIN { "abc }`, `stdin:1:9-15: ERROR: this string does not end`, `HINT: Close it with "`],
  [`BEGIN { /* abc }`, "stdin:1:9-11: ERROR: this comment does not end", "HINT: Close it with */"],
  [
    `BEGIN { 1 = 2; }`,
    "stdin:1:9-10: ERROR: only variables and maps can be assigned to",
    "HINT: A variable is like $x, a map like @x[key]",
  ],
  [`BEGIN { "\\q"; }`, "stdin:1:10-12: ERROR: invalid escape character '\\q'"],
  [
    `BEGIN { $x = 99999999999999999999; }`,
    "stdin:1:14-34: ERROR: 99999999999999999999 does not fit into 64 bits",
  ],
  [`BEGIN { print($y); }`, "stdin:1:15-17: ERROR: Undefined or undeclared variable: $y"],
  [
    `BEGIN { @n = foo(1); @n = @m; }`,
    "stdin:1:14-17: ERROR: Unknown function: foo",
    "stdin:1:27-29: ERROR: Undefined map: @m",
  ],
  [`BEGIN { foo(1); }`, "stdin:1:9-12: ERROR: Unknown function: foo"],
  [
    `BEGIN { PRINTF("a"); }`,
    "stdin:1:9-15: ERROR: Unknown function: PRINTF",
    "HINT: Did you mean printf?",
  ],
  [
    `BEGIN { print(PID); }`,
    "stdin:1:15-18: ERROR: Unknown identifier: 'PID'",
    "HINT: Did you mean pid?",
  ],
  [
    `BEGIN { @x = 1; @x = "a"; }`,
    "stdin:1:17-25: ERROR: Type mismatch for @x: trying to assign value of type 'string[2]' when map already contains a value of type 'int64'",
  ],
  [
    `BEGIN { $x = 1; $x = "a"; }`,
    "stdin:1:17-25: ERROR: Type mismatch for $x: trying to assign value of type 'string[2]' when variable already contains a value of type 'int64'",
  ],
  [
    `BEGIN { @x[1] = 1; @x["a"] = 2; }`,
    "stdin:1:20-27: ERROR: Argument mismatch for @x: trying to access with arguments: '[string[2]]' when map expects arguments: '[int64]'",
  ],
  [
    `BEGIN { @x[1] = 1; @x = 2; }`,
    "stdin:1:20-22: ERROR: Map @x needs a key: it is used as @x[int64]",
  ],
  [
    `BEGIN { printf("%d %d\\n", 1); }`,
    "stdin:1:9-29: ERROR: printf: Not enough arguments for format string (1 supplied, 2 expected)",
  ],
  [
    `BEGIN { printf("%d\\n", 1, 2); }`,
    "stdin:1:9-29: ERROR: printf: Too many arguments for format string (2 supplied, 1 expected)",
  ],
  [
    `BEGIN { printf("%s\\n", 1); }`,
    "stdin:1:9-26: ERROR: printf: %s specifier expects a value of type string (integer supplied)",
  ],
  [
    `BEGIN { printf("%d\\n", "a"); }`,
    "stdin:1:9-28: ERROR: printf: %d specifier expects a value of type integer (string supplied)",
  ],
  [
    `BEGIN { printf(1); }`,
    "stdin:1:9-18: ERROR: printf() expects a string literal (int64 provided)",
  ],
  [`BEGIN { str(); }`, "stdin:1:9-14: ERROR: str() requires 1-2 arguments (0 provided)"],
  [
    `BEGIN { $x = count(); }`,
    "stdin:1:14-21: ERROR: count() should be assigned to a map, not to a variable",
  ],
  [
    `BEGIN { count(); }`,
    "stdin:1:9-16: ERROR: count() should be assigned to a map",
    "HINT: @x = count(…)",
  ],
  [
    `BEGIN { @x = lhist(1, 5, 1, 1); }`,
    "stdin:1:14-31: ERROR: lhist() min must be less than max (provided min 5 and max 1)",
  ],
  [
    `BEGIN { @x = lhist(1, 0, 10, 0); }`,
    "stdin:1:14-32: ERROR: lhist() step must be >= 1 (0 provided)",
  ],

  [
    `BEGIN { system("ls"); }`,
    "stdin:1:9-21: ERROR: system() is an unsafe function being used in safe mode",
    "HINT: Allow it with --unsafe",
  ],
  [`BEGIN { break; }`, "stdin:1:9-14: ERROR: break statement is only allowed inside a loop"],
  [`BEGIN { unroll(200) { } }`, "stdin:1:9-24: ERROR: unroll maximum value is 100"],
  [`BEGIN { print(@never); }`, "stdin:1:15-21: ERROR: Undefined map: @never"],
  [
    `BEGIN { print(args->x); }`,
    "stdin:1:15-19: ERROR: The args builtin can only be used with tracepoint and kfunc probes (begin used here)",
  ],
  [
    `BEGIN { print(arg0); }`,
    "stdin:1:15-19: ERROR: The arg0 builtin can not be used with 'begin' probes",
  ],
  [
    `interval:s:0 { }`,
    "stdin:1:1-13: ERROR: Cannot read probe interval:s:0",
    "HINT: It should be like interval:s:1",
  ],
  [
    `interval:weeks:1 { }`,
    "stdin:1:1-17: ERROR: Cannot read probe interval:weeks:1",
    "HINT: It should be like interval:s:1",
  ],
  [`tracepoint:foo:bar { }`, "stdin:1:1-19: ERROR: tracepoint not found: foo:bar"],
  [`tracepoint:foo:* { }`, "stdin:1:1-2: ERROR: No probes to attach"],
  [
    `tracepoint:syscalls:sys_enter_openat { print(args->FILENAME); }`,
    "stdin:1:52-60: ERROR: struct _tracepoint_syscalls_sys_enter_openat does not contain a field named 'FILENAME'",
    "HINT: Did you mean filename?",
  ],
  [
    `watchpoint:0x1234:8:w { }`,
    "stdin:1:1-22: ERROR: a watchpoint's address must be a multiple of its length",
  ],
  [`BEGIN { uaddr("x"); }`, "stdin:1:9-19: ERROR: uaddr() can not be used with 'begin' probes"],
  [
    `BEGIN { for ($kv : @x) { } @x = 1; }`,
    "stdin:1:20-22: ERROR: @x has no keys (scalar map), and cannot be used for iteration",
  ],
  [
    `BEGIN { $t = (1, 2); print($t.5); }`,
    "stdin:1:28-32: ERROR: Invalid tuple index: 5. Found 2 elements in tuple",
  ],
  [
    `BEGIN { print(1 ? 1 : "a"); }`,
    "stdin:1:15-26: ERROR: Ternary operator must return the same type: have 'int64' and 'string[2]'",
  ],
  [
    `BEGIN { print((struct nope *)0); }`,
    `stdin:1:16-29: ERROR: Cannot resolve unknown type "struct nope"`,
  ],
  [
    `BEGIN { print(strncmp("a", 1, 2)); }`,
    "stdin:1:28-29: ERROR: strncmp() expects a string (int64 provided)",
  ],
  [
    `BEGIN { ntop("abc"); }`,
    "stdin:1:14-19: ERROR: ntop() expects an integer or array argument, got string[4]",
  ],
  [`#ifdef X\nBEGIN { }`, "stdin:2:10-11: ERROR: #endif is missing"],
  [`config = { nonsense = 5 } BEGIN { }`, "stdin:1:12-24: ERROR: unknown configuration nonsense"],
  [
    `kretprobe:f+1 { }`,
    "stdin:1:1-14: ERROR: Cannot read probe kretprobe:f+1",
    "HINT: It should be like kretprobe:vfs_read",
  ],
  [`macro rec(x) { rec(x) } BEGIN { rec(1); }`, "stdin:1:16-22: ERROR: Recursive macro: rec"],
  [
    `macro put(@m) { @m = 1 } BEGIN { put(1); }`,
    "stdin:1:34-40: ERROR: Mismatched arg to macro put: @m takes a map",
  ],
  [
    `macro two(x, y) { x + y } BEGIN { print(two(1)); }`,
    "stdin:1:41-47: ERROR: Call to macro has wrong number arguments: two expects 2, got 1",
  ],
  [
    `BEGIN { let $x = 1; if (1) { let $x = 2; } }`,
    "stdin:1:34-36: ERROR: Variable $x was already declared. Variable shadowing is not allowed.",
  ],
  [
    `BEGIN { if (1) { let $x = 1; } print($x); }`,
    "stdin:1:38-40: ERROR: Undefined or undeclared variable: $x",
  ],
  [
    `BEGIN { @x = tseries(1, 1s, 0); }`,
    "stdin:1:14-31: ERROR: tseries() num_intervals must be >= 1 (0 provided)",
  ],
  [
    `BEGIN { @x = tseries(1, 1s, 5, "median"); }`,
    "stdin:1:32-40: ERROR: tseries() expects one of the following aggregation functions: avg, max, min, sum",
  ],
  [
    `BEGIN { @x[1] = hist(1); for ($kv : @x) { } }`,
    "stdin:1:37-39: ERROR: Loop expression does not support type: hist",
  ],
  [
    `BEGIN { @x[1] = hist(1); print(@x[1]); }`,
    "stdin:1:26-38: ERROR: Map type hist cannot print the value of individual keys.",
    "HINT: print(@x) prints all of the map",
  ],
  [
    `BEGIN { @x = 1; print(len(@x)); }`,
    "stdin:1:27-29: ERROR: len() expects a map with explicit keys (non-scalar map): @x has none",
  ],
  [
    `BEGIN { print(len(5)); }`,
    "stdin:1:19-20: ERROR: len() expects a map or stack to be provided (int64 provided)",
  ],
  [
    `BEGIN { print(strcontains(comm, 5)); }`,
    "stdin:1:33-34: ERROR: strcontains() expects a string (int64 provided)",
  ],
  [
    `BEGIN { print(path(curtask)); }`,
    "stdin:1:15-28: ERROR: path() can only be used with kfunc, kretfunc and iter probes, not 'begin'",
  ],
  [
    `BEGIN { $a = pton("1.2.3"); }`,
    "stdin:1:19-26: ERROR: pton() expects an IPv4 or IPv6 address, got 1.2.3",
  ],
  [
    `BEGIN { $x = pton("1.2.3.4"); $x = pton("::1"); }`,
    "stdin:1:31-47: ERROR: Type mismatch for $x: trying to assign value of type 'uint8[16]' when variable already contains a value of type 'uint8[4]'",
  ],
  [`BEGIN { print((uint8[4])5); }`, "stdin:1:15-26: ERROR: Cannot cast from 'int64' to 'uint8[4]'"],
  [
    `BEGIN { print(nsecs(sun)); }`,
    "stdin:1:21-24: ERROR: Unknown identifier: 'sun'",
    "stdin:1:21-24: ERROR: nsecs() takes the name of a clock",
    "HINT: monotonic, boot, tai or sw_tai",
  ],
  [`BEGIN { @x = hist(1, 7); }`, "stdin:1:22-23: ERROR: hist: bits must be 0..5"],
  [`self:signal:SIGNOT { }`, "stdin:1:1-19: ERROR: SIGNOT is not a supported signal"],
  [`iter:nothing { }`, "stdin:1:1-13: ERROR: iter nothing is not available on this kernel"],
  [
    `watchpoint:0x1000:3:w { }`,
    "stdin:1:1-22: ERROR: Cannot read probe watchpoint:0x1000:3:w",
    "HINT: It should be like watchpoint:0x10000000:8:rw",
  ],
  [
    `config = { print_maps_on_exit = maybe } BEGIN { }`,
    "stdin:1:12-38: ERROR: invalid value for print_maps_on_exit: maybe",
  ],
  [
    `BEGIN { @a = hist(1); @b = hist(2); @a = @b; }`,
    "stdin:1:42-44: ERROR: what hist() gathers cannot be assigned from one map to another",
  ],
];

for (const [program, ...expected] of MISTAKES) {
  Deno.test(`a mistake is explained: ${program.replaceAll("\n", " ")}`, () => {
    const { lines } = compileText(program, {
      kernel: {
        tracepoint: (category, event) =>
          category === "syscalls" && event === "sys_enter_openat" ? OPENAT : undefined,
      },
    });
    assertEquals(lines.filter((line) => /: ERROR: |^HINT: /.test(line)), expected);
  });
}

Deno.test("a diagnostic shows the line, and what is meant in it", () => {
  const { lines } = compileText(`BEGIN\n{\n\tprintf("%d\\n", foo(1));\n}`);
  assertEquals(lines, [
    "stdin:3:17-20: ERROR: Unknown function: foo",
    `\tprintf("%d\\n", foo(1));`,
    "\t               ~~~",
  ]);
});

Deno.test("several mistakes are told at once", () => {
  const { lines } = compileText(`BEGIN { foo(1); bar(2); print($x); }`);
  assertEquals(lines.filter((line) => line.includes("ERROR")).length, 3);
});

Deno.test("$1 is a number or a text, and says which is wanted", () => {
  const settings = { parameters: ["abc"] };
  const { lines } = compileText("BEGIN { print($1); }", { settings });
  assertEquals(lines.at(0), `stdin:1:15-17: ERROR: $1 used numerically but given "abc"`);
  assertEquals(lines.at(-1), "HINT: Try using str($1)");
});
