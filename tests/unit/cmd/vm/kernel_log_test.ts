import { assertEquals } from "../../../assert.ts";
import { diagnose, excerpt } from "../../../../cmd/vm/kernel_log.ts";

const PANIC =
  "[    3.131607] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100";

Deno.test("diagnose() finds nothing in a quiet console", () => {
  assertEquals(diagnose(""), undefined);
  assertEquals(diagnose("[    4.839350] reboot: Restarting system\r\n"), undefined);
});

Deno.test("diagnose() recognises a panic and gives the kernel's words", () => {
  assertEquals(diagnose(`error: no\r\n${PANIC}\r\n[    3.2] CPU: 1\r\n`), {
    kind: "panic",
    line: "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
  });
});

Deno.test("diagnose() takes an oops that became a panic for an oops", () => {
  const console = [
    "[    9.1] BUG: kernel NULL pointer dereference, address: 0000000000000000",
    "[    9.2] Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "[    9.3] Kernel panic - not syncing: Fatal exception",
  ];
  assertEquals(diagnose(console.join("\n")), {
    kind: "oops",
    line: "BUG: kernel NULL pointer dereference, address: 0000000000000000",
  });
});

Deno.test("diagnose() recognises what is stuck", () => {
  const lines = [
    "[   28.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:80]",
    "[   28.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "[  242.6] INFO: task sh:80 blocked for more than 120 seconds.",
  ];
  for (const line of lines) assertEquals(diagnose(line)?.kind, "hang");
});

Deno.test("excerpt() shows what is around the failure, else the last lines", () => {
  const many = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  assertEquals(excerpt(many.join("\r\n") + "\r\n"), many.slice(-30).join("\n"));
  const lines = [...many, PANIC, ...many];
  assertEquals(excerpt(lines.join("\n")), lines.slice(90, 120).join("\n"));
});
