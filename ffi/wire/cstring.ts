/** Strings as the kernel hands them over: bytes up to a NUL, mostly ASCII, sometimes not even UTF-8. */

import { requireType } from "./check.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

// Names of commands come again and again: one that came lately is not made anew, which costs more than a look.
const SLOTS = 256;
const WORDS = 16; // of 4 bytes: longer strings are always made
const MIX = 0x9e37_79b1; // odd, its bits without a pattern: 2 ** 32 divided by the golden ratio
const recent: string[] = new Array(SLOTS).fill("");
const recentWords = new Int32Array(SLOTS * WORDS);
const recentLengths = new Uint8Array(SLOTS);

/**
 * Reads a string of at most `size` bytes that ends at the first NUL. Valid UTF-8 is decoded; where the bytes are not
 * UTF-8, each byte above 0x7f is written as `\xNN`, so that nothing is lost and nothing is guessed.
 */
export function cstring(view: DataView, at: number, size: number): string {
  let hash = 0;
  for (let word = 0; word < WORDS && word * 4 + 4 <= size; word++) {
    const bytes = view.getInt32(at + word * 4, true);
    hash = Math.imul(hash ^ bytes, MIX);
    hash ^= hash >>> 15;
    if (hasNul(bytes) || word * 4 + 4 === size) {
      return recalled(view, at, { size, words: word + 1, slot: hash & (SLOTS - 1) });
    }
  }
  return text(view, at, size);
}

function hasNul(word: number): boolean {
  return ((word - 0x0101_0101) & ~word & 0x8080_8080) !== 0;
}

/** A string that ends within so many words of 4 bytes: that which came lately, where these words are the same. */
function recalled(
  view: DataView,
  at: number,
  { size, words, slot }: { size: number; words: number; slot: number },
): string {
  let word = 0;
  if (recentLengths[slot] === words) {
    while (
      word < words && recentWords[slot * WORDS + word] === view.getInt32(at + word * 4, true)
    ) {
      word++;
    }
    if (word === words) return recent[slot]!;
  }
  for (word = 0; word < words; word++) {
    recentWords[slot * WORDS + word] = view.getInt32(at + word * 4, true);
  }
  recentLengths[slot] = words;
  return recent[slot] = text(view, at, size);
}

function text(view: DataView, at: number, size: number): string {
  let text = "";
  for (let i = 0; i < size; i++) {
    const byte = view.getUint8(at + i);
    if (byte === 0) break;
    if (byte > 0x7f) return notAscii(view, at, size);
    text += String.fromCharCode(byte);
  }
  return text;
}

function notAscii(view: DataView, at: number, size: number): string {
  let length = 0;
  while (length < size && view.getUint8(at + length) !== 0) length++;
  return bytesToText(new Uint8Array(view.buffer, view.byteOffset + at, length));
}

/** Decodes bytes as UTF-8; bytes that are not UTF-8 are written as `\xNN` (see {@linkcode cstring}). */
export function bytesToText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    let text = "";
    for (const byte of bytes) {
      text += byte > 0x7f ? `\\x${byte.toString(16)}` : String.fromCharCode(byte);
    }
    return text;
  }
}

/**
 * Writes a string as UTF-8 into `size` bytes, filled up with NULs. As in C's `strncpy`, a string that fills them
 * exactly has no NUL. `what` names it in errors.
 *
 * @throws {TypeError} where it is no string, @throws {RangeError} where it is longer
 */
export function putCString(
  view: DataView,
  at: number,
  size: number,
  text: string,
  what?: string,
): void {
  requireType(text, "string", what);
  const bytes = encoder.encode(text);
  if (bytes.length > size) {
    throw new RangeError(
      `Cannot store "${text}": it has ${bytes.length} bytes, at most ${size} fit`,
    );
  }
  const target = new Uint8Array(view.buffer, view.byteOffset + at, size);
  target.fill(0);
  target.set(bytes);
}
