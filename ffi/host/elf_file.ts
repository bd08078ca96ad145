/** ELF files of which only the small parts are read: programs of 100 MB have a few MB of symbols. */

import { type Elf, parseElf, SECTION_TYPE } from "../elf/elf.ts";

const EHDR_SIZE = 64;
const MOST_HEADERS = 1 << 20;
const SHT_GNU_VERSYM = 0x6fffffff;
/** What is read: symbols, strings, notes, versions; and by name what is small and has no type of its own. */
const WANTED_TYPES: readonly number[] = [
  SECTION_TYPE.SYMTAB,
  SECTION_TYPE.DYNSYM,
  SECTION_TYPE.STRTAB,
  SECTION_TYPE.NOTE,
  SECTION_TYPE.DYNAMIC,
  SHT_GNU_VERSYM,
];
const WANTED_NAMES: readonly string[] = [".gnu_debuglink", ".interp"];

/**
 * Reads the headers, symbols, strings and notes of an ELF file. All its other bytes read as zeros.
 *
 * @throws {FormatError} where it is no ELF file, or broken
 * @throws {Deno.errors.NotFound} or another error of the file system
 */
export function readElfSymbols(path: string): Elf {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  // Pages that nobody touches take no memory.
  const bytes = new Uint8Array(size);
  const read = (at: number, length: number) => readInto(file, bytes, { at, length });
  read(0, EHDR_SIZE);
  const view = new DataView(bytes.buffer);
  if (size >= EHDR_SIZE) readTables(view, read);
  const elf = parseElf(bytes);
  for (const { type, offset, size } of elf.sections) {
    if (WANTED_TYPES.includes(type)) read(offset, size);
  }
  // Names can be read from here on.
  for (const { name, type, offset, size } of elf.sections) {
    if (type === SECTION_TYPE.PROGBITS && WANTED_NAMES.includes(name)) read(offset, size);
  }
  return elf;
}

/** The tables of segments and sections: parseElf() says what is wrong with those that lie elsewhere. */
function readTables(view: DataView, read: (at: number, length: number) => void): void {
  const segments = Number(view.getBigUint64(32, true));
  const sections = Number(view.getBigUint64(40, true));
  read(segments, view.getUint16(54, true) * view.getUint16(56, true));
  const entry = view.getUint16(58, true);
  read(sections, entry);
  if (sections + entry > view.byteLength || entry < EHDR_SIZE) return;
  // With too many sections for 16 bits, section 0 has the number.
  const count = view.getUint16(60, true) || Number(view.getBigUint64(sections + 32, true));
  read(sections, Math.min(count * entry, MOST_HEADERS * EHDR_SIZE));
}

function readInto(
  file: Deno.FsFile,
  bytes: Uint8Array,
  { at, length }: { at: number; length: number },
): void {
  if (at >= bytes.length) return;
  file.seekSync(at, Deno.SeekMode.Start);
  const target = bytes.subarray(at, at + length);
  for (let done = 0; done < target.length;) {
    const count = file.readSync(target.subarray(done));
    if (count === null) return; // It has become shorter.
    done += count;
  }
}
