import { assertEquals } from "../../../assert.ts";
import { baseName, join, normalize, parent } from "../../../../cmd/vm/paths.ts";

Deno.test("normalize() resolves dots and doubled slashes, from the root", () => {
  assertEquals(normalize("/a//b/./c/../d/"), "/a/b/d");
  assertEquals(normalize("a"), "/a");
  assertEquals(normalize("/../.."), "/");
});

Deno.test("join(), parent() and baseName() treat the root as any folder", () => {
  assertEquals(join("/", "lib"), "/lib");
  assertEquals(join("/usr", "/lib"), "/usr/lib");
  assertEquals(parent("/lib"), "/");
  assertEquals(parent("/usr/lib"), "/usr");
  assertEquals(baseName("/usr/lib"), "lib");
  assertEquals(baseName("lib"), "lib");
});
