/** A tool whose program the verifier refuses, run as every tool is. */

import { runToolCommand } from "../../cmd/run_tool.ts";
import { setColorEnabled } from "../../cmd/std.ts";
import { defineTool } from "../../programs/lib/tool.ts";
import { refused } from "../workload/refused/refused.gen.ts";

const tool = defineTool(refused, {
  lesson: 0,
  summary: "A program that is refused",
  example: "",
  selftest: { stimulus: "clone" },
  plans: { tracepoint: { refused: ["tracepoint:syscalls:sys_enter_clone"] } },
});

setColorEnabled(false);
Deno.exit(await runToolCommand(tool, Deno.args));
