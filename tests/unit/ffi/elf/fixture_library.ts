/** A small shared library for the tests, as a stripped one is: dynamic symbols with versions, and an IFUNC. */

import { SECTION_FLAG, SECTION_TYPE, SEGMENT_FLAG, SEGMENT_TYPE } from "../../../../ffi/elf/elf.ts";
import { BASE, buildElf, FIRST, pack, stringData, symbolData } from "./build_elf.ts";

/** Address of `.text`, the first section. */
export const TEXT = BASE + FIRST;

/** The IFUNC's resolver, at the begin of `.text`. */
export const RESOLVER_SIZE = 64;

/** Functions after the resolver. */
export const FUNCTIONS = [TEXT + 64, TEXT + 96, TEXT + 128] as const;

/** What the resolver of the fixture does. */
export interface LibraryOptions {
  readonly machine?: number;
  /** Code of the resolver */
  readonly resolver: Uint8Array;
  /** Where it is in `.text`; default 0 */
  readonly resolverAt?: number;
  /** Leave out `.eh_frame_hdr`. */
  readonly withoutFunctionTable?: boolean;
}

/** `.eh_frame_hdr` with the starts of functions; `at` is its own address. */
function functionTable(at: number): Uint8Array {
  const starts = [TEXT, ...FUNCTIONS].map((start) => pack([start - at, 4], [0, 4]));
  return pack(Uint8Array.of(1, 0x1b, 0x03, 0x3b), [0, 4], [starts.length, 4], ...starts);
}

/** Builds the library. */
export function library(options: LibraryOptions): Uint8Array {
  const resolverAt = options.resolverAt ?? 0;
  const text = new Uint8Array(resolverAt + 160).fill(0x90);
  text.set(options.resolver, resolverAt);
  const strings = stringData(
    "pick",
    "old",
    "plain",
    "libneeded.so.1",
    "libself.so.2",
    "/a:/b",
    "$ORIGIN",
  );
  const symbols = [
    symbolData({}),
    symbolData({ name: strings.at("old"), section: 1, value: FUNCTIONS[0], size: 32 }),
    symbolData({ name: strings.at("old"), section: 1, value: FUNCTIONS[1], size: 32 }),
    symbolData({ name: strings.at("plain"), section: 0 }),
    symbolData({ name: strings.at("plain"), section: 1, value: FUNCTIONS[2], size: 32, bind: 2 }),
    symbolData({
      name: strings.at("pick"),
      section: 1,
      value: TEXT + resolverAt,
      size: RESOLVER_SIZE,
      type: 10,
    }),
  ];
  const eh = TEXT + text.length;
  const table = functionTable(eh);
  const dynstr = eh + Math.ceil(table.length / 16) * 16;
  const dynamic = [
    [1, strings.at("libneeded.so.1")],
    [14, strings.at("libself.so.2")],
    [15, strings.at("$ORIGIN")],
    [29, strings.at("/a:/b")],
    [5, dynstr],
    [10, strings.data.length],
    [0, 0],
    [1, 99999],
  ] as const;
  const exec = SECTION_FLAG.ALLOC | SECTION_FLAG.EXECINSTR;
  const alloc = SECTION_FLAG.ALLOC;
  const GNU_EH_FRAME = 0x6474e550;
  return buildElf({
    machine: options.machine ?? 62,
    sections: [
      { name: ".text", flags: exec, data: text },
      { name: ".eh_frame_hdr", flags: alloc, data: table },
      { name: ".dynstr", type: SECTION_TYPE.STRTAB, flags: alloc, data: strings.data },
      {
        name: ".dynsym",
        type: SECTION_TYPE.DYNSYM,
        flags: alloc,
        data: pack(...symbols),
        link: 3,
        entsize: 24,
      },
      {
        name: ".gnu.version",
        type: 0x6fffffff,
        flags: alloc,
        data: pack([0, 2], [0x8002, 2], [3, 2], [2, 2], [2, 2], [2, 2]),
        link: 4,
        entsize: 2,
      },
      {
        name: ".dynamic",
        type: SECTION_TYPE.DYNAMIC,
        flags: alloc,
        data: pack(...dynamic.flatMap(([tag, value]) => [[tag, 8], [value, 8]] as const)),
        link: 3,
      },
      { name: ".interp", flags: alloc, data: new TextEncoder().encode("/lib/ld.so\0") },
    ],
    segments: [
      { type: SEGMENT_TYPE.LOAD, flags: SEGMENT_FLAG.R | SEGMENT_FLAG.X },
      { type: SEGMENT_TYPE.DYNAMIC, section: ".dynamic" },
      { type: SEGMENT_TYPE.INTERP, section: ".interp" },
      ...(options.withoutFunctionTable === true
        ? []
        : [{ type: GNU_EH_FRAME, section: ".eh_frame_hdr" }]),
    ],
  });
}
