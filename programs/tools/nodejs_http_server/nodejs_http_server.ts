import { column, table } from "../../lib/format.ts";
import { bufferStream } from "../../lib/stream.ts";
import { cEscaped, seconds } from "../../lib/text.ts";
import { defineTool } from "../../lib/tool.ts";
import { nodejs_http_server } from "./nodejs_http_server.gen.ts";

export default defineTool(nodejs_http_server, {
  lesson: 15,
  summary: "Tell the paths of the requests that a Node.js server gets",
  example: "gimlet nodejs_http_server $(pidof -s node)",
  selftest: { stimulus: "http", args: (pid) => ({ PID: String(pid) }) },
  parameters: [
    { name: "PID", help: "the process of the server", pattern: /^[1-9]\d{0,8}$/ },
  ],
  process: ({ PID }) => Number(PID),
  plans: ({ PID = "PID" }) => ({
    // The program that the process runs, also where its file has another name by now, or is in a container.
    usdt: { on_request: [`usdt:/proc/${PID}/exe:node:http__server__request`] },
    raw_syscalls: {
      on_sys_enter: ["tp_btf:sys_enter"],
      on_sys_exit: ["tp_btf:sys_exit"],
    },
    syscalls: {
      on_read: ["tracepoint:syscalls:sys_enter_read"],
      on_recvfrom: ["tracepoint:syscalls:sys_enter_recvfrom"],
      on_return: ["tracepoint:syscalls:sys_exit_read", "tracepoint:syscalls:sys_exit_recvfrom"],
    },
  }),
  stream: bufferStream(nodejs_http_server, "events", {
    format: table([
      column("TIME(s)", 18, ({ ts }) => seconds(ts)),
      column("COMM", 16, ({ comm }) => comm),
      column("PID", 6, ({ pid }) => String(pid)),
      column("ARGS", 0, ({ path }) => `path:${cEscaped(path)}`),
    ]),
  }),
});
