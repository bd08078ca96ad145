import { NEW_TASK } from "../../lib/events.ts";
import { column, table } from "../../lib/format.ts";
import { bufferStream } from "../../lib/stream.ts";
import { seconds } from "../../lib/text.ts";
import { defineTool } from "../../lib/tool.ts";
import { hello_perf_output } from "./hello_perf_output.gen.ts";

export default defineTool(hello_perf_output, {
  lesson: 7,
  summary: "Say hello for each new process or thread, through a perf buffer",
  example: "gimlet hello_perf_output -- sh -c 'for i in 1 2 3; do /bin/true; done'",
  selftest: { stimulus: "clone" },
  plans: {
    kprobe: { on_clone_kprobe: NEW_TASK.kprobe },
    raw_syscalls: { on_sys_enter: NEW_TASK.raw_syscalls },
    tracepoint: { on_clone_tracepoint: NEW_TASK.tracepoint },
    tp_btf: { on_fork: NEW_TASK.tp_btf },
  },
  stream: bufferStream(hello_perf_output, "events", {
    format: table([
      column("TIME(s)", 18, ({ ts }, first) => seconds(ts - first.ts)),
      column("COMM", 16, ({ comm }) => comm),
      column("PID", 6, ({ pid }) => String(pid)),
      column("MESSAGE", 0, () => "Hello, perf_output!"),
    ]),
  }),
});
