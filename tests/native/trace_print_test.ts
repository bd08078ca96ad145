/** trace_pipe as programs of the library read it. */

import { tracefsPath } from "../../ffi/host/tracefs.ts";
import { traceFields, tracePrint } from "../../programs/lib/trace_print.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { root, test } from "../support.ts";

/** A message that nobody else writes. */
const MARK = `gimlet-trace-print-${Deno.pid}`;

function mark(text: string): void {
  Deno.writeTextFileSync(`${tracefsPath()}/trace_marker`, `${MARK} ${text}\n`);
}

/** A test runs in a thread of its own. */
function isOurThread(pid: number): boolean {
  return Array.from(Deno.readDirSync("/proc/self/task"), ({ name }) => name).includes(String(pid));
}

test("traceFields() gives each line that matches, taken apart, until its signal", {
  needs: [root],
}, async () => {
  const stop = new AbortController();
  const message = new RegExp(`^${MARK}`);
  const lines = traceFields({ message, signal: stop.signal });
  const first = lines.next(); // From here on it reads.
  Deno.writeTextFileSync(`${tracefsPath()}/trace_marker`, "somebody else's\n");
  for (let i = 0; i < 7; i++) mark(String(i));
  const events = [(await first).value!];
  while (events.length < 7) events.push((await lines.next()).value!);
  assertEquals(events.map((event) => event.message), [
    ...Array.from({ length: 7 }, (_, i) => `${MARK} ${i}`),
  ]);
  for (const { pid } of events) assert(isOurThread(pid), String(pid));
  const end = lines.next();
  stop.abort();
  assertEquals(await end, { done: true, value: undefined });
});

test("tracePrint() gives lines as the kernel wrote them, or as it is told", {
  needs: [root],
}, async () => {
  const message = new RegExp(`^${MARK}`);
  for (
    const [options, expected] of [
      [{}, new RegExp(`-\\d+ +\\[\\d+\\] .*: ${MARK} text$`)],
      [{ format: ({ pid }: { pid: number }) => `pid ${isOurThread(pid)}` }, /^pid true$/],
    ] as const
  ) {
    const lines = tracePrint({ ...options, message });
    const first = lines.next();
    mark("text");
    assertMatch((await first).value!, expected);
    await lines.return(undefined);
  }
});
