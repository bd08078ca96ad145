import { assertEquals, assertThrows } from "../../../assert.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { type Job, parseJob, parseReport, type Report } from "../../../../cmd/vm/job.ts";

const job: Job = {
  command: ["sh", "-c", "true"],
  env: { HOME: "/" },
  cwd: "/",
  uid: 0,
  modules: ["/.gimlet/modules/null_blk.ko"],
  disks: ["disk0"],
};

Deno.test("parseJob() reads a job, and nothing else", () => {
  assertEquals(parseJob(JSON.stringify(job)), job);
  const broken = [{ ...job, command: [] }, { ...job, uid: "0" }, { ...job, env: [] }, {}, [], null];
  for (const value of broken) {
    assertThrows(() => parseJob(JSON.stringify(value)), FormatError);
  }
  assertThrows(() => parseJob("{"), FormatError, "it is not JSON");
});

Deno.test("parseReport() reads every report, and nothing else", () => {
  const reports: Report[] = [
    { state: "init" },
    { state: "run" },
    { state: "exit", status: 7, signal: null },
    { state: "exit", status: 143, signal: "SIGTERM" },
    { state: "error", message: "no" },
  ];
  for (const report of reports) assertEquals(parseReport(JSON.stringify(report)), report);
  for (const value of [{ state: "exit" }, { state: "error" }, { state: "fine" }, 3]) {
    assertThrows(() => parseReport(JSON.stringify(value)), FormatError);
  }
});
