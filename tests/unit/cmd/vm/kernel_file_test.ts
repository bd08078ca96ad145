import { findKernel } from "../../../../cmd/vm/kernel_file.ts";
import { join, parent } from "../../../../cmd/vm/paths.ts";
import { VmError } from "../../../../cmd/vm/vm_error.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { fakeModule } from "./elf_fake.ts";

function withFiles(paths: readonly string[], use: (root: string) => void): void {
  const root = Deno.makeTempDirSync({ prefix: "gimlet-test-" });
  try {
    for (const path of paths) {
      Deno.mkdirSync(parent(join(root, path)), { recursive: true });
      Deno.writeFileSync(join(root, path), fakeModule([]));
    }
    use(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("findKernel() takes the newest of a series, first of those installed", () => {
  const files = [
    "system/boot/vmlinuz-6.1.0-9-amd64",
    "system/boot/vmlinuz-6.1.0-56-amd64",
    "system/boot/vmlinuz-6.12.1",
    "system/lib/modules/6.1.0-70-amd64/modules.dep", // its kernel is gone
    "system/lib/modules/6.5.3/vmlinux",
    "cache/6.1.0-80-cloud/boot/vmlinuz-6.1.0-80-cloud",
    "cache/7.2.1/usr/lib/modules/7.2.1/vmlinuz",
    "cache/7.2.1/usr/lib/modules/7.2.1/kernel/drivers/loop.ko",
  ];
  withFiles(files, (root) => {
    const places = { system: `${root}/system`, cache: `${root}/cache` };
    const path = (asked: string) => findKernel(asked, places).path.slice(root.length);
    assertEquals(path("6.1"), "/system/boot/vmlinuz-6.1.0-56-amd64");
    assertEquals(path("6.1.0-9-amd64"), "/system/boot/vmlinuz-6.1.0-9-amd64");
    assertEquals(path("6.12"), "/system/boot/vmlinuz-6.12.1");
    assertEquals(path("6.5.3"), "/system/lib/modules/6.5.3/vmlinux");
    assertEquals(path("6.1.0-80-cloud"), "/cache/6.1.0-80-cloud/boot/vmlinuz-6.1.0-80-cloud");
    assertEquals(path("7.2"), "/cache/7.2.1/usr/lib/modules/7.2.1/vmlinuz");
    const modules = findKernel("7.2", places).modulesFor?.(["loop"]);
    assertEquals(modules, [`${root}/cache/7.2.1/usr/lib/modules/7.2.1/kernel/drivers/loop.ko`]);
    assertThrows(() => findKernel("6.2", places), VmError, "no kernel 6.2: not in ");
    assertThrows(() => findKernel("6.1.0-70-amd64", places), VmError);
  });
});

Deno.test("findKernel() takes a path as it is", () => {
  assertEquals(findKernel("arch/x86/boot/bzImage"), { path: "arch/x86/boot/bzImage" });
});
