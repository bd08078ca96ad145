/** Reads integers and strings out of a file whose bytes cannot be trusted: every access is checked. */

import { FormatError } from "../errors.ts";
import { bytesToText } from "./cstring.ts";

/** Little-endian bytes of something that has a name in error messages. */
export class Reader {
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #subject: string;
  readonly #whole: string;

  /** `subject` completes "Cannot read …" ("ELF"), `whole` names the bytes ("file", "section .BTF"). */
  constructor(bytes: Uint8Array, subject: string, whole = "file") {
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#subject = subject;
    this.#whole = whole;
  }

  /** The error "Cannot read <subject>: <cause>". */
  error(cause: string): FormatError {
    return new FormatError(`Cannot read ${this.#subject}: ${cause}`);
  }

  /**
   * Makes sure that `size` bytes at `at` exist.
   *
   * @throws {FormatError} "section 5 ends at 1200, the file at 1000"
   */
  check(at: number, size: number, what: string): void {
    if (at < 0 || size < 0 || !(at + size <= this.size)) {
      throw this.error(`${what} ends at ${at + size}, the ${this.#whole} at ${this.size}`);
    }
  }

  u8(at: number, what: string): number {
    this.check(at, 1, what);
    return this.#view.getUint8(at);
  }

  u16(at: number, what: string): number {
    this.check(at, 2, what);
    return this.#view.getUint16(at, true);
  }

  u32(at: number, what: string): number {
    this.check(at, 4, what);
    return this.#view.getUint32(at, true);
  }

  s32(at: number, what: string): number {
    this.check(at, 4, what);
    return this.#view.getInt32(at, true);
  }

  u64(at: number, what: string): bigint {
    this.check(at, 8, what);
    return this.#view.getBigUint64(at, true);
  }

  /** A 64-bit offset, size or address as a number, which must be exact. */
  exact(at: number, what: string): number {
    const value = this.u64(at, what);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw this.error(`${what} is 0x${value.toString(16)}, should be below 2^53`);
    }
    return Number(value);
  }

  /** A part of the bytes, not copied. */
  slice(at: number, size: number, what: string): Uint8Array {
    this.check(at, size, what);
    return this.#bytes.subarray(at, at + size);
  }

  /** The string at `at`, which must have its NUL. */
  cstring(at: number, what: string): string {
    this.check(at, 1, what);
    const end = this.#bytes.indexOf(0, at);
    if (end < 0) throw this.error(`${what} at ${at} has no NUL before the ${this.#whole} ends`);
    return bytesToText(this.#bytes.subarray(at, end));
  }

  /** True where exactly these bytes are at `at`; false also where the bytes end before. */
  matches(at: number, expected: Uint8Array): boolean {
    if (at < 0 || at + expected.length > this.size) return false;
    return expected.every((byte, i) => this.#bytes[at + i] === byte);
  }
}
