import { parseKallsyms } from "../../../../ffi/host/kallsyms.ts";
import { assert, assertEquals } from "../../../assert.ts";

const TEXT = [
  "0000000000000000 A fixed_percpu_data",
  "0000000000020008 A cpu_tss",
  "ffffffff81000000 T _stext",
  "ffffffff81000000 T _text",
  "ffffffff81000040 t helper",
  "ffffffff81000100 T __pfx_vfs_read",
  "ffffffff81000110 T vfs_read",
  "ffffffff82400000 B _end",
  "ffffffffc0400000 t nfs_read\t[nfs]",
  "ffffffffc0400080 t helper\t[nfs]",
  "ffffffffc0201000 t vfs_read_mod\t[ext4]",
  "ffffffffc0900000 t bpf_prog_6deef7357e7b4530_on_clone\t[bpf]",
  "",
].join("\n");

const symbols = parseKallsyms(TEXT);

Deno.test("Kallsyms.at() finds the symbol that an address lies in, modules in any order too", () => {
  const nameAt = (address: bigint) => symbols.at(address)?.name;
  assertEquals(nameAt(0xffffffff81000044n), "helper");
  assertEquals(nameAt(0xffffffff81000110n), "vfs_read");
  assertEquals(nameAt(0xffffffff8100010fn), "__pfx_vfs_read");
  assertEquals(nameAt(0xffffffffc0201004n), "vfs_read_mod");
  assertEquals(nameAt(0xffffffffc040007fn), "nfs_read");
  assertEquals(nameAt(0xffffffffc0900010n), "bpf_prog_6deef7357e7b4530_on_clone");
  assertEquals(symbols.at(0xffffffffc0400081n), {
    name: "helper",
    address: 0xffffffffc0400080n,
    type: "t",
    module: "nfs",
  });
});

Deno.test("Kallsyms.at() gives the first of several names", () => {
  assertEquals(symbols.at(0xffffffff81000010n)?.name, "_stext");
});

Deno.test("Kallsyms.at() knows nothing of user space, of gaps, and of what lies before", () => {
  for (const address of [0n, 0x20010n, 0x7f0000001000n, 0xffffffff80000000n, 0xffff888000000000n]) {
    assertEquals(symbols.at(address), undefined);
  }
  assertEquals(symbols.at(0xffffffffbf000000n), undefined);
  assertEquals(symbols.at(0xffffffffff000000n), undefined);
});

Deno.test("Kallsyms.find() gives every symbol of a name, and none of a part of it", () => {
  assertEquals([...symbols.find("helper")].map(({ address, module }) => [address, module]), [
    [0xffffffff81000040n, undefined],
    [0xffffffffc0400080n, "nfs"],
  ]);
  assertEquals([...symbols.find("vfs_rea")], []);
  assertEquals([...symbols.find("read")], []);
});

Deno.test("Kallsyms.symbols() gives all, in the order of the file", () => {
  assertEquals([...symbols.symbols()].length, 12);
  assertEquals([...symbols.symbols()].slice(-2).map(({ name, module }) => [name, module]), [
    ["vfs_read_mod", "ext4"],
    ["bpf_prog_6deef7357e7b4530_on_clone", "bpf"],
  ]);
});

Deno.test("a kernel that hides its addresses shows names only", () => {
  const hidden = parseKallsyms(TEXT.replaceAll(/^[\da-f]{16}/gm, "0".repeat(16)));
  assert(symbols.hasAddresses);
  assert(!hidden.hasAddresses);
  assertEquals(hidden.at(0xffffffff81000044n), undefined);
  assertEquals(hidden.at(0n), undefined);
  assertEquals([...hidden.find("vfs_read")].map(({ address }) => address), [0n]);
});

Deno.test("an empty list of symbols is none", () => {
  const none = parseKallsyms("");
  assertEquals([none.hasAddresses, none.at(1n), [...none.symbols()], [...none.find("a")]], [
    ...[false, undefined, [], []],
  ]);
});

Deno.test("200,000 symbols, half of them unsorted, are all found again", () => {
  const line = (i: number) => {
    // A step of a prime goes through all of them, in another order.
    const place = i < 100_000 ? i : 100_000 + (i - 100_000) * 7919 % 100_000;
    const address = (0xffffffff81000000n + BigInt(place * 16)).toString(16);
    return `${address} t f${place}${i < 100_000 ? "" : "\t[m]"}\n`;
  };
  const many = parseKallsyms(Array.from({ length: 200_000 }, (_, i) => line(i)).join(""));
  for (let i = 0; i < 200_000; i += 997) {
    const address = 0xffffffff81000000n + BigInt(i * 16) + 15n;
    assertEquals(many.at(address)?.name, `f${i}`);
  }
});
