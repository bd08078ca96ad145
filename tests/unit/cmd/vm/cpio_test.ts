import { assertEquals, assertThrows } from "../../../assert.ts";
import { cpioChunks, type CpioEntry } from "../../../../cmd/vm/cpio.ts";

function archive(entries: CpioEntry[]): string {
  const decoder = new TextDecoder("latin1");
  return [...cpioChunks(entries)].map((chunk) => decoder.decode(chunk)).join("");
}

// Fields: magic, inode, mode, uid, gid, links, mtime, size, device (2), rdev (2), length of the name, checksum.
const TRAILER = [
  "070701" + "00000000" + "00000000" + "00000000" + "00000000" + "00000001" + "00000000",
  "00000000" + "00000000" + "00000000" + "00000000" + "00000000" + "0000000b" + "00000000",
  "TRAILER!!!\0" + "\0\0\0",
].join("");

Deno.test("cpioChunks() writes the trailer of an empty archive", () => {
  assertEquals(archive([]), TRAILER);
});

Deno.test("cpioChunks() writes each kind of entry as newc has it", () => {
  const expected = [
    // /usr
    "070701" + "00000001" + "000041ed" + "00000000" + "00000000" + "00000002" + "00000000",
    "00000000" + "00000000" + "00000000" + "00000000" + "00000000" + "00000004" + "00000000",
    "usr\0" + "\0\0",
    // /usr/hi
    "070701" + "00000002" + "000081ed" + "00000000" + "00000000" + "00000001" + "00000000",
    "00000005" + "00000000" + "00000000" + "00000000" + "00000000" + "00000007" + "00000000",
    "usr/hi\0" + "\0\0\0" + "hello" + "\0\0\0",
    // /bin
    "070701" + "00000003" + "0000a1ff" + "00000000" + "00000000" + "00000001" + "00000000",
    "00000007" + "00000000" + "00000000" + "00000000" + "00000000" + "00000004" + "00000000",
    "bin\0" + "\0\0" + "usr/bin" + "\0",
    // /console
    "070701" + "00000004" + "00002180" + "00000000" + "00000000" + "00000001" + "00000000",
    "00000000" + "00000000" + "00000000" + "00000005" + "00000001" + "00000008" + "00000000",
    "console\0" + "\0\0",
    // /vda
    "070701" + "00000005" + "000061b0" + "00000000" + "00000000" + "00000001" + "00000000",
    "00000000" + "00000000" + "00000000" + "000000fd" + "00000010" + "00000004" + "00000000",
    "vda\0" + "\0\0",
    TRAILER,
  ].join("");
  const data = new TextEncoder().encode("hello");
  const actual = archive([
    { kind: "directory", path: "/usr" },
    { kind: "file", path: "/usr/hi", data, mode: 0o755 },
    { kind: "symlink", path: "/bin", target: "usr/bin" },
    { kind: "device", path: "/console", type: "character", major: 5, minor: 1 },
    { kind: "device", path: "/vda", type: "block", major: 253, minor: 16, mode: 0o660 },
  ]);
  assertEquals(actual, expected);
});

Deno.test("cpioChunks() keeps every header and every file on a multiple of four", () => {
  for (let size = 0; size < 9; size++) {
    const path = `/${"n".repeat(size + 1)}`;
    const data = new Uint8Array(size);
    let at = 0;
    for (const chunk of cpioChunks([{ kind: "file", path, data }])) {
      if (chunk[0] === 0x30 || chunk === data) assertEquals(at % 4, 0);
      at += chunk.length;
    }
    assertEquals(at % 4, 0);
  }
});

Deno.test("cpioChunks() hands on the contents of a file, not a copy", () => {
  const data = new Uint8Array(8);
  const chunks = [...cpioChunks([{ kind: "file", path: "/large", data }])];
  assertEquals(chunks.filter((chunk) => chunk === data).length, 1);
});

Deno.test("cpioChunks() counts the bytes of a name, not its characters", () => {
  const text = archive([{ kind: "directory", path: "/ä" }]);
  assertEquals(text.slice(94, 102), "00000003");
});

Deno.test("cpioChunks() calls the root by the name that the kernel knows", () => {
  const text = archive([{ kind: "directory", path: "/" }]);
  assertEquals(text.slice(110, 112), ".\0");
});

Deno.test("cpioChunks() refuses a file whose size has more than 32 bits", () => {
  const data = Object.defineProperty(new Uint8Array(0), "length", { value: 2 ** 32 });
  assertThrows(
    () => archive([{ kind: "file", path: "/huge", data }]),
    RangeError,
    "Cannot archive /huge: it has 4294967296 bytes, at most 4294967295 fit",
  );
});
