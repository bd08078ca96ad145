import { histLines, linearBuckets, log2Buckets } from "../../../programs/lib/histogram.ts";
import { assertEquals } from "../../assert.ts";
import cases from "../../fixtures/bcc/histograms.json" with { type: "json" };

for (const [name, { scale, unit, slots, counts }] of Object.entries(cases)) {
  Deno.test(`histLines() prints ${name} to the letter as BCC does`, async () => {
    const expected = await Deno.readTextFile(
      new URL(`../../fixtures/bcc/${name}.txt`, import.meta.url),
    );
    const values = Array<bigint>(slots).fill(0n);
    for (const [slot, count] of Object.entries(counts)) values[Number(slot)] = BigInt(count);
    const buckets = scale === "log2" ? log2Buckets(values) : linearBuckets(values);
    const kind = scale === "log2" ? "log2" : "linear";
    const lines = histLines({ type: "hist", name, title: "title", scale: kind, unit, buckets });
    assertEquals(lines.slice(0, 2), ["title", "~~~~~"]);
    assertEquals(lines.slice(2).map((line) => line + "\n").join(""), expected);
  });
}

Deno.test("the last slot of a linear histogram stands for all that is larger", () => {
  const buckets = linearBuckets([0n, 1n, 4n]);
  assertEquals(buckets.at(-1), { low: 2n, high: null, count: 4n });
  const lines = histLines({
    type: "hist",
    name: "h",
    title: "t",
    scale: "linear",
    unit: "kbytes",
    buckets,
  });
  assertEquals(lines.at(-1), `        >= 2       : 4        |${"*".repeat(40)}|`);
});

Deno.test("bars are exact where counts are larger than a double can tell", () => {
  const huge = 2n ** 63n;
  const lines = histLines({
    type: "hist",
    name: "h",
    title: "t",
    scale: "linear",
    unit: "u",
    buckets: [{ low: 0n, high: 0n, count: huge - 1n }, { low: 1n, high: 1n, count: huge }],
  });
  assertEquals(lines.at(-2)!.split("|")[1], "*".repeat(39) + " ");
});
