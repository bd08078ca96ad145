import { TEST_FORMATS, type TestFormatName, type TestResult } from "../../../cmd/test_report.ts";
import { assertEquals } from "../../assert.ts";

const RESULTS: readonly TestResult[] = [
  { name: "hello_world", outcome: "pass", detail: "plan kprobe", seconds: 0.5 },
  { name: "bitehist", outcome: "fail", detail: 'no record of "dd" <1 & 2>', seconds: 1 },
  { name: "disksnoop", outcome: "skip", detail: "no disk #1", seconds: 0 },
];

function report(name: TestFormatName): string[] {
  const format = TEST_FORMATS[name];
  return [
    ...format.head(RESULTS.length),
    ...RESULTS.flatMap((result, i) => format.result(result, i + 1)),
    ...format.tail(RESULTS, "gimlet selftest"),
  ];
}

Deno.test("text is for people", () => {
  assertEquals(report("text"), [
    "ok    hello_world                  plan kprobe",
    'FAIL  bitehist                     no record of "dd" <1 & 2>',
    "skip  disksnoop                    no disk #1",
    "1 passed, 1 failed, 1 skipped",
  ]);
});

Deno.test("TAP and KTAP differ in their first line only", () => {
  const lines = [
    "1..3",
    "ok 1 hello_world # plan kprobe",
    'not ok 2 bitehist # no record of "dd" <1 & 2>',
    "ok 3 disksnoop # SKIP no disk \\#1",
  ];
  assertEquals(report("tap"), ["TAP version 14", ...lines]);
  assertEquals(report("ktap"), ["KTAP version 1", ...lines]);
});

Deno.test("JUnit's XML is escaped and counts", () => {
  assertEquals(report("junit"), [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuite name="gimlet selftest" tests="3" failures="1" skipped="1" time="1.500">',
    '  <testcase classname="gimlet" name="hello_world" time="0.500"><system-out>plan kprobe</system-out></testcase>',
    '  <testcase classname="gimlet" name="bitehist" time="1.000"><failure message="no record of &quot;dd&quot; &lt;1 &amp; 2&gt;"/></testcase>',
    '  <testcase classname="gimlet" name="disksnoop" time="0.000"><skipped message="no disk #1"/></testcase>',
    "</testsuite>",
  ]);
});

Deno.test("JSON is a record a test", () => {
  assertEquals(
    report("json")[0],
    '{"type":"test","name":"hello_world","outcome":"pass","detail":"plan kprobe","seconds":0.5}',
  );
});
