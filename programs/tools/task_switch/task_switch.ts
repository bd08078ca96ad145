import { frequencies } from "../../lib/frequencies.ts";
import { defineTool } from "../../lib/tool.ts";
import { task_switch } from "./task_switch.gen.ts";

export default defineTool(task_switch, {
  lesson: 16,
  summary: "Count the switches from task to task, for a second",
  example: "gimlet task_switch --duration 5s",
  selftest: { stimulus: "switch" },
  plans: {
    kprobe: { on_switched: ["kprobe:finish_task_switch|finish_task_switch.isra.0"] },
    tp_btf: { on_switch: ["tp_btf:sched_switch"] },
    tracepoint: { on_switch_tracepoint: ["tracepoint:sched:sched_switch"] },
  },
  durationMs: 1000,
  report: (object) => () => [
    frequencies(object.map("stats"), {
      header: undefined,
      line: ({ prev_pid, curr_pid }, count) =>
        `task_switch[${pad(prev_pid)}->${pad(curr_pid)}]=${count}`,
    }),
  ],
});

function pad(pid: number): string {
  return String(pid).padStart(5);
}
