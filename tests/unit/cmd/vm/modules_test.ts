import { assertEquals, assertThrows } from "../../../assert.ts";
import { moduleDependencies, modulePaths } from "../../../../cmd/vm/modules.ts";
import { join } from "../../../../cmd/vm/paths.ts";
import { fakeModule } from "./elf_fake.ts";

Deno.test("moduleDependencies() reads depends= of .modinfo", () => {
  const fields = ["license=GPL", "depends=virtio_ring,virtio", "name=virtio_blk"];
  assertEquals(moduleDependencies(fakeModule(fields)), ["virtio_ring", "virtio"]);
  assertEquals(moduleDependencies(fakeModule(["depends="])), []);
});

Deno.test("modulePaths() puts what a module needs before it, and leaves out what is built in", () => {
  const folder = Deno.makeTempDirSync({ prefix: "gimlet-test-" });
  try {
    const module = (path: string, needs: string) => {
      Deno.mkdirSync(join(folder, `kernel/${path}/..`), { recursive: true });
      Deno.writeFileSync(join(folder, `kernel/${path}`), fakeModule([`depends=${needs}`]));
    };
    module("drivers/top-most.ko", "middle,bottom,nvme");
    module("middle.ko", "bottom");
    module("lib/bottom.ko", "");
    Deno.writeTextFileSync(join(folder, "modules.builtin"), "kernel/drivers/nvme.ko\n");
    const names = ["nvme", "top_most", "bottom"];
    assertEquals(
      modulePaths(folder, names).map((path) => path.slice(folder.length)),
      ["/kernel/lib/bottom.ko", "/kernel/middle.ko", "/kernel/drivers/top-most.ko"],
    );
    assertThrows(() => modulePaths(folder, ["none"]), Error, "Cannot find the kernel module none");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
