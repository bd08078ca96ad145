import type { BtfOf } from "../../../../ffi/btf/btf.ts";
import { parseBtf } from "../../../../ffi/btf/btf.ts";
import type { MapDescription, ObjectDescription } from "../../../../ffi/btf/object.ts";
import { describeObject } from "../../../../ffi/btf/object.ts";
import { skeletonSource } from "../../../../ffi/btf/skeleton.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import type { ValueOf } from "../../../../ffi/wire/codec.ts";
import type { Data, Hist, Key } from "../../../fixtures/btf/fixture.gen.ts";
import { dataCodec, fixture, histCodec, keyCodec, Op } from "../../../fixtures/btf/fixture.gen.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../../assert.ts";
import { BtfBuilder } from "./build_btf.ts";

const FIXTURES = new URL("../../../fixtures/btf/", import.meta.url);
const description = describeObject(Deno.readFileSync(new URL("fixture.o", FIXTURES)));

/**
 * The committed text is what `deno check` and the tests below see. After a change of the generator:
 * `GIMLET_UPDATE=1 deno test -A tests/unit/ffi/btf/skeleton_test.ts`
 */
Deno.test("the fixture's skeleton is the committed one", () => {
  const file = new URL("fixture.gen.ts", FIXTURES);
  const text = skeletonSource("fixture", description);
  if (updates()) Deno.writeTextFileSync(file, text);
  assertEquals(text, Deno.readTextFileSync(file));
});

function updates(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "GIMLET_UPDATE" });
  return state === "granted" && Deno.env.get("GIMLET_UPDATE") === "1";
}

Deno.test("the order in which clang wrote the types does not change the text", () => {
  const text = (names: string[]) => {
    const b = new BtfBuilder();
    const int = b.int("int", 4);
    const ids = new Map(names.map((name) => [name, b.struct(name, { size: 4 }, ["x", int, 0])]));
    const map = { name: "m", type: "hash", maxEntries: 1, keySize: 4, valueSize: 4 } as const;
    const maps = [{ ...map, key: ids.get("first_t"), value: ids.get("second_t") }];
    const btf = parseBtf(b.bytes());
    return skeletonSource("tool", { btf, programs: [], maps, globals: [], events: [] });
  };
  assertEquals(text(["second_t", "first_t"]), text(["first_t", "second_t"]));
});

const key: Key = { pid: 0xfffffffe, kind: 200, stack: 3 };
const data: Data = {
  ts: 0xffffffffffffffffn,
  key,
  op: Op.OP_WRITE,
  comm: "sixteen letters!",
  lines: ["one", "two"],
  args: [1, 2, 0xffffffff],
  delta: -128,
  ok: true,
  temperature: -300,
  letter: 255,
  address: 0xffff888000000000n,
  pair: [key, { ...key, pid: 1 }],
  total: -5n,
};

Deno.test("what is written is read again, at any offset", () => {
  const view = new DataView(new ArrayBuffer(8 + dataCodec.size));
  dataCodec.encode(view, 8, data);
  assertEquals(dataCodec.decode(view, 8), data);
  const hist: Hist = { slots: [1n, 2n, 3n, 1n << 63n] };
  histCodec.encode(view, 0, hist);
  assertEquals(histCodec.decode(view, 0), hist);
});

Deno.test("bytes lie where C has them", () => {
  const view = new DataView(new ArrayBuffer(dataCodec.size));
  dataCodec.encode(view, 0, data);
  const struct = description.btf.find("data_t", "struct");
  assert(struct !== undefined);
  const at = (name: string) => offsetOf(struct, name);
  assertEquals(view.getUint32(at("key"), true), key.pid);
  assertEquals(view.getUint32(at("op"), true), 7);
  assertEquals(view.getInt16(at("temperature"), true), -300);
  assertEquals(view.getUint32(at("args") + 8, true), 0xffffffff);
  assertEquals(view.getBigInt64(at("total"), true), -5n);
  assertEquals(dataCodec.size, struct.size);
});

function offsetOf(struct: BtfOf<"struct">, name: string): number {
  return (struct.members.find((member) => member.name === name)?.bitOffset ?? NaN) / 8;
}

Deno.test("padding is cleared, because the kernel compares keys byte for byte", () => {
  const bytes = new Uint8Array(keyCodec.size).fill(0xff);
  keyCodec.encode(new DataView(bytes.buffer), 0, { pid: 0, kind: 0, stack: 0 });
  assertEquals(bytes, new Uint8Array(keyCodec.size));
});

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

Deno.test("names are literal types, and values have exact types", () => {
  const names: Same<keyof typeof fixture.maps, "counts" | "dist" | "events" | "stacks"> = true;
  const programs: Same<keyof typeof fixture.programs, "on_open" | "on_read" | "on_readline"> = true;
  const keys: Same<ValueOf<typeof fixture.maps.dist.key>, Key> = true;
  const values: Same<ValueOf<typeof fixture.maps.counts.value>, bigint> = true;
  const event: Same<ValueOf<typeof fixture.maps.events.event>, Data> = true;
  const global: Same<ValueOf<typeof fixture.globals.verbose.codec>, boolean> = true;
  assert(names && programs && keys && values && event && global);
});

Deno.test("a field that is gone does not compile", () => {
  const { events } = fixture.maps;
  const view = new DataView(new ArrayBuffer(events.event.size));
  const value = events.event.decode(view, 0);
  // @ts-expect-error data_t has no field called gone
  assertEquals(value.gone, undefined);
  // @ts-expect-error there is no such map
  assertEquals(fixture.maps.gone, undefined);
  // @ts-expect-error fields are readonly
  value.delta = 1;
});

/** An object with one map whose value is what `make` makes. */
function objectWith(make: (b: BtfBuilder) => number): ObjectDescription {
  const b = new BtfBuilder();
  const value = make(b);
  const map: MapDescription = {
    name: "m",
    type: "hash",
    maxEntries: 1,
    key: undefined,
    value,
    keySize: 4,
    valueSize: 4,
  };
  return { btf: parseBtf(b.bytes()), programs: [], maps: [map], globals: [], events: [] };
}

function sourceOf(make: (b: BtfBuilder) => number): string {
  return skeletonSource("tool", objectWith(make));
}

Deno.test("a module imports only what it uses", () => {
  const imports = sourceOf((b) => b.int("int", 4, 1)).split("\n").filter((it) =>
    it.startsWith("import")
  );
  assertEquals(imports, [
    'import type { Skeleton } from "../../../ffi/bpf/skeleton.ts";',
    'import { s32 } from "../../../ffi/wire/codec.ts";',
  ]);
});

Deno.test("an enum of 8 bytes has bigint values, a nameless one has no object", () => {
  const wide = sourceOf((b) =>
    b.add({ kind: 19, name: "wide", vlen: 1, size: 8 }, b.string("BIG"), 0, 1)
  );
  assertStringIncludes(wide, "export const Wide = {\n  BIG: 4294967296n,\n} as const;");
  assertStringIncludes(wide, "value: u64");
  const nameless = sourceOf((b) => b.add({ kind: 6, vlen: 1, size: 4 }, b.string("A"), 1));
  assertStringIncludes(nameless, "value: u32");
  assert(!nameless.includes("A: 1"));
});

Deno.test("what has no counterpart is refused, with place and advice", () => {
  const refuse = (make: (b: BtfBuilder) => number, message: string) =>
    assertThrows(
      () => sourceOf(make),
      FormatError,
      `Cannot generate types for tool.bpf.c: ${message}`,
    );
  const field = (make: (b: BtfBuilder) => number) => (b: BtfBuilder) =>
    b.struct("s", { size: 64 }, ["f", make(b), 0]);
  const int = (b: BtfBuilder) => b.int("int", 4, 1);
  refuse(
    field((b) => b.struct("u", { size: 4, kind: 5 })),
    "struct s, field f is a union; use a struct, or an array of bytes",
  );
  refuse(
    field((b) => b.array(int(b), 0)),
    "struct s, field f is a flexible array; give it a length",
  );
  refuse(
    field((b) => b.struct("", { size: 4 }, ["x", int(b), 0])),
    "struct s, field f is an anonymous struct; give the struct a name",
  );
  refuse(field((b) => b.int("odd", 3)), "struct s, field f has 3 bytes; use a number of 1, 2, 4");
  refuse((b) => b.struct("empty", { size: 0 }), "struct empty has no fields; give it one");
  refuse((b) => b.add({ kind: 7, name: "later" }), "map m, value is later, which is only declared");
});

Deno.test("floating-point numbers, 128 bits and bit-fields are read by codecs of their own", () => {
  const source = sourceOf((b) => {
    const flags = b.int("int", 4, 1);
    const members: [string, number, number][] = [
      ["double", b.add({ kind: 16, name: "double", size: 8 }), 0],
      ["id", b.int("__int128", 16), 128],
      ["low", flags, (3 << 24) | 256],
      ["high", flags, (29 << 24) | 259],
    ];
    return b.struct("s", { size: 48, flag: true }, ...members);
  });
  assertStringIncludes(source, "double: f64.decode(view, at)");
  assertStringIncludes(source, "u128.encode(view, at + 16, value.id");
  assertStringIncludes(source, "bits({ shift: 0, width: 3, signed: true })");
  assertStringIncludes(source, "bits({ shift: 3, width: 29, signed: true })");
  // Bit-fields are written into bytes that are clear.
  assert(source.indexOf("for (let i = 32; i < 48; i++)") < source.indexOf("sCodec_low.encode"));
});

Deno.test("two types that would have the same name are refused", () => {
  const make = (b: BtfBuilder) => {
    const int = b.int("int", 4);
    const inner = b.struct("data", { size: 4 }, ["x", int, 0]);
    return b.struct("data_t", { size: 4 }, ["inner", inner, 0]);
  };
  assertThrows(
    () => sourceOf(make),
    FormatError,
    "struct data would be called Data in TypeScript, like struct data_t; rename one",
  );
  const codec = (b: BtfBuilder) => b.struct("codec", { size: 4 }, ["x", b.int("int", 4), 0]);
  assertThrows(() => sourceOf(codec), FormatError, "like a name that every skeleton has");
});

Deno.test("a tool's name must be an identifier", () => {
  const empty = objectWith((b) => b.int("int", 4));
  assertThrows(() => skeletonSource("no-name", empty), FormatError, 'the name "no-name"');
});
