/** The symbols of programs and libraries, kept by build id: processes that run the same file share them. */

import { buildId } from "../elf/build_id.ts";
import { type Elf, parseElf, SECTION_TYPE, SEGMENT_TYPE } from "../elf/elf.ts";
import { type FoundSymbol, SymbolIndex } from "../elf/symbol_index.ts";
import { FormatError } from "../errors.ts";
import { readElfSymbols } from "../host/elf_file.ts";

/** Where distributions put the symbols that they strip off. */
const DEBUG_FOLDER = "/usr/lib/debug/.build-id";

/** The symbols of one file. */
export class FileSymbols {
  readonly #elf: Elf;
  readonly #index: SymbolIndex;

  constructor(elf: Elf, index: SymbolIndex) {
    this.#elf = elf;
    this.#index = index;
  }

  /** The symbol at an offset in the file, and how far behind the symbol's start that is. */
  at(fileOffset: number): { symbol: FoundSymbol; offset: number } | undefined {
    const address = this.#addressOf(fileOffset);
    const symbol = address === undefined ? undefined : this.#index.at(address);
    return symbol && { symbol, offset: address! - symbol.address };
  }

  #addressOf(fileOffset: number): number | undefined {
    const segment = this.#elf.segments.find(({ type, offset, filesz }) =>
      type === SEGMENT_TYPE.LOAD && fileOffset >= offset && fileOffset < offset + filesz
    );
    return segment && fileOffset - segment.offset + segment.vaddr;
  }
}

const byFile = new Map<string, FileSymbols | undefined>();
const byBuildId = new Map<string, FileSymbols>();

/** The symbols of a file, and of its separate debug information where that is installed; `undefined` where it is no ELF file. */
export function symbolsOfFile(path: string): FileSymbols | undefined {
  const key = fileKey(path);
  if (key === undefined) return undefined;
  if (!byFile.has(key)) byFile.set(key, readSymbols(path));
  return byFile.get(key);
}

/** The symbols of an ELF file in memory, such as the `[vdso]` that the kernel gives each process. */
export function symbolsOfImage(bytes: Uint8Array): FileSymbols | undefined {
  return ignoringBroken(() => withBuildId(parseElf(bytes)));
}

function fileKey(path: string): string | undefined {
  try {
    const { dev, ino, mtime, size } = Deno.statSync(path);
    return `${dev}:${ino}:${mtime?.getTime()}:${size}`;
  } catch {
    return undefined;
  }
}

function readSymbols(path: string): FileSymbols | undefined {
  return ignoringBroken(() => withBuildId(readElfSymbols(path)));
}

function withBuildId(elf: Elf): FileSymbols {
  const id = buildId(elf);
  const known = id === undefined ? undefined : byBuildId.get(id);
  if (known !== undefined) return known;
  const symbols = new FileSymbols(elf, new SymbolIndex(debugFileOf(elf) ?? elf));
  if (id !== undefined) byBuildId.set(id, symbols);
  return symbols;
}

/** The file with the symbols that were stripped off this one, where it is installed. */
export function debugFileOf(elf: Elf): Elf | undefined {
  const id = buildId(elf);
  const isStripped = elf.sections.every(({ type }) => type !== SECTION_TYPE.SYMTAB);
  if (!isStripped || id === undefined) return undefined;
  const path = `${DEBUG_FOLDER}/${id.slice(0, 2)}/${id.slice(2)}.debug`;
  return ignoringBroken(() => readElfSymbols(path));
}

/** What cannot be read has no symbols: its addresses are told in its place. */
function ignoringBroken<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError || isFileError(error)) return undefined;
    throw error;
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.IsADirectory;
}
