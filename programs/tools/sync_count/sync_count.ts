import { SYNC } from "../../lib/events.ts";
import { lines } from "../../lib/format.ts";
import { traceStream } from "../../lib/stream.ts";
import { firstSyncLine, quickSyncLine } from "../../lib/sync.ts";
import { defineTool } from "../../lib/tool.ts";
import { sync_count } from "./sync_count.gen.ts";

const MESSAGE = /^(?:first sync|last (\d+) ms ago), count (\d+)$/;

/** The first sync has no time before it. */
function parse(message: string): { delta_ms: bigint | null; count: bigint } {
  const [, delta, count] = MESSAGE.exec(message)!;
  return { delta_ms: delta === undefined ? null : BigInt(delta), count: BigInt(count!) };
}

export default defineTool(sync_count, {
  lesson: 5,
  summary: "Time and count the calls of sync(), quick and slow",
  example: "gimlet sync_count -- sh -c 'sync; sync; sleep 2; sync'",
  selftest: { stimulus: "sync" },
  plans: {
    kprobe: { on_sync_kprobe: SYNC.kprobe },
    raw_syscalls: { on_sys_enter: SYNC.raw_syscalls },
    tracepoint: { on_sync_tracepoint: SYNC.tracepoint },
  },
  banner: "Tracing for quick sync's... Ctrl-C to end",
  stream: traceStream(MESSAGE, {
    format: lines(({ ts, message }, first) => {
      const { delta_ms, count } = parse(message);
      const line = delta_ms === null ? firstSyncLine() : quickSyncLine(ts - first.ts, delta_ms);
      return `${line}, count ${count}`;
    }),
    shape: {
      ts: "u64",
      pid: "u32",
      comm: "string",
      delta_ms: { nullable: "u64" },
      count: "u64",
    },
    fields: ({ ts, pid, comm, message }) => ({ ts, pid, comm, ...parse(message) }),
  }),
});
