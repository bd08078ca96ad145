import { assertEquals } from "../assert.ts";
import layers from "../layers.ts";

/** Lints a file of that path, and gives the messages as `rule: message`. */
function lint(path: string, source: string): string[] {
  const file = new URL(`../../${path}`, import.meta.url).pathname;
  return Deno.lint.runPlugin(layers, file, source).map(({ id, message }) => `${id}: ${message}`);
}

Deno.test("layers/imports takes what the table allows", () => {
  assertEquals(lint("ffi/btf/object.ts", 'import { x } from "../wire/reader.ts";'), []);
  assertEquals(lint("ffi/btf/object.ts", 'import { x } from "./btf.ts";'), []);
  assertEquals(lint("ffi/btf/object.ts", 'export { x } from "../errors.ts";'), []);
  assertEquals(lint("ffi/btf/a/b.ts", 'import { x } from "../../elf/elf.ts";'), []);
  assertEquals(lint("programs/tools/x/x.ts", 'import { x } from "../../lib/tool.ts";'), []);
  assertEquals(lint("programs/script/compile.ts", 'import "../../ffi/probes/spec.ts";'), []);
  assertEquals(lint("cmd/std.ts", 'import { parseArgs } from "@std/cli/parse-args";'), []);
  assertEquals(lint("cmd/run.ts", 'import { x } from "../programs/registry.gen.ts";'), []);
  assertEquals(lint("tests/unit/x_test.ts", 'import { x } from "../../ffi/raw/libc.ts";'), []);
});

Deno.test("layers/imports names the row that an import breaks", () => {
  assertEquals(lint("ffi/btf/object.ts", 'import { x } from "../raw/libc.ts";'), [
    "layers/imports: ffi/btf may import ffi/{wire,asm,btf,elf,clang,errno,errors} only; " +
    "it imports ffi/raw/libc.ts",
  ]);
  assertEquals(lint("cmd/run.ts", 'import { x } from "../ffi/raw/libc.ts";'), [
    "layers/imports: cmd may import ffi, programs, mod only, and not ffi/raw; it imports ffi/raw/libc.ts",
  ]);
});

Deno.test("layers/imports refuses what goes up or sideways", () => {
  const refused = [
    ["ffi/wire/codec.ts", "../bpf/map.ts"],
    ["ffi/bpf/map.ts", "../probes/plan.ts"],
    ["ffi/bpf/skeleton.ts", "./map.ts"],
    ["ffi/probes/plan.ts", "../raw/libc.ts"],
    ["ffi/host/kallsyms.ts", "../../programs/lib/value.ts"],
    ["programs/tools/a/a.ts", "../b/b.ts"],
    ["programs/lib/tool.ts", "../tools/a/a.ts"],
    ["programs/script/compile.ts", "./run.ts"],
    ["programs/script/compile.ts", "../../ffi/host/kallsyms.ts"],
    ["mod.ts", "./cmd/main.ts"],
    ["build.ts", "./ffi/bpf/map.ts"],
    ["cmd/main.ts", "../tests/support.ts"],
    ["cmd/main.ts", "../../elsewhere.ts"],
  ] as const;
  for (const [file, specifier] of refused) {
    const found = lint(file, `import { x } from "${specifier}";`);
    assertEquals([file, specifier, found.length], [file, specifier, 1]);
  }
});

Deno.test("layers/imports sees every way to import", () => {
  const ways = [
    'import type { X } from "../raw/libc.ts";',
    'export * from "../raw/libc.ts";',
    'export { x } from "../raw/libc.ts";',
    'await import("../raw/libc.ts");',
    'type X = import("../raw/libc.ts").X;',
    "await import(name);",
  ];
  for (const way of ways) assertEquals([way, lint("ffi/btf/x.ts", way).length], [way, 1]);
});

Deno.test("layers/imports asks for a row where there is none", () => {
  assertEquals(lint("news/x.ts", 'import "../mod.ts";'), [
    "layers/imports: news/x.ts is in no row of the table in tests/layers.ts: add one",
  ]);
});

Deno.test("layers/pure keeps the machine out of what only computes", () => {
  assertEquals(lint("ffi/host/proc.ts", 'Deno.readTextFileSync("/proc/stat");'), []);
  assertEquals(lint("programs/script/run.ts", "Deno.uid();"), []);
  assertEquals(lint("ffi/elf/elf.ts", 'Deno.readTextFileSync("/proc/stat");'), [
    "layers/pure: ffi/elf is pure: it may not use Deno",
  ]);
  assertEquals(lint("programs/script/compile.ts", 'import "node:fs";'), [
    "layers/pure: programs/script is pure: it may not use node:fs",
  ]);
});

Deno.test("layers/one-door keeps pointers in ffi/raw", () => {
  assertEquals(lint("ffi/raw/memory.ts", "Deno.UnsafePointer.of(bytes);"), []);
  assertEquals(lint("ffi/bpf/map.ts", "const p: Deno.PointerValue = null;"), []);
  const ways = [
    'Deno.dlopen("libc.so.6", {});',
    "Deno.UnsafePointer.of(bytes);",
    "let view: Deno.UnsafePointerView;",
    'globalThis.Deno["dlopen"]("libc.so.6", {});',
    "const { dlopen } = Deno;",
  ];
  for (const way of ways) assertEquals([way, lint("ffi/bpf/map.ts", way).length], [way, 1]);
  assertEquals(lint("tests/unit/x_test.ts", ways[0] ?? ""), [
    "layers/one-door: Deno.dlopen may be used in ffi/raw only: add a function there for tests/unit/x_test.ts",
  ]);
});

Deno.test("layers/no-stdout leaves printing to cmd", () => {
  assertEquals(lint("cmd/writer.ts", "Deno.stdout.writeSync(bytes);"), []);
  assertEquals(lint("build.ts", 'console.log("object");'), []);
  assertEquals(lint("programs/lib/text.ts", "Deno.stdout.writeSync(bytes);"), [
    "layers/no-stdout: programs/lib/text.ts may not use Deno.stdout: nothing below cmd/ prints, it gives values",
  ]);
  assertEquals(lint("ffi/bpf/log.ts", 'console.error("lost");'), [
    "layers/no-stdout: ffi/bpf/log.ts may not use console: nothing below cmd/ prints, it gives values",
  ]);
});
