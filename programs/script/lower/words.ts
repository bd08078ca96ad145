/** Texts as the words of memory. */

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The first `size` bytes of a string, filled up with NULs, as little-endian words. */
export function wordsOf(text: string, size: number): bigint[] {
  const bytes = new Uint8Array(size);
  bytes.set(utf8(text).subarray(0, size));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: size / 8 }, (_, i) => view.getBigUint64(i * 8, true));
}
