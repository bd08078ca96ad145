import { SYNC } from "../../lib/events.ts";
import { traceStream } from "../../lib/stream.ts";
import { defineTool } from "../../lib/tool.ts";
import { sys_sync } from "./sys_sync.gen.ts";

export default defineTool(sys_sync, {
  lesson: 2,
  summary: "Print a line for each sync(), through the kernel's trace_pipe",
  example: "gimlet sys_sync -- sync",
  selftest: { stimulus: "sync" },
  plans: {
    kprobe: { on_sync_kprobe: SYNC.kprobe },
    raw_syscalls: { on_sys_enter: SYNC.raw_syscalls },
    tracepoint: { on_sync_tracepoint: SYNC.tracepoint },
  },
  banner: "Tracing sys_sync()... Ctrl-C to end.",
  stream: traceStream(/^sys_sync\(\) called$/),
});
