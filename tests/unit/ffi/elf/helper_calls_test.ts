import { helperCalls } from "../../../../ffi/elf/helper_calls.ts";
import { parseElf } from "../../../../ffi/elf/elf.ts";
import { foreign } from "../../../workload/foreign/foreign.gen.ts";
import { assertEquals } from "../../../assert.ts";

const GET_COMM = 16; // enum bpf_func_id
const TRACE_PRINTK = 6;
const SEQ_WRITE = 127;

Deno.test("the helpers of a section's programs are found, and no others", () => {
  const elf = parseElf(Deno.readFileSync(foreign.object));
  const calls = (section: string) => {
    const found = helperCalls(elf, [section]);
    return [GET_COMM, TRACE_PRINTK, SEQ_WRITE].map((id) => found.has(id));
  };
  assertEquals(calls("tracepoint/syscalls/sys_enter_getppid"), [true, false, false]);
  assertEquals(calls("?tracepoint/syscalls/sys_enter_no_such_call"), [false, true, false]);
  assertEquals(calls("?iter/task"), [false, false, true]);
});
