/** Build ids: the number that a linker gives a file, by which its copies and its debug information are known. */

import { Reader } from "../wire/reader.ts";
import type { Elf } from "./elf.ts";
import { SECTION_TYPE, SEGMENT_TYPE } from "./elf.ts";

const NT_GNU_BUILD_ID = 3;
const OWNER = Uint8Array.of(0x47, 0x4e, 0x55, 0); // "GNU\0"
const NOTE_HEADER = 12;

/**
 * The build id of a file in hexadecimal; `undefined` where the linker gave none.
 *
 * @throws {FormatError} where a note is broken
 */
export function buildId(elf: Elf): string | undefined {
  const notes = [
    ...elf.sections.filter(({ type }) => type === SECTION_TYPE.NOTE),
    ...elf.segments.filter(({ type }) => type === SEGMENT_TYPE.NOTE),
  ];
  for (const part of notes) {
    const id = idAmong(new Reader(part.data(), "ELF", "notes"));
    if (id !== undefined) return id;
  }
  return undefined;
}

function idAmong(notes: Reader): string | undefined {
  for (let at = 0; at + NOTE_HEADER <= notes.size;) {
    const nameSize = notes.u32(at, "a note's n_namesz");
    const size = notes.u32(at + 4, "a note's n_descsz");
    const content = at + NOTE_HEADER + Math.ceil(nameSize / 4) * 4;
    const isId = notes.u32(at + 8, "a note's n_type") === NT_GNU_BUILD_ID &&
      nameSize === OWNER.length && notes.matches(at + NOTE_HEADER, OWNER);
    if (isId) return hex(notes.slice(content, size, "the build id"));
    at = content + Math.ceil(size / 4) * 4;
  }
  return undefined;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
