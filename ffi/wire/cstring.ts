/** Strings as the kernel hands them over: bytes up to a NUL, mostly ASCII, sometimes not even UTF-8. */

import { requireType } from "./check.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/**
 * Reads a string of at most `size` bytes that ends at the first NUL. Valid UTF-8 is decoded; where the bytes are not
 * UTF-8, each byte above 0x7f is written as `\xNN`, so that nothing is lost and nothing is guessed.
 */
export function cstring(view: DataView, at: number, size: number): string {
  let text = "";
  for (let i = 0; i < size; i++) {
    const byte = view.getUint8(at + i);
    if (byte === 0) return text;
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
