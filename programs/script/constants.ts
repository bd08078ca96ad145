/** The section `.rodata`: zeros to fill things with, and strings. */

/** Collects bytes that programs read. Equal ones are stored once. */
export class Constants {
  /** How many zeros there are. */
  static readonly zeros = 1024;
  readonly #parts: Uint8Array[] = [new Uint8Array(Constants.zeros)];
  readonly #offsets = new Map<string, number>();
  #size = Constants.zeros;

  /** Where the zeros are. */
  static readonly zeroOffset = 0;

  /** The offset of some bytes in the section. */
  add(bytes: Uint8Array): number {
    const key = bytes.join();
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.#size;
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    this.#parts.push(padded);
    this.#offsets.set(key, offset);
    this.#size += padded.length;
    return offset;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
