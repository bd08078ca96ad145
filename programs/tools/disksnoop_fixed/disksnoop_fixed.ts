import { DISK_SHAPE, diskFields, diskTable, rwbsOperation } from "../../lib/disk.ts";
import { BLOCK_DONE, BLOCK_ISSUE } from "../../lib/events.ts";
import { bufferStream } from "../../lib/stream.ts";
import { defineTool } from "../../lib/tool.ts";
import { type DiskEvent, disksnoop_fixed } from "./disksnoop_fixed.gen.ts";

const operation = ({ rwbs, bytes }: DiskEvent) => rwbsOperation(rwbs, bytes);

export default defineTool(disksnoop_fixed, {
  lesson: 13,
  summary: "Show each request to a disk, by tracepoints only",
  example:
    "gimlet disksnoop_fixed -- dd if=/dev/zero of=/var/tmp/snoop bs=64k count=5 oflag=direct",
  selftest: { stimulus: "disk", anyProcess: true },
  plans: {
    tracepoint: { on_rq_issue: BLOCK_ISSUE.tracepoint, on_rq_complete: BLOCK_DONE.tracepoint },
  },
  stream: bufferStream(disksnoop_fixed, "events", {
    format: diskTable(operation),
    shape: { ...DISK_SHAPE, rwbs: "string" },
    fields: (event) => ({ ...diskFields(event, operation), rwbs: event.rwbs }),
  }),
});
