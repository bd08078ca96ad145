import { catalog } from "../../../programs/catalog.gen.ts";
import { tools } from "../../../programs/registry.gen.ts";
import { assertEquals } from "../../assert.ts";

Deno.test("the catalog says of each tool what its declaration says, in the order of the lessons", async () => {
  const said = catalog.map(({ name, lesson, summary }) => ({ name, lesson, summary }));
  const declared = tools.toSorted((a, b) => a.lesson - b.lesson)
    .map(({ name, lesson, summary }) => ({ name, lesson, summary }));
  assertEquals(said, declared);
  for (const entry of catalog) assertEquals((await entry.load()).name, entry.name);
});
