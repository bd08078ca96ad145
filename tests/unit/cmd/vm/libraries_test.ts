import { assertEquals, assertThrows } from "../../../assert.ts";
import { librariesOf, type LibraryRequest } from "../../../../cmd/vm/libraries.ts";
import { type FakeElf, fakeElf } from "./elf_fake.ts";

interface FakeHost {
  readonly files: Readonly<Record<string, FakeElf>>;
  readonly cache?: Readonly<Record<string, string>>;
}

function paths(host: FakeHost, request: Omit<LibraryRequest, "source">): string[] {
  const read = (path: string) => {
    const file = host.files[path];
    return file && fakeElf(file);
  };
  const cached = (name: string) => host.cache?.[name];
  return librariesOf({ ...request, source: { read, cached } }).map((file) => file.path);
}

const program = (fake: FakeElf) => ({ path: "/opt/tool/run", data: fakeElf(fake) });

Deno.test("librariesOf() finds the loader and what the libraries need in turn, each once", () => {
  const host: FakeHost = {
    files: {
      "/lib64/ld.so": {},
      "/lib/a.so": { needed: ["libb.so", "libc.so"] },
      "/lib/b.so": { needed: ["libc.so", "liba.so"] },
      "/lib/c.so": { needed: ["/lib64/ld.so"] },
    },
    cache: { "liba.so": "/lib/a.so", "libb.so": "/lib/b.so", "libc.so": "/lib/c.so" },
  };
  const programs = [program({ interpreter: "/lib64/ld.so", needed: ["liba.so"] })];
  assertEquals(paths(host, { programs }), ["/lib64/ld.so", "/lib/a.so", "/lib/b.so", "/lib/c.so"]);
});

Deno.test("librariesOf() adds libraries that are opened while running, with theirs", () => {
  const host: FakeHost = {
    files: { "/usr/lib/libbpf.so.1": { needed: ["libelf.so.1"] }, "/usr/lib/libelf.so.1": {} },
  };
  const expected = ["/usr/lib/libbpf.so.1", "/usr/lib/libelf.so.1"];
  assertEquals(paths(host, { programs: [], extra: ["libbpf.so.1"] }), expected);
  assertEquals(paths(host, { programs: [], extra: ["/usr/lib/libbpf.so.1"] }), expected);
});

Deno.test("librariesOf() looks in the program's own folders first", () => {
  const host: FakeHost = {
    files: { "/opt/lib/liba.so": {}, "/lib/liba.so": {} },
    cache: { "liba.so": "/lib/liba.so" },
  };
  const programs = [program({ needed: ["liba.so"], runpath: "/none:$ORIGIN/../lib" })];
  assertEquals(paths(host, { programs }), ["/opt/lib/liba.so"]);
});

Deno.test("librariesOf() finds nothing to do for scripts", () => {
  const data = new TextEncoder().encode("#!/bin/sh\n");
  assertEquals(paths({ files: {} }, { programs: [{ path: "/run.sh", data }] }), []);
});

Deno.test("librariesOf() names a library that is missing, and who needs it", () => {
  assertThrows(
    () => paths({ files: {} }, { programs: [program({ needed: ["liba.so"] })] }),
    Error,
    "Cannot find the library liba.so, needed by /opt/tool/run",
  );
});
