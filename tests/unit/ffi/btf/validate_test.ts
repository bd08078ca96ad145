import { parseBtf } from "../../../../ffi/btf/btf.ts";
import { validateBtf } from "../../../../ffi/btf/validate.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assertThrows } from "../../../assert.ts";
import { BtfBuilder } from "./build_btf.ts";

const TYPEDEF = 8;

function refuse(make: (b: BtfBuilder) => void, message: string): void {
  const b = new BtfBuilder();
  make(b);
  assertThrows(() => validateBtf(parseBtf(b.bytes())), FormatError, message);
}

Deno.test("types that point to themselves are sound, those that contain themselves are not", () => {
  const b = new BtfBuilder();
  b.add({ kind: 2, size: 2 }); // a pointer to the struct
  b.struct("list", { size: 8 }, ["next", 1, 0]);
  validateBtf(parseBtf(b.bytes()));
  refuse((b) => b.struct("self", { size: 8 }, ["self", 1, 0]), "contains itself");
  refuse((b) => b.add({ kind: TYPEDEF, name: "t", size: 1 }), "contains itself");
  refuse((b) => b.array(1, 4), "contains itself");
});

Deno.test("references must be to types that are there and fit", () => {
  refuse((b) => b.add({ kind: 2, size: 9 }), "there is no type 9, the last is 1");
  refuse((b) => b.array(0, 4), "refers to type 0, a void");
  refuse(
    (b) => b.add({ kind: 15, name: ".maps", vlen: 1 }, b.int("int", 4), 0, 4),
    "type 1, a int",
  );
  refuse((b) => b.add({ kind: 12, name: "f", size: b.int("int", 4) }), "refers to type 1, a int");
});

Deno.test("members must lie inside of their struct", () => {
  refuse((b) => b.struct("s", { size: 4 }, ["x", b.int("int", 4), 40]), "has the member x outside");
});
