import { parseBtf } from "../../../../ffi/btf/btf.ts";
import { declarationText, definitionText, typeText } from "../../../../ffi/btf/c.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertEquals, assertThrows } from "../../../assert.ts";
import { BtfBuilder } from "./build_btf.ts";

const PTR = 2;
const FWD = 7;
const VOLATILE = 9;
const CONST = 10;
const PROTO = 13;
const TYPE_TAG = 18;

const b = new BtfBuilder();
const int = b.int("int", 4, 1);
const char = b.int("char", 1, 1);
const file = b.add({ kind: FWD, name: "file" });
const pointer = (size: number) => b.add({ kind: PTR, size });
const filePointer = pointer(file);
const constChar = b.add({ kind: CONST, size: char });
const text = pointer(constChar);
const userText = pointer(b.add({ kind: TYPE_TAG, name: "user", size: char }));
const constPointer = b.add({ kind: CONST, size: filePointer });
const name = b.array(char, 16);
const names = b.array(text, 2);
const namePointer = pointer(name);
const open = b.add(
  { kind: PROTO, vlen: 3, size: int },
  ...[b.string("file"), filePointer, 0, text, 0, 0],
);
const openPointer = pointer(open);
const none = pointer(b.add({ kind: PROTO, vlen: 0, size: 0 }));
const inner = b.struct("", { size: 4, kind: 5 }, ["x", int, 0], [
  "y",
  b.add({
    kind: VOLATILE,
    size: int,
  }),
  0,
]);
b.struct(
  "ops",
  { size: 64, flag: true },
  ["open", openPointer, 0],
  ["name", name, 64],
  ["low", int, (3 << 24) | 192],
  ["", inner, 224],
  ["both", inner, 256],
  ["next", filePointer, 320],
);
b.add({ kind: 6, name: "kind", vlen: 2, size: 4 }, b.string("A"), 0, b.string("B"), 7);
const loop = pointer(filePointer);
const btf = parseBtf(b.bytes());

Deno.test("typeText() writes types as bpftrace does", () => {
  const cases = [
    [int, "int"],
    [0, "void"],
    [filePointer, "struct file *"],
    [loop, "struct file **"],
    [text, "const char *"],
    [userText, "char *"],
    [openPointer, "int (*)(struct file *file, const char *, ...)"],
    [none, "void (*)(void)"],
    [namePointer, "char (*)[16]"],
  ] as const;
  for (const [id, expected] of cases) assertEquals(typeText(btf, id), expected);
});

Deno.test("declarationText() writes the name where C wants it", () => {
  const cases = [
    [name, "comm", "char comm[16]"],
    [names, "argv", "const char *argv[2]"],
    [namePointer, "p", "char (*p)[16]"],
    [openPointer, "open", "int (*open)(struct file *file, const char *, ...)"],
    [constPointer, "file", "struct file * const file"],
  ] as const;
  for (const [id, name, expected] of cases) {
    assertEquals(declarationText(btf, id, name), expected);
  }
});

Deno.test("definitionText() writes structs with those inside of them, and enums", () => {
  assertEquals(
    definitionText(btf, btf.find("ops", "struct")!),
    [
      "struct ops {",
      "\tint (*open)(struct file *file, const char *, ...);",
      "\tchar name[16];",
      "\tint low: 3;",
      "\tunion {",
      "\t\tint x;",
      "\t\tvolatile int y;",
      "\t};",
      "\tunion {",
      "\t\tint x;",
      "\t\tvolatile int y;",
      "\t} both;",
      "\tstruct file *next;",
      "};",
    ].join("\n"),
  );
  assertEquals(
    definitionText(btf, btf.find("kind", "enum")!),
    "enum kind {\n\tA = 0,\n\tB = 7,\n};",
  );
});

Deno.test("types that contain themselves are refused", () => {
  const endless = new BtfBuilder();
  endless.add({ kind: PTR, size: 1 });
  assertThrows(() => typeText(parseBtf(endless.bytes()), 1), FormatError, "contain each other");
});

Deno.test("ofKind(), namesOfKind() and find() see the same types", () => {
  assertEquals([...btf.ofKind("struct")].map(({ name }) => name), ["ops"]);
  assertEquals([...btf.namesOfKind("int")], ["int", "char"]);
  assertEquals([...btf.namesOfKind("enum")], ["kind"]);
  assertEquals([btf.namesOfKind("int", "ch"), btf.namesOfKind("int", "har")], [["char"], []]);
  assertEquals([btf.parameterCount(open), btf.parameterCount(int)], [3, undefined]);
  assertEquals(btf.find("nothing"), undefined);
  assertEquals(btf.find(""), undefined);
  assertEquals(btf.find("int")?.id, int);
  // "file" stands among the strings as a type's name and as a parameter's.
  assertEquals(btf.find("file")?.id, file);
});
