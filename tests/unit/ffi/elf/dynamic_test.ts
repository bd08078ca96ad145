import { dynamicInfo } from "../../../../ffi/elf/dynamic.ts";
import { parseElf } from "../../../../ffi/elf/elf.ts";
import { assertEquals } from "../../../assert.ts";
import { buildElf } from "./build_elf.ts";
import { library } from "./fixture_library.ts";

Deno.test("the loader, the libraries and the folders are read up to DT_NULL", () => {
  assertEquals(dynamicInfo(parseElf(library({ resolver: Uint8Array.of(0xc3) }))), {
    interpreter: "/lib/ld.so",
    needed: ["libneeded.so.1"],
    soname: "libself.so.2",
    rpath: ["$ORIGIN"],
    runpath: ["/a", "/b"],
  });
});

Deno.test("a static executable needs nothing", () => {
  assertEquals(dynamicInfo(parseElf(buildElf({}))), {
    interpreter: undefined,
    needed: [],
    soname: undefined,
    rpath: [],
    runpath: [],
  });
});
