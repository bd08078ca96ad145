import { syscallFunction } from "../../../../ffi/probes/kernel_function.ts";
import { parseProbe } from "../../../../ffi/probes/spec.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";

Deno.test("parseProbe() reads every provider's names", () => {
  assertEquals(parseProbe("kprobe:vfs_read"), { provider: "kprobe", symbol: "vfs_read" });
  assertEquals(parseProbe("syscall:clone"), { provider: "syscall", syscall: "clone" });
  assertEquals(parseProbe("tp_btf:sched_switch"), { provider: "tp_btf", symbol: "sched_switch" });
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

Deno.test("parseProbe() refuses what is not a probe", () => {
  for (
    const name of ["", "kprobe", "kprobe:", "kprobe:a:b", "tracepoint:block", "uprobe:c:", "x:y"]
  ) {
    assertThrows(() => parseProbe(name), SyntaxError, `Cannot read probe "${name}"`);
  }
});

Deno.test("syscallFunction() gives each architecture's name", () => {
  assertEquals(syscallFunction("clone", "x86_64"), "__x64_sys_clone");
  assertEquals(syscallFunction("clone", "aarch64"), "__arm64_sys_clone");
});
