import { BLOCK_IO, BLOCK_IO_NOTES } from "../../lib/events.ts";
import { log2Hist } from "../../lib/histogram.ts";
import { defineTool } from "../../lib/tool.ts";
import { disklatency } from "./disklatency.gen.ts";

const NS_PER_UNIT: Readonly<Record<string, bigint>> = { msecs: 1_000_000n, usecs: 1_000n };

export default defineTool(disklatency, {
  lesson: 10,
  summary: "Show the time that disks take as a histogram",
  example: "gimlet disklatency --unit usecs -- dd if=/dev/vda of=/dev/null count=97 iflag=direct",
  selftest: { stimulus: "disk", anyProcess: true },
  parameters: [{
    name: "--unit",
    help: "msecs or usecs (default: msecs)",
    pattern: /^(msecs|usecs)$/,
    fallback: "msecs",
  }],
  plans: BLOCK_IO,
  notes: BLOCK_IO_NOTES,
  configure: (object, { unit }) => object.setGlobal("ns_per_unit", NS_PER_UNIT[unit!]!),
  banner: "Tracing... Hit Ctrl-C to end.",
  report: (object, { unit }) => () => [
    log2Hist(object.map("dist"), { unit: unit!, title: "" }),
  ],
});
