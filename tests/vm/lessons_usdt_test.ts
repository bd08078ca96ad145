/** Lesson 15 on kernels of distributions: with the probe, and without it. */

import { runVm } from "../../cmd/vm/vm.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, gcc];

/** A process that waits, and a run of gimlet with its number; that process works once gimlet is armed. */
interface Meeting {
  readonly work: readonly string[];
  readonly args: readonly string[];
}

/** Between the output of two. */
const BETWEEN = "----";

/** All of them in one machine; gives what each printed. */
async function meet(series: KernelSeries, meetings: readonly Meeting[]): Promise<string[]> {
  const kernel = await debianKernel(series);
  const commands = meetings.map(({ work, args }) =>
    `pid=$(waiter start ${work.map((word) => `'${word}'`).join(" ")}); /gimlet ${
      args.join(" ")
    } -- waiter wake $pid`
  );
  const { status, stdout, stderr } = await runVm({
    kernel: kernel.path,
    binary: BINARY,
    files: ["/bin/sh", { source: await workload("waiter"), target: "/bin/waiter" }],
    timeout: 300,
    command: ["sh", "-e", "-c", commands.join(`; echo ${BETWEEN}; `)],
  });
  assertEquals([status, stderr], [0, ""]);
  return stdout.split(`${BETWEEN}\n`);
}

const PATHS = ["/index.html", "/images/welcome.png", "/images/favicon.png?x=%20"];
const EACH = 23;
/** The plans that take what the server reads. */
const READING = ["raw_syscalls", "syscalls"];

/** What the waiter asks for. */
function pathsAsked(): string[] {
  return Array.from({ length: EACH }, () => PATHS).flat();
}

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(`${series}: nodejs_http_server tells the path of every request`, { needs }, async (t) => {
    const [byProbe, ...byReads] = await meet(series, [
      {
        work: ["request", String(EACH), ...PATHS],
        args: ["nodejs_http_server", "--json", "$pid"],
      },
      ...READING.map((plan) => ({
        work: ["server", String(EACH), ...PATHS],
        args: ["nodejs_http_server", "--json", "--plan", plan, "$pid"],
      })),
    ]);
    await t.step("by USDT", () => {
      const records = jsonRecords(byProbe!);
      assertEquals(ofType(records, "header")[0]!.plan, "usdt");
      assertEquals(ofType(records, "event").map(({ path }) => path), pathsAsked());
      assertEquals(ofType(records, "summary")[0]!.lost, 0);
    });
    for (const [i, plan] of READING.entries()) {
      await t.step(`by what is read, bodies aside (plan ${plan})`, () => {
        const events = ofType(jsonRecords(byReads[i]!), "event");
        assertEquals(
          events.map(({ method, path }) => `${method} ${path}`),
          pathsAsked().map((path) => `PUT ${path}`),
        );
      });
    }
  });
}

test("6.1: strlen_count of a process counts exactly", { needs }, async () => {
  const [output] = await meet("6.1", [{
    work: ["strlen", "997", "gimlet"],
    args: ["strlen_count", "--tgid", "$pid"],
  }]);
  assertStringIncludes(output!, '\n       997 "gimlet"\n');
});
