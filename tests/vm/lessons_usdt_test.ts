/** Lesson 15 on kernels of distributions: with the probe, and without it. */

import { runVm, type VmResult } from "../../cmd/vm/vm.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { BINARY, workload } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, gcc, qemu, test } from "../support.ts";
import { debianKernel, type KernelSeries } from "./kernels.ts";

const needs = [qemu, binary, gcc];

/** Starts a process that waits, and runs gimlet with its number; that process works once gimlet is armed. */
async function gimletWithWaiter(
  series: KernelSeries,
  { work, args }: { work: readonly string[]; args: readonly string[] },
): Promise<VmResult> {
  const kernel = await debianKernel(series);
  const words = args.map((arg) => arg === "PID" ? '"$pid"' : arg).join(" ");
  return await runVm({
    kernel: kernel.path,
    binary: BINARY,
    files: ["/bin/sh", { source: await workload("waiter"), target: "/bin/waiter" }],
    command: [
      ...["sh", "-e", "-c", `pid=$(waiter start "$@"); /gimlet ${words} -- waiter wake "$pid"`],
      ...["sh", ...work],
    ],
  });
}

const PATHS = ["/index.html", "/images/welcome.png", "/images/favicon.png?x=%20"];
const EACH = 23;

/** What the waiter asks for. */
function pathsAsked(): string[] {
  return Array.from({ length: EACH }, () => PATHS).flat();
}

for (const series of ["5.10", "6.1", "6.12", "7.2"] as const) {
  test(
    `${series}: nodejs_http_server tells the path of every request, by USDT`,
    { needs },
    async () => {
      const { status, stdout, stderr } = await gimletWithWaiter(series, {
        work: ["request", String(EACH), ...PATHS],
        args: ["nodejs_http_server", "--json", "PID"],
      });
      assertEquals([status, stderr], [0, ""]);
      const records = jsonRecords(stdout);
      assertEquals(ofType(records, "header")[0]!.plan, "usdt");
      assertEquals(ofType(records, "event").map(({ path }) => path), pathsAsked());
      assertEquals(ofType(records, "summary")[0]!.lost, 0);
    },
  );

  for (const plan of ["raw_syscalls", "syscalls"]) {
    test(
      `${series}: nodejs_http_server tells them from what is read, bodies aside (plan ${plan})`,
      { needs },
      async () => {
        const { status, stdout, stderr } = await gimletWithWaiter(series, {
          work: ["server", String(EACH), ...PATHS],
          args: ["nodejs_http_server", "--json", "--plan", plan, "PID"],
        });
        assertEquals([status, stderr], [0, ""]);
        const events = ofType(jsonRecords(stdout), "event");
        assertEquals(
          events.map(({ method, path }) => `${method} ${path}`),
          pathsAsked().map((path) => `PUT ${path}`),
        );
      },
    );
  }
}

test("6.1: strlen_count of a process counts exactly", { needs }, async () => {
  const { status, stdout } = await gimletWithWaiter("6.1", {
    work: ["strlen", "997", "gimlet"],
    args: ["strlen_count", "--tgid", "PID"],
  });
  assertStringIncludes(stdout, '\n       997 "gimlet"\n');
  assertEquals(status, 0);
});
