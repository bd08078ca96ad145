/** Strings as the kernel hands them over: bytes up to a NUL, mostly ASCII, sometimes not even UTF-8. */

import { requireType } from "./check.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * Reads a string of at most `size` bytes that ends at the first NUL. Valid UTF-8 is decoded; where the bytes are not
 * UTF-8, each byte above 0x7f is written as `\xNN`, so that nothing is lost and nothing is guessed.
 */
export function cstring(view: DataView, at: number, size: number): string {
  let length = 0;
  let hash = 0;
  for (; length < size; length++) {
    const byte = view.getUint8(at + length);
    if (byte === 0) break;
    if (byte > 0x7f) return notAscii(view, at, size);
    hash = (hash * 31 + byte) | 0;
  }
  const slot = hash & (SLOTS - 1);
  const known = recent[slot]!;
  if (known.length === length && isText(known, view, at)) return known;
  return recent[slot] = asciiText(view, at, length);
}

/** Names of commands come again and again: one that came lately is not made anew, which costs more than a look. */
const SLOTS = 256;
const recent: string[] = new Array(SLOTS).fill("");

function isText(text: string, view: DataView, at: number): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== view.getUint8(at + i)) return false;
  }
  return true;
}

function asciiText(view: DataView, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(at + i));
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
