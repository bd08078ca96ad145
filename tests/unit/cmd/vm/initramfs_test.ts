import { assertEquals } from "../../../assert.ts";
import { ImageTree, mergedPath } from "../../../../cmd/vm/initramfs.ts";

Deno.test("mergedPath() puts /bin, /sbin and /lib below /usr", () => {
  assertEquals(mergedPath("/bin/sh"), "/usr/bin/sh");
  assertEquals(mergedPath("/lib64/../lib/x/y"), "/usr/lib/x/y");
  assertEquals(mergedPath("/usr/bin/sh"), "/usr/bin/sh");
  assertEquals(mergedPath("/bin"), "/bin");
  assertEquals(mergedPath("/binary/sh"), "/binary/sh");
});

Deno.test("ImageTree puts folders before what is in them, and keeps the first of a path", () => {
  const tree = new ImageTree();
  const data = new Uint8Array(1);
  tree.addFile("/bin/sh", data);
  tree.addFile("/usr/bin/sh", new Uint8Array(2));
  tree.add({ kind: "symlink", path: "/usr/share/a/b", target: "c" });
  const directory = (path: string) => ({ kind: "directory", path } as const);
  assertEquals(tree.entries(), [
    directory("/usr"),
    directory("/usr/bin"),
    { kind: "file", path: "/usr/bin/sh", data, mode: 0o755 },
    directory("/usr/share"),
    directory("/usr/share/a"),
    { kind: "symlink", path: "/usr/share/a/b", target: "c" },
  ]);
});
