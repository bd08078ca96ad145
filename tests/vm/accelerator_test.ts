import { isQuick } from "../../cmd/vm/accelerator.ts";
import { assertEquals } from "../assert.ts";
import { qemu, test } from "../support.ts";

test("a boot sector tells a processor that counts from one that does not", {
  needs: [qemu],
}, async () => {
  assertEquals(await isQuick("tcg", 120_000), true);
  assertEquals(await isQuick("tcg", 1), false);
});
