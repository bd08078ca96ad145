import { parseLostLine, parseTraceClock, parseTraceLine } from "../../../../ffi/host/trace_pipe.ts";
import { assertEquals } from "../../../assert.ts";

// Lines as kernels have really printed them, odd ones first of all.
const LINES = [
  {
    name: "a line of a current kernel",
    line: "              sh-16456   [001] ...21  2195.327492: bpf_trace_printk: Hello, World!",
    fields: ["sh", 16456, 1, "...21", 2195327492000n, "Hello, World!"],
  },
  {
    name: "a line of an old kernel, with no name of the event",
    line: "            bash-13364 [002] d... 24573433.052937: : Hello, World!",
    fields: ["bash", 13364, 2, "d...", 24573433052937000n, "Hello, World!"],
  },
  {
    name: "a line with an address in place of the event's name",
    line: "            bash-13364 [002] d... 24573433.052937: 0x00000001: Hello, World!",
    fields: ["bash", 13364, 2, "d...", 24573433052937000n, "Hello, World!"],
  },
  {
    name: "a task whose name is not known any more",
    line: "           <...>-322350 [003] d...1  7001.000001: bpf_trace_printk: Hello, World!",
    fields: ["<...>", 322350, 3, "d...1", 7001000001000n, "Hello, World!"],
  },
  {
    name: "a name with dashes, digits and blanks",
    line: "     kworker/0:1-ev-1234   [000] dN.21  1.000001: bpf_trace_printk: x",
    fields: ["kworker/0:1-ev", 1234, 0, "dN.21", 1000001000n, "x"],
  },
  {
    name: "a name with a blank",
    line: "       tmux: server-77   [000] .....  1.500000: bpf_trace_printk: x",
    fields: ["tmux: server", 77, 0, ".....", 1500000000n, "x"],
  },
  {
    name: "a name that looks like the rest of a line",
    line: " a-1 [000] ..-99 [001] d...1 12.000001: bpf_trace_printk: m",
    fields: ["a-1 [000] ..", 99, 1, "d...1", 12000001000n, "m"],
  },
  {
    name: "a line with the process's id recorded",
    line: "            bash-13364   (  13364) [002] d...1 24.052937: bpf_trace_printk: Hello",
    fields: ["bash", 13364, 2, "d...1", 24052937000n, "Hello"],
  },
  {
    name: "a line with the process's id not recorded",
    line: "            bash-13364   (-------) [002] d...1 24.052937: bpf_trace_printk: Hello",
    fields: ["bash", 13364, 2, "d...1", 24052937000n, "Hello"],
  },
  {
    name: "a message with colons",
    line: "            bash-1   [002] d...1 24.052937: bpf_trace_printk: a: b: c",
    fields: ["bash", 1, 2, "d...1", 24052937000n, "a: b: c"],
  },
  {
    name: "an empty message",
    line: "            bash-1   [002] d...1 24.052937: bpf_trace_printk: ",
    fields: ["bash", 1, 2, "d...1", 24052937000n, ""],
  },
  {
    name: "a CPU above 999 and a pid of seven digits",
    line: "            bash-4194303   [1023] d...1 24.052937: bpf_trace_printk: m",
    fields: ["bash", 4194303, 1023, "d...1", 24052937000n, "m"],
  },
] as const;

for (const { name, line, fields } of LINES) {
  Deno.test(`parseTraceLine() takes apart ${name}`, () => {
    const parsed = parseTraceLine(line)!;
    const { comm, pid, cpu, flags, ts, message } = parsed;
    assertEquals([comm, pid, cpu, flags, ts, message], [...fields]);
  });
}

Deno.test("parseTraceLine() passes over what is no event", () => {
  for (const line of ["", "# tracer: nop", "CPU:1 [LOST 23 EVENTS]", "garbage"]) {
    assertEquals(parseTraceLine(line), undefined);
  }
});

Deno.test("parseLostLine() reads the kernel's word that lines were lost", () => {
  assertEquals(parseLostLine("CPU:1 [LOST 23 EVENTS]"), { cpu: 1, lost: 23 });
  assertEquals(parseLostLine("CPU:1 [LOST x EVENTS]"), undefined);
});

Deno.test("parseTraceClock() finds the clock in a CPU's stats", () => {
  const stats =
    "entries: 0\noldest event ts:     0.000000\nnow ts:   581.086082\ndropped events: 0\n";
  assertEquals(parseTraceClock(stats), 581086082000n);
  assertEquals(parseTraceClock("entries: 0\n"), undefined);
});
