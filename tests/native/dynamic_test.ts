/** Objects that came without a skeleton: what is inside is read from their own BTF. */

import {
  BpfError,
  type CValue,
  type DynamicSkeleton,
  type ObjectSource,
  type OpenObject,
  openObject,
} from "../../mod.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { compileBpf } from "../bpf.ts";
import { clang, root, test } from "../support.ts";
import { maps } from "../workload/maps/maps.gen.ts";

const needs = [root, clang];
const WEIRD = new URL("../fixtures/dynamic/weird.bpf.c", import.meta.url).pathname;

async function openWeird(): Promise<OpenObject<DynamicSkeleton>> {
  return openObject(await compileBpf(WEIRD), { name: "weird" });
}

const ZERO = {
  word: 0,
  byte: [0, 0, 0, 0],
  low: 0,
  high: 0,
  both: { whole: 0n, halves: { first: 0, second: 0 } },
  flags: 0,
  mode: 0,
  rest: 0,
  wide: 0n,
  color: 0,
  yes: false,
  grid: ["", ""],
  pointer: 0n,
  later: 0n,
  huge: 0n,
  matrix: [[0, 0, 0], [0, 0, 0]],
};

test("an object opens from bytes, by its path and by its URL", { needs: [root] }, () => {
  const url = maps.object;
  const sources: ObjectSource[] = [Deno.readFileSync(url), url.pathname, url];
  for (const source of sources) {
    using object = openObject(source).load();
    assertEquals(object.skeleton.programs, maps.programs);
    assertEquals(Object.keys(object.skeleton.maps), Object.keys(maps.maps));
    assertEquals(Object.keys(object.skeleton.globals), Object.keys(maps.globals));
    object.map("hash").set(1, { left: 2, right: 3n });
    assertEquals(object.map<number, { left: number; right: bigint }>("hash").get(1)!.right, 3n);
    using inner = object.mapOfMaps("outer").get(1)!;
    assertEquals(inner.set(1, 2n).get(1), 2n);
  }
});

test(
  "unions, bit-fields, enums, pointers and 128 bits are read and written",
  { needs },
  async () => {
    using open = await openWeird();
    const initial = { ...ZERO, word: 7, byte: [7, 0, 0, 0], mode: 9, color: -2 };
    assertEquals(open.global("shared"), initial);
    assertEquals([open.global("pair"), open.programNames], [
      { a: 1, b: 2 },
      ["on_getppid", "not_loaded"],
    ]);
    const changed = {
      ...ZERO,
      huge: -1n << 100n,
      wide: -5n,
      flags: 7,
      rest: 65535,
      color: 1,
      yes: true,
    };
    open.setGlobal("shared", changed).setGlobal("pair", { a: 3, b: 4 });
    assertEquals([open.global("shared"), open.global("pair")], [changed, { a: 3, b: 4 }]);
    using object = open.load();
    assertEquals(object.programs().map(({ name }) => name), ["on_getppid"]);
    const map = object.map<CValue, CValue>("weird");
    // One member of a union is enough, and several must agree.
    const { word: _, ...rest } = { ...ZERO, both: { halves: { first: 1, second: 2 } } };
    map.set({ text: "key" }, { ...rest, byte: [1, 2, 3, 4] });
    assertEquals(map.get({ number: 0x79656b }), {
      ...ZERO,
      word: 0x04030201,
      byte: [1, 2, 3, 4],
      both: { whole: 0x200000001n, halves: { first: 1, second: 2 } },
    });
    const wrong: [CValue, string][] = [
      [{ ...ZERO, word: 1 }, "its member byte contradicts another one"],
      [{ ...ZERO, both: {} }, "one of whole, halves should be given"],
      [{ ...ZERO, flags: 8 }, "Cannot encode flags: it is 8, should be an integer from 0 to 7"],
      [{ ...ZERO, rest: 1n }, "Cannot encode rest: it is 1n, should be an integer from 0 to 65535"],
      [{ ...ZERO, yes: 1 }, "Cannot encode yes: it is 1, should be a boolean"],
      [5, "Cannot encode value of map weird: it is 5, should be an object"],
    ];
    for (const [value, message] of wrong) {
      assertThrows(
        () => map.set({ number: 1 }, value),
        Error,
        message,
      );
    }
  },
);

test("a map of which only sizes are known has bytes", { needs }, async () => {
  using object = (await openWeird()).load();
  const map = object.map("sized").set(Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6, 7, 8));
  assertEquals([...map], [[Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6, 7, 8)]]);
  assertThrows(() => map.get(Uint8Array.of(1)), RangeError, "its length is 1, should be 5");
});

test(
  "records are bytes, or what a type of the object says, as long as they are",
  { needs },
  async () => {
    using object = (await openWeird()).load();
    using link = object.program("on_getppid").attach();
    void Deno.ppid;
    link[Symbol.dispose]();
    const codec = object.skeleton.typeNamed("tail_t")!;
    assertEquals([object.skeleton.typeNamed("no_such_t"), codec.size], [undefined, 4]);
    using ring = object.ringBuffer("ring", { codec });
    const records: CValue[] = [];
    ring.drain(1, (event) => records.push(event) > 0);
    assertEquals(records, [{ count: 2, items: [5, 6] }]);
  },
);

test("what cannot be opened says why", { needs: [root] }, () => {
  const refused: [ObjectSource, string][] = [
    ["/no/such/file.bpf.o", "Cannot open object file: No such file or directory"],
    [new Uint8Array(10), "Cannot open object object: ELF: the file does not begin with"],
    [Deno.execPath(), "Cannot open object deno: machine is"],
  ];
  for (const [source, message] of refused) {
    const error = assertThrows(() => openObject(source), BpfError, message);
    assertEquals((error as BpfError).code, "E_OBJECT");
  }
  using object = openObject(maps.object);
  assertThrows(() => object.setGlobal("missing", 1), RangeError, "Cannot find variable missing in");
  assertThrows(() => object.setGlobal("step", -1), RangeError, "Cannot encode step: it is -1");
  assertThrows(() => object.setAutoload("missing", true), RangeError, "it has on_getppid, on_tail");
});
