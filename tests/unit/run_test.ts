import { assertEquals } from "../assert.ts";
import { countsLine, countTests } from "../run.ts";

/** As `deno test --junit-path` writes it: steps follow the tests of their file. */
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="1" errors="0" time="0.248">
    <testsuite name="./j/a_test.ts" tests="5" disabled="2" errors="0" failures="1">
        <testcase name="ok &lt;1&gt; &amp; &quot;q&quot;" classname="./j/a_test.ts" time="0.002">
        </testcase>
        <testcase name="ignored [skipped: needs root]" classname="./j/a_test.ts" time="0.000">
            <skipped/>
        </testcase>
        <testcase name="bad" classname="./j/a_test.ts" time="0.001">
            <failure message="Uncaught Error: x &lt;skipped/&gt;">Error: x &lt;skipped/&gt;</failure>
        </testcase>
        <testcase name="ok &lt;1&gt; &amp; &quot;q&quot; &gt; s1" classname="./j/a_test.ts" time="0.000">
        </testcase>
        <testcase name="ok &lt;1&gt; &amp; &quot;q&quot; &gt; s2" classname="./j/a_test.ts" time="0.000">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("countTests counts tests, and steps only if they are skipped", () => {
  assertEquals(countTests(REPORT), {
    passed: 1,
    failed: 1,
    skipped: [
      "ignored: needs root",
      'ok <1> & "q" > s2: no reason given',
    ],
  });
});

Deno.test("countTests finds nothing in an empty report", () => {
  assertEquals(countTests(""), { passed: 0, failed: 0, skipped: [] });
});

Deno.test("countsLine names skipped tests only where there are some", () => {
  assertEquals(countsLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assertEquals(countsLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});
