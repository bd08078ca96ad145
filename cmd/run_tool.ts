/** `gimlet TOOL`: runs a tool, prints what it gives, ends with its status. */

import { runTool, tryPlans } from "../programs/lib/session.ts";
import { plansOf, type Tool } from "../programs/lib/tool.ts";
import { STATUS } from "./exit_status.ts";
import { toolHelp } from "./help.ts";
import { parseToolOptions, type ToolOptions } from "./options.ts";
import { printAll } from "./print.ts";
import {
  type Listener,
  printError,
  reportingJson,
  type Runnable,
  runSessionCommand,
} from "./run_session.ts";
import { jsonSink, textSink } from "./sinks.ts";
import { unknownName } from "./usage.ts";
import { Writer } from "./writer.ts";

/** Runs a tool with its arguments; gives the exit status. */
export async function runToolCommand(
  tool: Tool,
  args: readonly string[],
  listener?: Listener,
): Promise<number> {
  return await reportingJson(args, () => {
    return runParsed(tool, parseToolOptions(tool, args), listener);
  });
}

/** Runs a tool with options that were taken apart; gives the exit status. */
export async function runParsed(
  tool: Tool,
  options: ToolOptions,
  listener?: Listener,
): Promise<number> {
  if (options.help) return printAll(new Writer(Deno.stdout), toolHelp(tool));
  const plans = Object.keys(plansOf(tool, options.args));
  if (options.plan !== undefined && !plans.includes(options.plan)) {
    throw unknownName("plan", options.plan, plans);
  }
  const { command: _words, ...own } = options;
  const subject: Runnable = {
    name: tool.name,
    expectations: options.expectations,
    printer: (out, report) => options.json ? jsonSink(out, report) : textSink(out, report, options),
    run: (session, sink) => runTool(tool, { ...own, ...session }, sink),
  };
  if (!options.listPlans) return await runSessionCommand(subject, options, listener);
  const out = new Writer(Deno.stdout);
  try {
    return printPlans(tool, options, out);
  } catch (error) {
    return printError(error, options, out);
  }
}

function printPlans(tool: Tool, { json, args }: ToolOptions, out: Writer): number {
  const reports = tryPlans(tool, args);
  const chosen = reports.find(({ probes }) => probes !== undefined)?.plan;
  for (const { plan, probes, reason } of reports) {
    if (json) {
      out.line(JSON.stringify({ type: "plan", plan, chosen: plan === chosen, probes, reason }));
    } else {
      const mark = plan === chosen ? "*" : " ";
      out.line(
        `${mark} ${plan.padEnd(12)} ${probes ? `usable: ${probes.join(", ")}` : `no: ${reason}`}`,
      );
    }
  }
  out.flush();
  return chosen === undefined ? STATUS.noProbe : STATUS.done;
}
