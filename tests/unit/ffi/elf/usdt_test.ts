import { MACHINE, parseElf, SECTION_TYPE } from "../../../../ffi/elf/elf.ts";
import { parseUsdtArguments, usdtProbes } from "../../../../ffi/elf/usdt.ts";
import { FormatError } from "../../../../ffi/errors.ts";
import { assert, assertEquals, assertThrows } from "../../../assert.ts";
import { test } from "../../../support.ts";
import { assertSurvivesMutations } from "../mutations.ts";
import { BASE, buildElf, FIRST, pack } from "./build_elf.ts";

interface NoteSpec {
  readonly owner?: string;
  readonly type?: number;
  readonly location?: number;
  readonly base?: number;
  readonly semaphore?: number;
  readonly texts: string;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

function note({ owner = "stapsdt\0", type = 3, texts, ...addresses }: NoteSpec): Uint8Array {
  const { location = 0x1234, base = 0, semaphore = 0 } = addresses;
  const content = pack([location, 8], [base, 8], [semaphore, 8], text(texts));
  return pack(
    [owner.length, 4],
    [content.length, 4],
    [type, 4],
    padded(text(owner)),
    padded(content),
  );
}

function fileWith(...notes: readonly Uint8Array[]): Uint8Array {
  return buildElf({
    sections: [
      { name: ".stapsdt.base", flags: 2, data: new Uint8Array(1) },
      { name: ".note.stapsdt", type: SECTION_TYPE.NOTE, data: pack(...notes) },
    ],
  });
}

const request = note({ semaphore: 0x4444, texts: "node\0http__server__request\x008@%rax\0" });

Deno.test("usdtProbes() reads provider, name, location, semaphore and arguments", () => {
  assertEquals(usdtProbes(parseElf(fileWith(request))), [{
    provider: "node",
    name: "http__server__request",
    location: 0x1234,
    semaphore: 0x4444,
    arguments: "8@%rax",
  }]);
});

Deno.test("usdtProbes() passes over notes of others, and notes of any length", () => {
  const elf = parseElf(fileWith(
    note({ owner: "GNU\0", texts: "a\0b\0c\0" }),
    note({ texts: "p\0a\0\0" }),
    note({ type: 9, texts: "a\0b\0c\0" }),
    note({ texts: "p\0ab\x004@$1\0" }),
    note({ texts: "p\0a\0\0" }),
  ));
  assertEquals(
    usdtProbes(elf).map(({ name, arguments: args, semaphore }) => [name, args, semaphore]),
    [["a", "", undefined], ["ab", "4@$1", undefined], ["a", "", undefined]],
  );
});

Deno.test("usdtProbes() moves addresses as far as .stapsdt.base was moved", () => {
  const moved = note({
    location: 0x1234,
    base: BASE + FIRST - 0x100,
    semaphore: 0x2000,
    texts: "p\0n\0\0",
  });
  const [probe] = usdtProbes(parseElf(fileWith(moved)));
  assertEquals([probe?.location, probe?.semaphore], [0x1334, 0x2100]);
  const below = note({ location: 1, base: BASE + FIRST + 0x100, texts: "p\0n\0\0" });
  assertThrows(() => usdtProbes(parseElf(fileWith(below))), FormatError, "should be above 0");
});

Deno.test("a file without notes has no probes", () => {
  assertEquals(usdtProbes(parseElf(buildElf({}))), []);
});

Deno.test("a note without all its texts is refused", () => {
  for (const texts of ["", "p", "p\0", "p\0n\0", "p\0n\0a"]) {
    assertThrows(() => usdtProbes(parseElf(fileWith(note({ texts })))), FormatError);
  }
});

Deno.test("a broken file gives probes or a FormatError", () => {
  const file = fileWith(request, note({ owner: "GNU\0", texts: "x" }), request);
  assertSurvivesMutations(
    file,
    (bytes) =>
      usdtProbes(parseElf(bytes)).map(({ arguments: args }) => [
        parseUsdtArguments(args),
        parseUsdtArguments(args, MACHINE.AARCH64),
      ]),
  );
});

Deno.test("parseUsdtArguments() reads x86-64's constants, registers and memory", () => {
  const args = "-4@%edi 8@%rax 4@$7 -8@$-9 2@$0x10 1@%r10b 8@-16(%rbp) -4@112(%rsp) 8@(%rax)";
  assertEquals(parseUsdtArguments(args), [
    { size: 4, signed: true, kind: "register", register: "edi" },
    { size: 8, signed: false, kind: "register", register: "rax" },
    { size: 4, signed: false, kind: "constant", value: 7n },
    { size: 8, signed: true, kind: "constant", value: -9n },
    { size: 2, signed: false, kind: "constant", value: 16n },
    { size: 1, signed: false, kind: "register", register: "r10b" },
    { size: 8, signed: false, kind: "memory", base: "rbp", offset: -16n },
    { size: 4, signed: true, kind: "memory", base: "rsp", offset: 112n },
    { size: 8, signed: false, kind: "memory", base: "rax", offset: 0n },
  ]);
  assertEquals(parseUsdtArguments("8@16(%rax,%rbx,8) 8@(%rax,%rbx) 4@-8(,%rcx,4)"), [
    {
      size: 8,
      signed: false,
      kind: "memory",
      base: "rax",
      offset: 16n,
      index: "rbx",
      scale: 8,
    },
    { size: 8, signed: false, kind: "memory", base: "rax", offset: 0n, index: "rbx", scale: 1 },
    {
      size: 4,
      signed: false,
      kind: "memory",
      base: undefined,
      offset: -8n,
      index: "rcx",
      scale: 4,
    },
  ]);
});

Deno.test("parseUsdtArguments() reads AArch64's constants, registers and memory", () => {
  const args = "8@x0 -4@w30 8@sp 4@[sp, 12] -8@[x19] 8@[x2, -8] 8@[x0, x1, lsl 3] 4@7 -4@-1";
  assertEquals(parseUsdtArguments(args, MACHINE.AARCH64), [
    { size: 8, signed: false, kind: "register", register: "x0" },
    { size: 4, signed: true, kind: "register", register: "w30" },
    { size: 8, signed: false, kind: "register", register: "sp" },
    { size: 4, signed: false, kind: "memory", base: "sp", offset: 12n },
    { size: 8, signed: true, kind: "memory", base: "x19", offset: 0n },
    { size: 8, signed: false, kind: "memory", base: "x2", offset: -8n },
    { size: 8, signed: false, kind: "memory", base: "x0", offset: 0n, index: "x1", scale: 8 },
    { size: 4, signed: false, kind: "constant", value: 7n },
    { size: 4, signed: true, kind: "constant", value: -1n },
  ]);
});

Deno.test("what no integer register or address names is told as it is", () => {
  assertEquals(
    parseUsdtArguments("8@%xmm0 8@symbol(%rip) 4f@%eax 8@x0 8@() 8@[sp,"),
    ["%xmm0", "symbol(%rip)", "%eax", "x0", "()", "[sp,"]
      .map((text, i) => ({ size: i === 2 ? 4 : 8, signed: false, kind: "unknown" as const, text })),
  );
  assertEquals(parseUsdtArguments("8@%rax 8@x31", MACHINE.AARCH64).map(({ kind }) => kind), [
    "unknown",
    "unknown",
  ]);
});

Deno.test("an argument without its size is refused", () => {
  for (const args of ["%rax", "@%rax", "3@%rax", "16@%rax", "8@", "8@%rax 8"]) {
    assertThrows(() => parseUsdtArguments(args), FormatError, "Cannot read USDT argument");
  }
  assertEquals(parseUsdtArguments(""), []);
});

const PYTHON = "/usr/bin/python3.11";

function python(): Uint8Array | undefined {
  try {
    return Deno.readFileSync(PYTHON);
  } catch {
    return undefined;
  }
}

test("usdtProbes() finds what Debian's Python has", {
  needs: [{ reason: `needs ${PYTHON}`, ok: () => python() !== undefined }],
}, () => {
  const probes = usdtProbes(parseElf(python()!)).filter(({ provider }) => provider === "python");
  const names = new Set(probes.map(({ name }) => name));
  for (const name of ["function__entry", "function__return", "gc__start", "gc__done", "line"]) {
    assert(names.has(name), `${name} is missing`);
  }
  for (const probe of probes) {
    assert(probe.semaphore !== undefined && probe.semaphore % 2 === 0);
    const kinds = parseUsdtArguments(probe.arguments).map(({ kind }) => kind);
    assert(kinds.length > 0 && !kinds.includes("unknown"), probe.arguments);
  }
});
