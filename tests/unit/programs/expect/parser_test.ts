import type { Expression } from "../../../../programs/lib/expect/ast.ts";
import { ExpectError } from "../../../../programs/lib/expect/diagnostic.ts";
import { expectation, expectNone } from "../../../../programs/lib/expect/evaluate.ts";
import { parseExpectation } from "../../../../programs/lib/expect/parser.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { TOOL } from "./run.ts";

/** The tree with brackets around everything. */
function shown(node: Expression): string {
  switch (node.kind) {
    case "literal":
      return typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value);
    case "name":
      return node.name;
    case "call": {
      const { name, where } = node.selection;
      const condition = where === undefined ? "" : ` where ${shown(where)}`;
      return `${node.function.name}(${name.name}${condition})`;
    }
    case "entry": {
      const { map, key } = node;
      if (key.kind === "literal") return `${map.name}[${shown(key)}]`;
      if (key.kind === "list") return `${map.name}[${key.values.map(shown).join("; ")}]`;
      const fields = key.fields.map(({ name, value }) => `${name.name}: ${shown(value)}`);
      return `${map.name}[{${fields.join(", ")}}]`;
    }
    case "not":
      return `!${shown(node.operand)}`;
    case "logic":
      return `(${node.operands.map(shown).join(` ${node.operator} `)})`;
    case "compare":
      return `(${shown(node.left)} ${node.operator} ${shown(node.right)})`;
  }
}

const TREES = [
  ["a == 1 || b == 2 && c == 3", "((a == 1) || ((b == 2) && (c == 3)))"],
  ["a && b && c || d", "((a && b && c) || d)"],
  ["(a || b) && c", "((a || b) && c)"],
  ["!a && b", "(!a && b)"],
  ["!(a == 1)", "!(a == 1)"],
  ["!!a", "!!a"],
  ["!a == b", "(!a == b)"],
  [
    "count(event where a == 1 && b == 2) >= 16",
    "(count(event where ((a == 1) && (b == 2))) >= 16)",
  ],
  ["count(event where a || b) == 1 || c", "((count(event where (a || b)) == 1) || c)"],
  ['counts["gimlet"] == 1000', '(counts["gimlet"] == 1000)'],
  ['counts[{c: "x", pid: -3}] != 0', '(counts[{c: "x", pid: -3}] != 0)'],
  [
    '@ == 1 && @a[-1, "b"] == 2 && count(@a2) > 0',
    '((@ == 1) && (@a[-1; "b"] == 2) && (count(@a2) > 0))',
  ],
  ["x == 4k || x == 1M || x == 2G", "((x == 4096) || (x == 1048576) || (x == 2147483648))"],
  ["x < 10ms && x < 2s && x < 1.5us", "((x < 10000000) && (x < 2000000000) && (x < 1500))"],
  ["x == 0xff && y == 1_000", "((x == 255) && (y == 1000))"],
  ["x == 18446744073709551616", "(x == 18446744073709551616)"],
  ["a.b.c == null && d != true", "((a.b.c == null) && (d != true))"],
  [`x == 'it"s' || x == "a\\"b\\n"`, '((x == "it\\"s") || (x == "a\\"b\\n"))'],
  ["x =~ 'a\\*\\x41'", '(x =~ "a\\\\*\\\\x41")'],
] as const;

for (const [source, tree] of TREES) {
  Deno.test(`grammar: ${source}`, () => assertEquals(shown(parseExpectation(source)), tree));
}

/** Each shows what is wrong, where, and what to write instead. */
const MISTAKES = [
  [
    "",
    "a value is missing",
    "    ^",
    "It should be a number, a string, a field, or like count(event)",
  ],
  ["lost = 0", "= means nothing here", "         ^", "Equality is =="],
  ["lost == 0 & events", "& means nothing here", "              ^", "And is &&"],
  [
    "lost == 3x",
    "3x is no number",
    "            ^^",
    "It should be like 16, 0x10, 4k, 1M, 10ms or 2s",
  ],
  ["lost == 1.5", "1.5 is not a whole number", "            ^^^", ""],
  ["lost == 0.3ns", "0.3ns is not a whole number of ns or bytes", "            ^^^^^", ""],
  [
    'lost == "x',
    '" means nothing here',
    "            ^",
    'The string has no end: it should be like "dd"',
  ],
  ["lost == 0 lost", "lost cannot follow 0", "              ^^^^", ""],
  [
    "0 < lost < 9",
    "< cannot follow lost",
    "             ^",
    "Compare two at a time, with && between",
  ],
  ["(lost == 0", ") is missing at the end", "              ^", "It should close the ( at column 1"],
  ["lost == -", "a number is missing behind -", "            ^", ""],
  [
    "lost",
    "this is a number, neither true nor false",
    "    ^^^^",
    "Compare it with something: lost >= 1",
  ],
  [
    "!lost == 0",
    "! takes true or false, and this is a number",
    "     ^^^^",
    "Put brackets around all that is meant: !(lost == …)",
  ],
  [
    "lots == 0",
    "sample has no lots",
    "    ^^^^",
    "Did you mean lost? There is events, lost, duration, ts, pid, ret, comm, bytes, delta_ms, ok, task, args, counts, by_pid, pairs, dist, other, @n, @wait_us, @h, @s, @lone",
  ],
  [
    "bytes == 0",
    "bytes alone has no value",
    "    ^^^^^",
    "It should be like count(event where bytes == …)",
  ],
  ["event == 0", "event alone has no value", "    ^^^^^", "It should be like count(event)"],
  [
    "sum(@n) == 0",
    "@n has no keys, and so a single value",
    "        ^^",
    "It should be like @n >= 16",
  ],
  ["@n[1] == 0", "@n has no keys, and so a single value", "    ^^", "It should be like @n >= 16"],
  [
    'pairs[1, "sh", 3] == 0',
    "the keys of pairs have 2 fields",
    "          ^^^^^^^^^^",
    'It should be like pairs[{prev_pid: …, next: "…"}]',
  ],
  [
    "by_pid[1, 2] == 0",
    "the keys of by_pid have one field",
    "           ^^^^",
    "It should be like by_pid[…]",
  ],
  ["dist == 0", "dist alone has no value", "    ^^^^", "It should be like p99(dist)"],
  ["cuont(event) == 0", "there is no function cuont", "    ^^^^^", "Did you mean count?"],
  [
    "count(evnet) == 0",
    "sample has no evnet",
    "          ^^^^^",
    "Did you mean event? There is event, ts, pid, ret, comm, bytes, delta_ms, ok, task, args, counts, by_pid, pairs, dist, other, @n, @wait_us, @h, @s, @lone",
  ],
  [
    "count(bytes) == 0",
    "count() takes events",
    "          ^^^^^",
    "It should be like count(event where bytes == …)",
  ],
  [
    "sum(event) == 0",
    "sum() takes a field of the events",
    "        ^^^^^",
    "It should be like sum(ts)",
  ],
  [
    "sum(comm) == 0",
    "sum() takes numbers, and comm is a string",
    "        ^^^^",
    "It could be distinct(comm)",
  ],
  ["p99(bytes) == 0", "p99() takes a histogram", "        ^^^^^", "It should be like p99(dist)"],
  ["p99(counts) == 0", "p99() takes a histogram, and counts is a map", "    ^^^", ""],
  [
    "p101(dist) == 0",
    "a histogram has no p101()",
    "    ^^^^",
    "Histograms have count(), min(), max(), p1() to p100(), p999(), p9999()",
  ],
  [
    "sum(dist) == 0",
    "a histogram has no sum()",
    "    ^^^",
    "Histograms have count(), min(), max(), p1() to p100(), p999(), p9999()",
  ],
  ["p5(dist where x) == 0", "a histogram has no fields to select by", "                  ^", ""],
  [
    "count(event where bites > 4k) == 0",
    "events of sample have no field bites",
    "                      ^^^^^",
    "Did you mean bytes? They have ts, pid, ret, comm, bytes, delta_ms, ok, task, args",
  ],
  [
    "count(event where count(event) > 4) == 0",
    "behind where stands what holds of one of the events of sample",
    "                      ^^^^^^^^^^^^",
    "They have ts, pid, ret, comm, bytes, delta_ms, ok, task, args",
  ],
  [
    "count(event where task.cpux > 4) == 0",
    "events of sample have no field task.cpux",
    "                      ^^^^^^^^^",
    "Did you mean task? They have ts, pid, ret, comm, bytes, delta_ms, ok, task, args",
  ],
  ["max(task) == 0", "task is no single value", "        ^^^^", "It has task.cpu, task.prio"],
  [
    "count(event where pid) == 0",
    "this is a number, neither true nor false",
    "                      ^^^",
    "Compare it with something: pid >= 1",
  ],
  [
    'count(event where pid == "7") == 0',
    "a number cannot be compared with a string",
    "                      ^^^^^^^^^^",
    "Without quotes: pid == 7",
  ],
  [
    'count(event where comm < "x") == 0',
    "one string is neither more nor less than another",
    "                      ^^^^^^^^^^",
    "Strings are compared by ==, != and =~",
  ],
  [
    "count(event where comm =~ comm) == 0",
    "=~ takes a string and a pattern",
    "                      ^^^^^^^^^^^^",
    'It should be like comm =~ "kworker*"',
  ],
  ["duration < 4k", "this is a time, compared with a size", "    ^^^^^^^^", ""],
  [
    'count["x"] == 0',
    "sample has no count",
    "    ^^^^^",
    "Did you mean counts? There is counts, by_pid, pairs",
  ],
  [
    "dist[3] == 0",
    "dist is a histogram: it has no keys",
    "    ^^^^",
    "It should be like p99(dist)",
  ],
  ["counts[3] == 0", "c is a string", "           ^", 'It should be like counts[{c: "…"}]'],
  [
    'pairs["x"] == 0',
    "the keys of pairs have 2 fields",
    "          ^^^",
    'It should be like pairs[{prev_pid: …, next: "…"}]',
  ],
  [
    "pairs[{prev_pid: 3}] == 0",
    "the key lacks next",
    "          ^^^^^^^^^^^^^",
    'It should be like pairs[{prev_pid: …, next: "…"}]',
  ],
  [
    'counts[{d: "x"}] == 0',
    "the keys of counts have no field d",
    "            ^",
    "Did you mean c?",
  ],
  [
    "counts[x] == 0",
    "x is no key",
    "           ^",
    'It should be like counts["dd"], counts[42] or counts[{pid: 42}]',
  ],
  [
    '@h["dd"] > 3',
    "@h has more than one number for a key",
    "    ^^",
    'It should be like p99(@h["dd"])',
  ],
  [
    "sum(@h) > 3",
    "histograms have no sum()",
    "    ^^^^^^^",
    "Histograms have count(), min(), max(), p1() to p100(), p999(), p9999()",
  ],
  ["p99(@s) > 3", "stats() have no p99()", "    ^^^^^^^", "They have count(), sum() and avg()"],
  ["avg(@lone[3]) > 3", "@lone has no keys", "              ^", "It should be avg(@lone)"],
  ["count(@h[3]) > 3", "key is a string", "             ^", 'It should be like @h["…"]'],
  [
    'sum(counts["x"]) > 3',
    "functions take no key of counts",
    "               ^^^",
    "An entry stands by itself: counts[…]",
  ],
  [`${"(".repeat(99)}1`, "this is nested too deeply", `    ${" ".repeat(64)}^`, ""],
] as const;

for (const [source, problem, caret, hint] of MISTAKES) {
  Deno.test(`mistake: ${source.slice(0, 50)}`, () => {
    const error = assertThrows(() => expectation(source, TOOL), ExpectError);
    assertEquals(error.message, `Cannot read expectation: ${problem}\n    ${source}\n${caret}`);
    assertEquals(error.hint, hint);
  });
}

Deno.test("what --expect-none takes is read as it stands, and closes no bracket", () => {
  assertEquals(expectNone("event where pid == 1", TOOL).text, "count(event where pid == 1) == 0");
  const mistakes = [
    ["pid == 1", "== cannot follow pid", "It should be like event where pid == 1"],
    ["event) == 1 || (1 == 1", ") cannot follow event", ""],
  ] as const;
  for (const [source, problem, hint] of mistakes) {
    const error = assertThrows(() => expectNone(source, TOOL), ExpectError, problem);
    assertEquals(error.hint, hint);
  }
});

Deno.test("a tool without events or reports says so", () => {
  const nothing = { tool: "nothing", event: undefined, reports: {} };
  const error = assertThrows(() => expectation("count(event) == 0", nothing), ExpectError);
  assertEquals([error.problem, error.hint], ["nothing has no events", ""]);
  const reports = { ...nothing, reports: TOOL.reports };
  const other = assertThrows(() => expectation("count(event) == 0", reports), ExpectError);
  assertEquals(
    other.hint,
    "It has counts, by_pid, pairs, dist, other, @n, @wait_us, @h, @s, @lone",
  );
});

Deno.test("carets count characters, not code units, and line breaks as blanks", () => {
  const error = assertThrows(() => expectation("lost == 0 &&\n'🐝' == x", TOOL), ExpectError);
  assertEquals(error.message.split("\n").slice(1), [
    "    lost == 0 && '🐝' == x",
    "                        ^",
  ]);
});
