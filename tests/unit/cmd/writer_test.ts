import { Writer } from "../../../cmd/writer.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("a Writer writes on where the target took only a part", () => {
  const taken: number[] = [];
  const target = {
    writeSync(bytes: Uint8Array): number {
      const n = Math.min(3, bytes.length);
      taken.push(...bytes.subarray(0, n));
      return n;
    },
  };
  const writer = new Writer(target);
  writer.line("Grüße");
  writer.line("2");
  assertEquals(taken.length, 0);
  writer.flush();
  assertEquals(new TextDecoder().decode(Uint8Array.from(taken)), "Grüße\n2\n");
});

Deno.test("a Writer says once that its reader is gone, and writes no more", () => {
  let writes = 0;
  let closed = 0;
  const target = {
    writeSync(): number {
      writes++;
      throw new Deno.errors.BrokenPipe();
    },
  };
  const writer = new Writer(target, { onClosed: () => closed++ });
  for (let i = 0; i < 3; i++) {
    writer.line("x");
    writer.flush();
  }
  assertEquals([writes, closed], [1, 1]);
});
