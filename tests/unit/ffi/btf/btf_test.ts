import type { BtfType } from "../../../../ffi/btf/btf.ts";
import { parseBtf, resolveType, sizeOfType, unqualifiedType } from "../../../../ffi/btf/btf.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assert, assertEquals, assertThrows } from "../../../assert.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { BtfBuilder } from "./build_btf.ts";

function everything(): { bytes: Uint8Array; ids: Record<string, number> } {
  const b = new BtfBuilder();
  const int = b.int("int", 4, 1);
  const char = b.int("char", 1, 1);
  const bool = b.int("_Bool", 1, 4);
  const array = b.array(char, 16);
  const matrix = b.array(array, 3);
  const pair = b.struct("pair", { size: 8 }, ["a", int, 0], ["b", int, 32]);
  const bits = b.struct("bits", { size: 4, flag: true }, ["low", int, (3 << 24) | 5]);
  const either = b.struct("either", { size: 4, kind: 5 }, ["x", int, 0]);
  const ops = b.add({ kind: 6, name: "op", vlen: 2, size: 4 }, b.string("A"), 0, b.string("B"), -1);
  const fwd = b.add({ kind: 7, name: "later", flag: true });
  const typedef = b.add({ kind: 8, name: "pair_t", size: pair });
  const constant = b.add({ kind: 10, size: typedef });
  const volatile = b.add({ kind: 9, size: constant });
  const restrict = b.add({ kind: 11, size: volatile });
  const tag = b.add({ kind: 18, name: "user", size: restrict });
  const ptr = b.add({ kind: 2, size: tag });
  const proto = b.add({ kind: 13, vlen: 1, size: int }, b.string("ctx"), ptr);
  const func = b.add({ kind: 12, name: "run", vlen: 1, size: proto });
  const variable = b.add({ kind: 14, name: "count", size: int }, 1);
  const section = b.add({ kind: 15, name: ".bss", vlen: 1, size: 4 }, variable, 0, 4);
  const float = b.add({ kind: 16, name: "double", size: 8 });
  const decl = b.add({ kind: 17, name: "mark", size: pair }, 1);
  const wide = b.add(
    { kind: 19, name: "wide", vlen: 1, size: 8, flag: true },
    b.string("MINUS_TWO"),
    -2,
    -1,
  );
  const ids = { int, char, bool, array, matrix, pair, bits, either, ops, fwd, typedef, tag, ptr };
  return {
    bytes: b.bytes(),
    ids: { ...ids, proto, func, variable, section, float, decl, wide, constant },
  };
}

const { bytes, ids } = everything();
const btf = parseBtf(bytes);

function type(name: string): BtfType {
  return btf.type(ids[name] ?? -1);
}

Deno.test("every kind is decoded", () => {
  const kinds = [...btf.types()].map(({ kind }) => kind);
  assertEquals(
    kinds.join(" "),
    "int int int array array struct struct union enum fwd typedef const " +
      "volatile restrict typeTag ptr funcProto func var datasec float declTag enum",
  );
  assertEquals(btf.type(0).kind, "void");
});

Deno.test("integers say what clang calls them", () => {
  const flags = ["int", "char", "bool"].map((name) => {
    const it = type(name);
    assert(it.kind === "int");
    return [it.size, it.bits, it.signed, it.bool, it.char];
  });
  assertEquals(flags, [
    [4, 32, true, false, false],
    [1, 8, true, false, true],
    [1, 8, false, true, false],
  ]);
});

Deno.test("members have offsets in bits, and bit-fields their size", () => {
  const pair = type("pair");
  const bits = type("bits");
  assert(pair.kind === "struct" && bits.kind === "struct");
  assertEquals(pair.members.map((it) => [it.name, it.bitOffset, it.bitSize]), [
    ["a", 0, 0],
    ["b", 32, 0],
  ]);
  assertEquals(bits.members.map((it) => [it.name, it.bitOffset, it.bitSize]), [["low", 5, 3]]);
});

Deno.test("an enum with a negative value is signed, whatever its flag says", () => {
  const op = type("ops");
  const wide = type("wide");
  assert(op.kind === "enum" && wide.kind === "enum");
  assertEquals([op.signed, op.values.map(({ value }) => value)], [true, [0n, -1n]]);
  assertEquals([wide.signed, wide.size, wide.values[0]?.value], [true, 8, -2n]);
});

Deno.test("functions, variables, sections and tags refer to other types", () => {
  assertEquals(type("func"), {
    kind: "func",
    id: ids.func ?? 0,
    name: "run",
    type: ids.proto ?? 0,
    linkage: "global",
  });
  const proto = type("proto");
  const section = type("section");
  const decl = type("decl");
  assert(proto.kind === "funcProto" && section.kind === "datasec" && decl.kind === "declTag");
  assertEquals(proto.parameters[0]?.name, "ctx");
  assertEquals(section.variables[0], { type: ids.variable ?? 0, offset: 0, size: 4 });
  assertEquals([decl.name, decl.type, decl.component], ["mark", ids.pair ?? 0, 1]);
});

Deno.test("typedefs, qualifiers and tags are seen through", () => {
  assertEquals(resolveType(btf, ids.tag ?? 0).name, "pair");
  assertEquals(unqualifiedType(btf, ids.tag ?? 0).name, "pair_t");
});

Deno.test("sizes count arrays of arrays, and pointers with 8 bytes", () => {
  const size = (name: string) => sizeOfType(btf, ids[name] ?? 0);
  assertEquals(["matrix", "tag", "ptr", "wide", "func"].map(size), [48, 8, 8, 8, 0]);
});

Deno.test("a name is found, of a kind if it is asked for", () => {
  assertEquals(btf.find("pair")?.id, ids.pair ?? 0);
  assertEquals(btf.find("pair", "struct", "union")?.size, 8);
  assertEquals(btf.find("pair", "typedef"), undefined);
  assertEquals(btf.find("nothing"), undefined);
});

Deno.test("types of the same name are told apart by their kind", () => {
  const b = new BtfBuilder();
  const struct = b.struct("same", { size: 0 });
  const other = b.int("other", 4);
  const typedef = b.add({ kind: 8, name: "same", size: other });
  const parsed = parseBtf(b.bytes());
  assertEquals(parsed.find("same")?.id, struct);
  assertEquals(parsed.find("same", "typedef")?.id, typedef);
});

Deno.test("a name that ends others is found, and one that is only their end is not", () => {
  const b = new BtfBuilder();
  b.struct("tcp_sock", { size: 1 });
  b.struct("inet_sock", { size: 2 });
  const sock = b.struct("sock", { size: 3 });
  const parsed = parseBtf(b.bytes());
  assertEquals(parsed.find("sock")?.id, sock);
  assertEquals(parsed.find("ock"), undefined);
});

Deno.test("a name may stand at the end of another: strings that end alike can share their bytes", () => {
  const b = new BtfBuilder();
  const long = b.int("unsigned_int", 4);
  const short = b.int("", 4);
  const bytes = b.bytes();
  const parsed = parseBtf(bytes);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("unsigned_int");
  const strings = bytes.length - parsed.stringsEnd;
  // The second record's name becomes the end of the first one's.
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(24 + 16, at - strings + 9, true);
  const shared = parseBtf(bytes);
  assertEquals([shared.find("unsigned_int")?.id, shared.find("int")?.id], [long, short]);
});

Deno.test("names are found among others that are no ASCII", () => {
  const b = new BtfBuilder();
  b.int("grosse", 4);
  const plain = b.int("plain", 4);
  const bytes = b.bytes();
  bytes[new TextDecoder("latin1").decode(bytes).indexOf("grosse") + 2] = 0xf6;
  const parsed = parseBtf(bytes);
  assertEquals([parsed.find("plain")?.id, parsed.find("lain")], [plain, undefined]);
});

Deno.test("a value of an enum is found by its name, in enums of either width, and in the base", () => {
  assertEquals(["A", "B", "MINUS_TWO"].map((name) => btf.findEnumerator(name)), [0n, -1n, -2n]);
  assertEquals([btf.findEnumerator("a"), btf.findEnumerator("")], [undefined, undefined]);
  const module = parseBtf(new BtfBuilder(btf).bytes(), { base: btf });
  assertEquals(module.findEnumerator("B"), -1n);
});

Deno.test("a module's BTF continues that of the kernel", () => {
  const b = new BtfBuilder(btf);
  const pointer = b.add({ kind: 2, size: ids.pair ?? 0 });
  const own = b.struct("own", { size: 8 }, ["p", pointer, 0]);
  const module = parseBtf(b.bytes(), { base: btf });
  assertEquals(own, btf.count + 1);
  assertEquals(module.find("own", "struct")?.members[0]?.name, "p");
  assertEquals(module.find("pair", "struct")?.id, ids.pair ?? 0);
  assertEquals([...module.types()].length, btf.count + 1);
});

Deno.test("what is no BTF is refused with the reason", () => {
  const refuse = (bytes: Uint8Array, reason: string) =>
    assertThrows(() => parseBtf(bytes), FormatError, `Cannot read BTF: ${reason}`);
  refuse(new Uint8Array(1), "the magic number ends at 2, the data at 1");
  refuse(Uint8Array.of(0x7f, 0x45), "it begins with 0x457f, should be 0xeb9f");
  refuse(Uint8Array.of(0xeb, 0x9f), "it is big-endian");
  refuse(bytes.slice(0, bytes.length - 1), "str part ends at");
});

Deno.test("a type of an unknown kind hides those behind it, and no other", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, 1);
  b.add({ kind: 20, name: "new" });
  b.struct("hidden", { size: 1 });
  const parsed = parseBtf(b.bytes());
  assertEquals([parsed.find("int")?.id, parsed.type(int).name], [int, "int"]);
  const unknown = "Cannot read BTF: type 2 has kind 20, known are 1 to 19";
  for (
    const ask of [
      () => parsed.type(2),
      () => parsed.find("hidden"),
      () => parsed.count,
      () => [...parsed.types()],
      () => parsed.namesOfKind("struct"),
    ]
  ) {
    assertThrows(ask, FormatError, unknown);
  }
  assertEquals(parsed.find("int")?.id, int);
});

Deno.test("what stands behind the last record must be one", () => {
  const b = new BtfBuilder();
  const pointer = b.add({ kind: 2 }, 0); // a word more than it has
  const parsed = parseBtf(b.bytes());
  assertEquals(parsed.type(pointer).kind, "ptr");
  assertThrows(() => parsed.count, FormatError, "Cannot read BTF: type 2 ends at");
});

Deno.test("an id that does not exist is refused", () => {
  assertThrows(() => btf.type(99), FormatError, "there is no type 99, the last is 23");
});

Deno.test("types that contain themselves are refused", () => {
  const b = new BtfBuilder();
  b.add({ kind: 8, name: "loop", size: 1 });
  b.add({ kind: 3 }, 2, 2, 5);
  const loops = parseBtf(b.bytes());
  assertThrows(() => resolveType(loops, 1), FormatError, "type 1 contains itself");
  assertThrows(() => sizeOfType(loops, 2), FormatError, "type 2 contains itself");
});

Deno.test("broken BTF gives a value or a FormatError", () => {
  assertSurvivesMutations(bytes, (broken) => {
    const parsed = parseBtf(broken);
    return [parsed.find("pair"), ...[...parsed.types()].map(({ id }) => sizeOfType(parsed, id))];
  });
});
