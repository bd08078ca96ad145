/** Makes the smallest ELF files that the tests of cmd/vm need. */

const EHDR = 64;
const PHDR = 56;
const SHDR = 64;

/** What a fake file says of itself. */
export interface FakeElf {
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
}

/** A dynamically linked file: program headers, its dynamic section, its strings. */
export function fakeElf(fake: FakeElf = {}): Uint8Array<ArrayBuffer> {
  const strings = new Strings();
  const dynamic = [
    ...(fake.needed ?? []).map((name): [number, number] => [1, strings.add(name)]),
    ...(fake.runpath === undefined ? [] : [[29, strings.add(fake.runpath)] as const]),
  ];
  const interpreter = strings.add(fake.interpreter ?? "");
  const tableAt = EHDR + 3 * PHDR;
  const stringsAt = tableAt + (dynamic.length + 3) * 16;
  const table = [...dynamic, [5, stringsAt], [10, strings.size], [0, 0]] as const;
  const size = stringsAt + strings.size;
  const file = new Writer(size);
  file.header({ segments: fake.interpreter === undefined ? 2 : 3, sections: 0 });
  file.segment(0, { type: 1, at: 0, size });
  file.segment(1, { type: 2, at: tableAt, size: table.length * 16 });
  const interpreterSize = (fake.interpreter ?? "").length + 1;
  file.segment(2, { type: 3, at: stringsAt + interpreter, size: interpreterSize });
  table.forEach(([tag, value], i) => file.words(tableAt + i * 16, [tag, value]));
  file.bytes.set(strings.bytes(), stringsAt);
  return file.bytes;
}

/** A kernel module: sections, one of them `.modinfo` with these fields. */
export function fakeModule(fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const strings = new Strings();
  const name = strings.add(".modinfo");
  const info = new TextEncoder().encode(fields.map((field) => `${field}\0`).join(""));
  const infoAt = EHDR + 3 * SHDR;
  const file = new Writer(infoAt + info.length + strings.size);
  file.header({ segments: 0, sections: 3 });
  file.section(1, { name, type: 1, at: infoAt, size: info.length });
  file.section(2, { name: 0, type: 3, at: infoAt + info.length, size: strings.size });
  file.bytes.set(info, infoAt);
  file.bytes.set(strings.bytes(), infoAt + info.length);
  return file.bytes;
}

class Strings {
  #text = "\0";

  get size(): number {
    return this.#text.length;
  }

  add(text: string): number {
    const at = this.#text.length;
    this.#text += `${text}\0`;
    return at;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }
}

class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  words(at: number, values: readonly number[]): void {
    values.forEach((value, i) => this.#view.setBigUint64(at + 8 * i, BigInt(value), true));
  }

  header(count: { segments: number; sections: number }): void {
    this.bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    this.#view.setUint16(16, 3, true); // ET_DYN
    this.#view.setUint16(18, 62, true); // EM_X86_64
    this.words(32, [count.segments > 0 ? EHDR : 0, count.sections > 0 ? EHDR : 0]);
    const sizes = [EHDR, PHDR, count.segments, SHDR, count.sections, 2];
    sizes.forEach((value, i) => this.#view.setUint16(52 + 2 * i, value, true));
  }

  segment(index: number, segment: { type: number; at: number; size: number }): void {
    const at = EHDR + index * PHDR;
    this.#view.setUint32(at, segment.type, true);
    const { at: offset, size } = segment;
    this.words(at + 8, [offset, offset, offset, size, size]);
  }

  section(
    index: number,
    section: { name: number; type: number; at: number; size: number },
  ): void {
    const at = EHDR + index * SHDR;
    this.#view.setUint32(at, section.name, true);
    this.#view.setUint32(at + 4, section.type, true);
    this.words(at + 24, [section.at, section.size]);
  }
}
