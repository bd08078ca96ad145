import { SYNC } from "../../lib/events.ts";
import { lines } from "../../lib/format.ts";
import { traceStream } from "../../lib/stream.ts";
import { quickSyncLine } from "../../lib/sync.ts";
import { defineTool } from "../../lib/tool.ts";
import { sync_timing } from "./sync_timing.gen.ts";

const MESSAGE = /^last (\d+) ms ago$/;

function milliseconds(message: string): bigint {
  return BigInt(MESSAGE.exec(message)![1]!);
}

export default defineTool(sync_timing, {
  lesson: 4,
  summary: "Tell when sync() is called twice within a second",
  example: "gimlet sync_timing -- sh -c 'sync; sync; sync'",
  selftest: { stimulus: "sync" },
  plans: {
    kprobe: { on_sync_kprobe: SYNC.kprobe },
    raw_syscalls: { on_sys_enter: SYNC.raw_syscalls },
    tracepoint: { on_sync_tracepoint: SYNC.tracepoint },
  },
  banner: "Tracing for quick sync's... Ctrl-C to end",
  stream: traceStream(MESSAGE, {
    format: lines(({ ts, message }, first) => quickSyncLine(ts - first.ts, milliseconds(message))),
    shape: { ts: "u64", pid: "u32", comm: "string", delta_ms: "u64" },
    fields: ({ ts, pid, comm, message }) => ({ ts, pid, comm, delta_ms: milliseconds(message) }),
  }),
});
