import { NEW_TASK } from "../../lib/events.ts";
import { traceStream } from "../../lib/stream.ts";
import { defineTool } from "../../lib/tool.ts";
import { hello_world } from "./hello_world.gen.ts";

export default defineTool(hello_world, {
  lesson: 1,
  summary: "Print a line for each new process or thread, through the kernel's trace_pipe",
  example: "gimlet hello_world -- sh -c 'for i in 1 2 3; do /bin/true; done'",
  selftest: { stimulus: "clone" },
  plans: {
    kprobe: { on_clone_kprobe: NEW_TASK.kprobe },
    raw_syscalls: { on_sys_enter: NEW_TASK.raw_syscalls },
    tracepoint: { on_clone_tracepoint: NEW_TASK.tracepoint },
    tp_btf: { on_fork: NEW_TASK.tp_btf },
  },
  stream: traceStream(/^Hello, World!$/),
});
