/** Addresses become names: the kernel's, and those of processes, compared with what others say of them. */

import { openObject } from "../../ffi/bpf/object.ts";
import { attachTracepoint } from "../../ffi/probes/tracepoint.ts";
import { symbolsOfFile } from "../../ffi/symbols/file_symbols.ts";
import { type Frame, frameText } from "../../ffi/symbols/frame.ts";
import { kernelFrame, kernelSymbols, ksym, ksymname } from "../../ffi/symbols/kernel.ts";
import { ProcessSymbols, sym, userFrames } from "../../ffi/symbols/process.ts";
import { stackTrace } from "../../ffi/symbols/stack.ts";
import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "../assert.ts";
import { run, Running, workload } from "../gimlet.ts";
import { capabilities, gcc, needsProgram, root, test } from "../support.ts";
import { stack } from "../workload/stack/stack.gen.ts";

/** A process of tests/workload/climber.c, and the addresses that it tells. */
class Climber implements AsyncDisposable {
  readonly #process: Running;
  readonly path: string;
  readonly addresses: ReadonlyMap<string, bigint>;

  private constructor(process: Running, path: string, text: string) {
    this.#process = process;
    this.path = path;
    this.addresses = new Map(
      Array.from(text.matchAll(/^(\w+) ([\da-f]+)$/gm), (
        [, name, hex],
      ) => [name!, BigInt(`0x${hex}`)]),
    );
  }

  static async start(path: string, prefix: readonly string[] = []): Promise<Climber> {
    const process = new Running([...prefix, path]);
    return new Climber(process, path, await process.until("ready"));
  }

  get pid(): number {
    return this.#process.pid;
  }

  address(name: string): bigint {
    return this.addresses.get(name)!;
  }

  climb(): void {
    this.#process.kill("SIGUSR1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.finished();
  }
}

/** A copy that a test may change, in a folder that goes away. */
async function ownCopy(path: string): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-symbols-" });
  await Deno.copyFile(path, `${folder}/climber`);
  return {
    path: `${folder}/climber`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

test("kernelSymbols() has what /proc/kallsyms has", { needs: [root] }, async () => {
  const { stdout } = await run(["awk", "{print $3, $4}", "/proc/kallsyms"]);
  const symbols = kernelSymbols({ fresh: true });
  const own = Array.from(
    symbols.symbols(),
    ({ name, module }) => `${name} ${module === undefined ? "" : `[${module}]`}`,
  );
  // BPF programs come and go while a test runs.
  const lasting = (lines: readonly string[]) => lines.filter((line) => !line.endsWith("[bpf]"));
  assertEquals(lasting(own), lasting(stdout.trimEnd().split("\n")));
});

test("ksym() and ksymname() are each other's inverse", { needs: [root] }, () => {
  const address = ksymname("vfs_read");
  assert(address !== undefined && address > 0xffff_0000_0000_0000n, String(address));
  assertEquals(ksym(address), "vfs_read");
  const options = { showOffset: true, showModule: true };
  assertEquals(ksym(address + 5n, options), "vfs_read+0x5 [kernel]");
  assertEquals(ksym(0x1234n, options), "0x1234");
  assertEquals(ksymname("no_such_symbol_there"), undefined);
});

test("the names of a program's functions are those of nm", { needs: [gcc] }, async () => {
  await using climber = await Climber.start(await workload("climber"));
  const { stdout } = await run(["nm", "--defined-only", climber.path]);
  const linked = new Map(
    Array.from(stdout.matchAll(/^([\da-f]+) [tTD] (\w+)$/gm), ([, hex, name]) => [
      name!,
      BigInt(`0x${hex}`),
    ]),
  );
  const base = climber.address("climb_inner") - linked.get("climb_inner")!;
  for (const name of ["climb_inner", "climb_middle", "climb_outer", "main", "climb_count"]) {
    const address = base + linked.get(name)!;
    assertEquals(sym(climber.pid, address), name);
    assertEquals(
      sym(climber.pid, address + 1n, { showOffset: true, showModule: true }),
      `${name}+0x1 [climber]`,
    );
  }
  assertEquals(sym(climber.pid, climber.address("climb_count")), "climb_count");
  assertEquals(sym(climber.pid, 0x10n), "0x10");
});

test("a stripped program's names are found in what was stripped off", {
  needs: [root, gcc, needsProgram("objcopy"), needsProgram("readelf")],
}, async () => {
  await using copy = await ownCopy(await workload("climber"));
  const notes = await run(["readelf", "-n", copy.path]);
  const id = /Build ID: ([\da-f]+)/.exec(notes.stdout)![1]!;
  const folder = `/usr/lib/debug/.build-id/${id.slice(0, 2)}`;
  const debug = `${folder}/${id.slice(2)}.debug`;
  await Deno.mkdir(folder, { recursive: true });
  const script = 'objcopy --only-keep-debug "$1" "$2" && strip --strip-all "$1"';
  assertEquals((await run(["sh", "-c", script, "sh", copy.path, debug])).status, 0);
  try {
    await using climber = await Climber.start(copy.path);
    // In a process of its own: this one may know the build id from the file that was not stripped.
    const source = `
      import { sym } from "${new URL("../../ffi/symbols/process.ts", import.meta.url)}";
      console.log(sym(${climber.pid}, ${climber.address("climb_inner")}n, { showOffset: true }));`;
    const evaluated = await run([Deno.execPath(), "eval", "--no-lock", source]);
    assertEquals([evaluated.stdout, evaluated.stderr], ["climb_inner+0x0\n", ""]);
  } finally {
    await Deno.remove(debug);
  }
});

test(
  "a program that was removed while it runs keeps its names",
  { needs: [root, gcc] },
  async () => {
    await using copy = await ownCopy(await workload("climber"));
    await using climber = await Climber.start(copy.path);
    await Deno.remove(copy.path);
    assertEquals(sym(climber.pid, climber.address("climb_inner")), "climb_inner");
  },
);

test("a program in other mounts than ours has names", {
  needs: [root, gcc, needsProgram("unshare")],
}, async () => {
  const path = await workload("climber");
  const hidden = `mount -t tmpfs tmpfs /mnt && cp "$0" /mnt/climber && exec /mnt/climber`;
  await using climber = await Climber.start(path, [
    ...["unshare", "--mount", "--propagation", "private", "sh", "-c", hidden],
  ]);
  const symbols = new ProcessSymbols(climber.pid);
  assertEquals(symbols.frame(climber.address("climb_inner")), {
    address: climber.address("climb_inner"),
    name: "climb_inner",
    offset: 0,
    module: "/mnt/climber",
  });
});

test("copies of a program share its symbols, by the build id", { needs: [gcc] }, async () => {
  const path = await workload("climber");
  await using copy = await ownCopy(path);
  const symbols = symbolsOfFile(path);
  assert(symbols !== undefined);
  assertStrictEquals(symbolsOfFile(copy.path), symbols);
  assertEquals(symbolsOfFile("/etc/passwd"), undefined);
  assertEquals(symbolsOfFile("/no/such/file"), undefined);
});

test("code that a run-time compiler made is named by its perf map", { needs: [gcc] }, async () => {
  await using climber = await Climber.start(await workload("climber"));
  const address = climber.address("compiled");
  const map = `/tmp/perf-${climber.pid}.map`;
  assertEquals(sym(climber.pid, address), `0x${address.toString(16)}`);
  await Deno.writeTextFile(map, `${address.toString(16)} 40 LazyCompile:~run /app.js:3\n`);
  try {
    assertEquals(
      sym(climber.pid, address + 3n, { showOffset: true, showModule: true }),
      `LazyCompile:~run /app.js:3+0x3 [perf-${climber.pid}.map]`,
    );
  } finally {
    await Deno.remove(map);
  }
});

test("the vdso has names", { needs: [root, gcc] }, async () => {
  await using climber = await Climber.start(await workload("climber"));
  const start = climber.address("vdso");
  const frames = Array.from(
    { length: 512 },
    (_, i) => userFrames(climber.pid)(start + BigInt(i * 16)),
  );
  const names = new Set(frames.map(({ name }) => name));
  assert(names.has("clock_gettime") || names.has("__kernel_clock_gettime"), [...names].join(" "));
  assertEquals(new Set(frames.map(({ module }) => module)), new Set(["[vdso]"]));
});

test("C++ names are demangled, unless they are not to be", {
  needs: [needsProgram("g++")],
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "gimlet-symbols-" });
  try {
    await Deno.writeTextFile(
      `${folder}/climber.cc`,
      `#include <cstdio>
#include <unistd.h>
namespace deep { template <class T> struct Box { T open(int n) { return n + getppid(); } }; }
int main() {
  auto open = &deep::Box<long>::open;
  std::printf("open %lx\\nready\\n", *(unsigned long *)&open);
  std::fflush(stdout);
  return alarm(600), pause();
}
`,
    );
    const built = await run(["g++", "-o", `${folder}/climber`, `${folder}/climber.cc`]);
    assertEquals([built.status, built.stderr], [0, ""]);
    await using climber = await Climber.start(`${folder}/climber`);
    const address = climber.address("open");
    assertEquals(sym(climber.pid, address), "deep::Box<long>::open(int)");
    assertEquals(sym(climber.pid, address, { demangle: false }), "_ZN4deep3BoxIlE4openEi");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The names of bpftrace's lines, `\n        climb_inner+16\n`. */
function namesOf(text: string): string[] {
  return Array.from(text.matchAll(/^\s+([^\s+]+)\+\d+$/gm), ([, name]) => name!);
}

const names = (frames: readonly Frame[]) => frames.map(({ name }) => name);

test("a stack has the functions that called each other, user's and kernel's", {
  needs: [root, capabilities, gcc],
}, async () => {
  await using climber = await Climber.start(await workload("climber"));
  using object = openObject(stack).setGlobal("gimlet_tgid", climber.pid).load();
  const [link] = attachTracepoint(object.program("on_getppid"), "syscalls", "sys_enter_getppid");
  using _attached = link!;
  object.setGlobal("gimlet_armed", true);
  climber.climb();
  const stacks = object.map("stacks");
  const ids = await untilDefined(() => stacks.get(climber.pid));
  const traces = object.stackTraces("traces");
  const user = stackTrace(traces, ids.user, { pid: climber.pid });
  assertEquals(names(user!).slice(0, 4), ["climb_inner", "climb_middle", "climb_outer", "main"]);
  assertEquals(frameText(user![1]!, { showModule: true }), "climb_middle [climber]");
  const kernel = names(stackTrace(traces, ids.kernel)!);
  assertStringIncludes(kernel.join(" "), "do_syscall_64 entry_SYSCALL_64_after_hwframe");
  assertEquals([stackTrace(traces, -14), stackTrace(traces, 1023)], [undefined, undefined]);
});

test("stacks are those of bpftrace", {
  needs: [root, capabilities, gcc, needsProgram("bpftrace")],
}, async () => {
  await using climber = await Climber.start(await workload("climber"));
  using object = openObject(stack).setGlobal("gimlet_tgid", climber.pid).load();
  const [link] = attachTracepoint(object.program("on_getppid"), "syscalls", "sys_enter_getppid");
  using _attached = link!;
  object.setGlobal("gimlet_armed", true);
  const script = `BEGIN { printf("ready\\n") }
    tracepoint:syscalls:sys_enter_getppid /pid == ${climber.pid}/ {
      printf("user%s\\nkernel%s\\n", ustack(), kstack()); exit(); }`;
  const bpftrace = new Running(["bpftrace", "-e", script]);
  await bpftrace.until("ready");
  climber.climb();
  const { stdout } = await bpftrace.finished();
  const [user = "", kernel = ""] = stdout.split(/^kernel/m);
  const ids = await untilDefined(() => object.map("stacks").get(climber.pid));
  const traces = object.stackTraces("traces");
  const ownUser = stackTrace(traces, ids.user, { pid: climber.pid })!;
  assertEquals(names(ownUser).map((name, i) => name ?? ownUser[i]!.address), namesOf(user));
  const ownKernel = stackTrace(traces, ids.kernel)!;
  // What was called on the way to the program differs: each has a program of its own.
  assertEquals(names(ownKernel).slice(-2), namesOf(kernel).slice(-2));
});

test("kernelFrame() says the same as bpftrace's ksym()", {
  needs: [root, needsProgram("bpftrace")],
}, async () => {
  const wanted = ["vfs_read", "do_sys_openat2", "ksys_write", "schedule"];
  const addresses = wanted.map((name) => ksymname(name)!);
  const prints = addresses.map((address) => `printf("%s\\n", ksym(${address + 4n}));`);
  const { stdout } = await run(["bpftrace", "-e", `BEGIN { ${prints.join(" ")} exit(); }`]);
  const lines = stdout.split("\n").filter((line) => /^\w+\+\d+$|^\w+$/.test(line));
  assertEquals(
    lines.map((line) => line.replace(/\+.*/, "")),
    addresses.map((address) => kernelFrame(address + 4n).name),
  );
});

/** Waits for what another process does, by asking for it. */
async function untilDefined<T>(get: () => T | undefined): Promise<T> {
  for (;;) {
    const value = get();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
