import {
  linearHistLines,
  linearHists,
  log2HistLines,
  log2Hists,
  printLog2Hist,
} from "../../../programs/lib/map_histogram.ts";
import { assertEquals, assertThrows } from "../../assert.ts";
import keyed from "../../fixtures/bcc/keyed.json" with { type: "json" };

for (const [name, { scale, unit, header, strip, entries }] of Object.entries(keyed)) {
  Deno.test(`histograms of keys with sections are those of BCC: ${name}`, async () => {
    const expected = await Deno.readTextFile(
      new URL(`../../fixtures/bcc/${name}.txt`, import.meta.url),
    );
    const map = entries.map(({ section, slot, count }) => [{ section, slot }, count] as const);
    const options = { unit, sectionHeader: header, stripLeadingZero: strip };
    const lines = scale === "log2" ? log2HistLines(map, options) : linearHistLines(map, options);
    assertEquals(lines.map((line) => line + "\n").join(""), expected);
  });
}

Deno.test("keys that are slots make one histogram; the counts of CPUs are added up", () => {
  assertEquals(log2Hists([[1, [1n, 2n]], [3, 4]]), [{
    section: undefined,
    hist: {
      type: "hist",
      name: "",
      scale: "log2",
      unit: "value",
      title: "",
      buckets: [
        { low: 0n, high: 1n, count: 3n },
        { low: 2n, high: 3n, count: 0n },
        { low: 4n, high: 7n, count: 4n },
      ],
    },
  }]);
  assertEquals(linearHists([[2, 4]])[0]?.hist.buckets.at(-1), { low: 2n, high: 2n, count: 4n });
});

Deno.test("bucketOf puts keys into one section, sectionOrder sorts them, sectionText names them", () => {
  const map = new Map([
    [{ pid: 11, comm: "b", slot: 1 }, 1n],
    [{ pid: 10, comm: "a", slot: 1 }, 2n],
    [{ pid: 12, comm: "b", slot: 1 }, 4n],
  ]);
  const lines = linearHistLines<{ comm: string; slot: number }, string>(map, {
    bucketOf: ({ comm, slot }) => ({ section: comm, slot }),
    sectionOrder: (a, b) => a < b ? -1 : 1,
    sectionHeader: "command",
    sectionText: (comm) => comm.toUpperCase(),
  });
  assertEquals(lines.filter((line) => /=|[1-9] +\|/.test(line)).map((line) => line.slice(0, 24)), [
    "command = A",
    "        1          : 2  ",
    "command = B",
    "        1          : 5  ",
  ]);
});

Deno.test("a key of several fields has all but the slot for its section", () => {
  const [first] = log2Hists([[{ major: 8, minor: 1, slot: 2n }, 1]]);
  assertEquals(first?.section, { major: 8, minor: 1 });
});

Deno.test("a key without a slot is refused", () => {
  assertThrows(() => log2Hists([["name", 1]]), TypeError, "a struct with a slot");
});

Deno.test("printLog2Hist() gives each line to the function that prints; an empty map has none", () => {
  const lines: string[] = [];
  printLog2Hist(new Map([[1, 3n]]), { unit: "kbytes", print: (line) => lines.push(line) });
  assertEquals(lines.length, 2);
  assertEquals(log2HistLines(new Map<number, bigint>()), []);
});
