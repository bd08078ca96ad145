/** A tool that reports every getppid() of the commands named `calls`, as `gimlet TOOL` would: `report_main.ts > FILE`. */

import { runToolCommand } from "../../cmd/run_tool.ts";
import { column, table } from "../../programs/lib/format.ts";
import { bufferStream } from "../../programs/lib/stream.ts";
import { seconds } from "../../programs/lib/text.ts";
import { defineTool } from "../../programs/lib/tool.ts";
import { report } from "../workload/report/report.gen.ts";

const tool = defineTool(report, {
  lesson: 0,
  summary: "Report every getppid()",
  example: "report_main.ts --comm calls",
  selftest: { stimulus: "clone" },
  plans: { raw_syscalls: { on_getppid: ["tp_btf:sys_enter"] } },
  stream: bufferStream(report, "calls", {
    format: table([
      column("TIME(s)", 18, ({ ts }) => seconds(ts)),
      column("COMM", 16, ({ comm }) => comm),
      column("PID", 0, ({ pid }) => String(pid)),
    ]),
  }),
});

Deno.exit(await runToolCommand(tool, Deno.args));
