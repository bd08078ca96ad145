import { SYNC } from "../../lib/events.ts";
import { lines } from "../../lib/format.ts";
import { bufferStream } from "../../lib/stream.ts";
import { quickSyncLine } from "../../lib/sync.ts";
import { defineTool } from "../../lib/tool.ts";
import { sync_perf_output } from "./sync_perf_output.gen.ts";

export default defineTool(sync_perf_output, {
  lesson: 8,
  summary: "Tell when sync() is called twice within a second, through a perf buffer",
  example: "gimlet sync_perf_output -- sh -c 'sync; sync; sync'",
  selftest: { stimulus: "sync" },
  plans: {
    kprobe: { on_sync_kprobe: SYNC.kprobe },
    raw_syscalls: { on_sys_enter: SYNC.raw_syscalls },
    tracepoint: { on_sync_tracepoint: SYNC.tracepoint },
  },
  banner: "Tracing for quick sync's... Ctrl-C to end",
  stream: bufferStream(sync_perf_output, "events", {
    format: lines(({ ts, delta }, first) => quickSyncLine(ts - first.ts, delta / 1_000_000n)),
  }),
});
