import { log2HistNews } from "../../lib/histogram.ts";
import { defineTool } from "../../lib/tool.ts";
import { vfsreadlat } from "./vfsreadlat.gen.ts";

const NO_LIMIT = "0";

export default defineTool(vfsreadlat, {
  lesson: 11,
  summary: "Show how long reads take, as a histogram every few seconds",
  example: "gimlet vfsreadlat 1 5",
  selftest: { stimulus: "read" },
  parameters: [
    {
      name: "interval",
      help: "seconds between histograms (default: 5)",
      pattern: /^0*[1-9]\d*$/,
      fallback: "5",
    },
    {
      name: "count",
      help: "how many histograms (default: no end)",
      pattern: /^0*[1-9]\d*$/,
      fallback: NO_LIMIT,
    },
  ],
  plans: {
    kprobe: {
      on_read_kprobe: ["kprobe:vfs_read"],
      on_return_kretprobe: ["kretprobe:vfs_read"],
    },
    fentry: {
      on_read_fentry: ["fentry:vfs_read"],
      on_return_fexit: ["fexit:vfs_read"],
    },
    raw_syscalls: {
      on_sys_enter: ["tp_btf:sys_enter"],
      on_sys_exit: ["tp_btf:sys_exit"],
    },
    tracepoint: {
      on_read_tracepoint: [
        "tracepoint:syscalls:sys_enter_read",
        "tracepoint:syscalls:sys_enter_pread64",
      ],
      on_return_tracepoint: [
        "tracepoint:syscalls:sys_exit_read",
        "tracepoint:syscalls:sys_exit_pread64",
      ],
    },
  },
  banner: "Tracing... Hit Ctrl-C to end.",
  interval: ({ interval, count }) => ({
    ms: 1000 * Number(interval),
    ...(count === NO_LIMIT ? {} : { count: Number(count) }),
  }),
  report: (object) => {
    const news = log2HistNews(object.map("dist"), { unit: "usecs", title: "" });
    return () => [news()];
  },
});
