/** What a start does not do, and what makes it quick. */

import { ERRNO } from "../../ffi/errno.ts";
import { readKernelFile } from "../../ffi/host/kernel_file.ts";
import { openReadOnly } from "../../ffi/raw/fd.ts";
import { LibcError } from "../../ffi/raw/libc.ts";
import { openTable } from "../../ffi/raw/symbols.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { BINARY, run } from "../gimlet.ts";
import { binary, capabilities, needsProgram, test } from "../support.ts";

/** What takes milliseconds to read. */
const LARGE = /\/sys\/kernel\/btf\/vmlinux|kallsyms|available_|\/modules/;
const strace = needsProgram("strace");

for (
  const [what, args] of Object.entries({
    "a tool": ["hello_perf_output", "--plan", "tracepoint", "--", "/bin/true"],
    "a tool that sees all system calls": ["sys_sync", "--plan", "raw_syscalls", "--", "/bin/true"],
    "a script": ["-e", 'BEGIN { printf("hello\\n"); exit(); }'],
  })
) {
  test(`${what} that needs no types and no symbols of the kernel reads none`, {
    needs: [binary, capabilities, strace],
  }, async () => {
    const words = ["strace", "-f", "-qq", "-e", "trace=openat", BINARY, ...args];
    const { status, stderr } = await run(words);
    const opened = [...stderr.matchAll(/openat\(\w+, "([^"]*)"/g)].map(([, path]) => path!);
    assertEquals(status, 0);
    assert(opened.some((path) => path.includes("libbpf")), stderr);
    assertEquals(opened.filter((path) => LARGE.test(path)), []);
  });
}

test("a function of C gives the same however often it is called", { needs: [] }, () => {
  const { getppid, strnlen } = openTable("libc.so.6", {
    getppid: { parameters: [], result: "i32" },
    strnlen: { parameters: ["buffer", "usize"], result: "usize" },
  });
  const text = new TextEncoder().encode("gimlet\0");
  for (let i = 0; i < 40; i++) {
    assertEquals([getppid(), strnlen(text, 100n)], [Deno.ppid, 6n]);
  }
});

test("errno is that of the call, however often it is made", { needs: [] }, () => {
  for (let i = 0; i < 40; i++) {
    const { errno } = assertThrows(() => openReadOnly("/no/such/file"), LibcError);
    assertEquals(errno, ERRNO.ENOENT);
  }
});

test("an optional function that is not there is null, another one stops the table", {
  needs: [],
}, () => {
  const symbol = { parameters: [], result: "void" } as const;
  const table = openTable("libc.so.6", { no_such: { ...symbol, optional: true } });
  assertEquals(table.no_such, null);
  assertThrows(() => openTable("libc.so.6", { no_such: symbol }), Error, "Failed to register");
});

test("a file of the kernel has the same bytes mapped and read", {
  needs: [{
    reason: "needs BTF",
    ok: () => readKernelFile("/sys/kernel/btf/vmlinux") !== undefined,
  }],
}, () => {
  const path = "/sys/kernel/btf/vmlinux";
  assertEquals(readKernelFile(path), new Uint8Array(Deno.readFileSync(path)));
  assertEquals(readKernelFile("/proc/version"), Deno.readFileSync("/proc/version"));
  assertEquals(readKernelFile("/sys/kernel/no_such_file"), undefined);
});

test("a file that cannot be mapped is read only where there is no quicker way to its bytes", {
  needs: [],
}, () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const path = "/proc/version";
  assertEquals(readKernelFile(path, { copy: () => bytes }), bytes);
  assertEquals(readKernelFile(path, { copy: () => undefined }), Deno.readFileSync(path));
  assertEquals(readKernelFile("/proc/no_such_file", { copy: () => bytes }), undefined);
});
