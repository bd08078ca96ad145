import { syscallFunction } from "../../../../ffi/probes/kernel_function.ts";
import { parseChoice, parseProbe } from "../../../../ffi/probes/spec.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";

Deno.test("parseProbe() reads every provider's names", () => {
  assertEquals(parseProbe("kprobe:vfs_read"), { provider: "kprobe", symbol: "vfs_read" });
  assertEquals(parseProbe("syscall:clone"), { provider: "syscall", syscall: "clone" });
  assertEquals(parseProbe("tp_btf:sched_switch"), { provider: "tp_btf", symbol: "sched_switch" });
  assertEquals(parseProbe("raw_tp:sys_enter"), { provider: "raw_tp", symbol: "sys_enter" });
  assertEquals(parseProbe("tracepoint:block:block_rq_issue"), {
    provider: "tracepoint",
    category: "block",
    event: "block_rq_issue",
  });
  assertEquals(parseProbe("uprobe:/bin/sh:main"), {
    provider: "uprobe",
    library: "/bin/sh",
    symbol: "main",
  });
});

Deno.test("parseProbe() reads static probes, and instructions of functions", () => {
  assertEquals(parseProbe("usdt:/usr/bin/python3:python:gc__start"), {
    provider: "usdt",
    library: "/usr/bin/python3",
    group: "python",
    name: "gc__start",
  });
  assertEquals(parseProbe("uprobe:c:malloc+0x10"), {
    provider: "uprobe",
    library: "c",
    symbol: "malloc+0x10",
  });
});

Deno.test("parseProbe() refuses a return probe behind a function's start, and half a static probe", () => {
  for (const name of ["uretprobe:c:malloc+4", "usdt:c:setjmp", "usdt:c::setjmp", "usdt::a:b"]) {
    assertThrows(() => parseProbe(name), SyntaxError, `Cannot read probe "${name}"`);
  }
});

Deno.test("parseProbe() refuses what is not a probe", () => {
  for (
    const name of ["", "kprobe", "kprobe:", "kprobe:a:b", "tracepoint:block", "uprobe:c:", "x:y"]
  ) {
    assertThrows(() => parseProbe(name), SyntaxError, `Cannot read probe "${name}"`);
  }
});

Deno.test("parseChoice() reads alternatives, of the first one's provider where they name none", () => {
  const kprobe = (symbol: string) => ({ provider: "kprobe" as const, symbol });
  assertEquals(parseChoice("kprobe:a"), { alternatives: [kprobe("a")], optional: false });
  assertEquals(parseChoice("kprobe:a?"), { alternatives: [kprobe("a")], optional: true });
  assertEquals(parseChoice("kprobe:finish_task_switch|finish_task_switch.isra.0"), {
    alternatives: [kprobe("finish_task_switch"), kprobe("finish_task_switch.isra.0")],
    optional: false,
  });
  assertEquals(parseChoice("tracepoint:block:a|b|kprobe:c?"), {
    alternatives: [
      { provider: "tracepoint", category: "block", event: "a" },
      { provider: "tracepoint", category: "block", event: "b" },
      kprobe("c"),
    ],
    optional: true,
  });
});

Deno.test("parseChoice() refuses what is not a probe", () => {
  for (const name of ["", "?", "a|b", "kprobe:a|", "kprobe:|b"]) {
    assertThrows(() => parseChoice(name), SyntaxError);
  }
});

Deno.test("syscallFunction() gives each architecture's name", () => {
  assertEquals(syscallFunction("clone", "x86_64"), "__x64_sys_clone");
  assertEquals(syscallFunction("clone", "aarch64"), "__arm64_sys_clone");
});
