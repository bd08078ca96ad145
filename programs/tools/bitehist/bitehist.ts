import { BLOCK_ISSUE } from "../../lib/events.ts";
import { linearHist, log2Hist } from "../../lib/histogram.ts";
import { defineTool } from "../../lib/tool.ts";
import { bitehist } from "./bitehist.gen.ts";

export default defineTool(bitehist, {
  lesson: 9,
  summary: "Show the sizes of block I/O as histograms",
  example: "gimlet bitehist -- dd if=/dev/zero of=/var/tmp/bites bs=1M count=64 oflag=direct",
  selftest: { stimulus: "disk", anyProcess: true },
  plans: {
    kprobe: { on_start_request: BLOCK_ISSUE.kprobe },
    tp_btf: { on_rq_issue: BLOCK_ISSUE.tp_btf },
    tracepoint: { on_rq_issue_tracepoint: BLOCK_ISSUE.tracepoint },
  },
  banner: "Tracing... Hit Ctrl-C to end.",
  report: (object) => () => [
    log2Hist(object.map("dist"), { unit: "kbytes", title: "log2 histogram" }),
    linearHist(object.map("dist_linear"), { unit: "kbytes", title: "linear histogram" }),
  ],
});
