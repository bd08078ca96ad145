import { DISK_SHAPE, diskFields, diskTable } from "../../lib/disk.ts";
import { BLOCK_IO, BLOCK_IO_NOTES } from "../../lib/events.ts";
import { bufferStream } from "../../lib/stream.ts";
import { defineTool } from "../../lib/tool.ts";
import { type DiskEvent, disksnoop } from "./disksnoop.gen.ts";

const operation = ({ op }: DiskEvent) => op;

export default defineTool(disksnoop, {
  lesson: 6,
  summary: "Show each request to a disk, and how long it took",
  example: "gimlet disksnoop -- dd if=/dev/zero of=/var/tmp/snoop bs=64k count=5 oflag=direct",
  selftest: { stimulus: "disk", anyProcess: true },
  plans: BLOCK_IO,
  notes: BLOCK_IO_NOTES,
  stream: bufferStream(disksnoop, "events", {
    format: diskTable(operation),
    shape: DISK_SHAPE,
    fields: (event) => diskFields(event, operation),
  }),
});
