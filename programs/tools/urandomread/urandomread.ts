import { column, table } from "../../lib/format.ts";
import { bufferStream } from "../../lib/stream.ts";
import { seconds } from "../../lib/text.ts";
import { defineTool } from "../../lib/tool.ts";
import { urandomread } from "./urandomread.gen.ts";

const READS = ["read", "pread64", "readv"];

export default defineTool(urandomread, {
  lesson: 12,
  summary: "Tell who reads random numbers from the kernel, and how many bits",
  example: "gimlet urandomread -- dd if=/dev/urandom of=/dev/null bs=8k count=5",
  selftest: { stimulus: "urandom" },
  plans: {
    tracepoint: { on_urandom_read: ["tracepoint:random:urandom_read"] },
    kretprobe: { on_return_kretprobe: ["kretprobe:urandom_read_iter"] },
    fexit: { on_return_fexit: ["fexit:urandom_read_iter"] },
    raw_syscalls: {
      on_sys_enter: ["tp_btf:sys_enter"],
      on_sys_exit: ["tp_btf:sys_exit"],
    },
    syscalls: {
      on_read: READS.map((name) => `tracepoint:syscalls:sys_enter_${name}`),
      on_read_return: READS.map((name) => `tracepoint:syscalls:sys_exit_${name}`),
      on_getrandom_return: ["tracepoint:syscalls:sys_exit_getrandom"],
    },
  },
  stream: bufferStream(urandomread, "events", {
    format: table([
      column("TIME(s)", 18, ({ ts }) => seconds(ts)),
      column("COMM", 16, ({ comm }) => comm),
      column("PID", 6, ({ pid }) => String(pid)),
      column("GOTBITS", 0, ({ got_bits }) => String(got_bits)),
    ]),
  }),
});
