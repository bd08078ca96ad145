import { parseInnermostPid, parsePerfMap } from "../../../../ffi/host/perf_map.ts";
import { parseMaps, rangeOf } from "../../../../ffi/host/proc_maps.ts";
import { assertEquals } from "../../../assert.ts";

Deno.test("parseMaps() reads files, removed ones, memory of no file, and the kernel's pages", () => {
  const maps = parseMaps(
    "55d0c8a00000-55d0c8a02000 r-xp 00001000 fd:00 1311                       /opt/a b/prog\n" +
      "7f0000002000-7f0000003000 r-xp 00028000 fd:00 7  /lib/libc.so.6 (deleted)\n" +
      "7f0000004000-7f0000005000 rwxp 00000000 00:00 0 \n" +
      "7ffc00032000-7ffc00034000 r-xp 00000000 00:00 0                          [vdso]\n" +
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
  );
  assertEquals(maps[0], {
    start: 0x55d0c8a00000,
    end: 0x55d0c8a02000,
    permissions: "r-xp",
    offset: 0x1000,
    device: "fd:00",
    inode: 1311,
    path: "/opt/a b/prog",
    deleted: false,
  });
  assertEquals(maps.map(({ path, deleted, inode }) => [path, deleted, inode]).slice(1), [
    ["/lib/libc.so.6", true, 7],
    ["", false, 0],
    ["[vdso]", false, 0],
    ["[vsyscall]", false, 0],
  ]);
  assertEquals(rangeOf(maps[1]!), "7f0000002000-7f0000003000");
  assertEquals(parseMaps(""), []);
});

Deno.test("parsePerfMap() finds compiled functions, the newer one where code was put over code", () => {
  const map = parsePerfMap(
    "7f00 40 old\n7e00 10 LazyCompile:~main /app.js:1\nnothing\n7f00 20 new one\n0x7f40 0x8 hex\n",
  );
  assertEquals(map.at(0x7e0f), {
    name: "LazyCompile:~main /app.js:1",
    address: 0x7e00,
    size: 0x10,
  });
  assertEquals(map.at(0x7f10)?.name, "new one");
  assertEquals(map.at(0x7f41)?.name, "hex");
  for (const outside of [0, 0x7dff, 0x7e10, 0x7f20, 0x7f48]) {
    assertEquals(map.at(outside), undefined);
  }
});

Deno.test("parseInnermostPid() reads the number that a process has in its own namespace", () => {
  assertEquals(parseInnermostPid("Name:\ta\nNSpid:\t1234\t17\t1\nNSpgid:\t1\n"), 1);
  assertEquals(parseInnermostPid("NSpid:\t1234\n"), 1234);
  assertEquals(parseInnermostPid("Name:\ta\n"), undefined);
});
