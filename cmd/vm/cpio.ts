/**
 * Writes cpio archives in the "newc" format, the one that the kernel unpacks as its initramfs. Pure: entries in, bytes
 * out, so no root is needed for device nodes and no cpio program at all.
 *
 * @see https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */

/** A directory. Its parents must come before it. */
export interface CpioDirectory {
  readonly kind: "directory";
  /** Where it goes: `/usr/bin`; `/` sets the mode of the root itself. */
  readonly path: string;
  /** Permission bits, 0o755 where not given. */
  readonly mode?: number;
}

/** A regular file. */
export interface CpioFile {
  readonly kind: "file";
  readonly path: string;
  /** Permission bits, 0o644 where not given. */
  readonly mode?: number;
  /** The contents; written as they are, never copied. */
  readonly data: Uint8Array;
}

/** A symbolic link. */
export interface CpioSymlink {
  readonly kind: "symlink";
  readonly path: string;
  /** What it points to. */
  readonly target: string;
}

/** A device node. */
export interface CpioDevice {
  readonly kind: "device";
  readonly path: string;
  readonly type: "character" | "block";
  readonly major: number;
  readonly minor: number;
  /** Permission bits, 0o600 where not given. */
  readonly mode?: number;
}

/** Something that an archive holds. All of it belongs to root. */
export type CpioEntry = CpioDirectory | CpioFile | CpioSymlink | CpioDevice;

// The file types of `st_mode`.
const S_IFCHR = 0o020000;
const S_IFDIR = 0o040000;
const S_IFBLK = 0o060000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

const TRAILER = "TRAILER!!!";
const ALIGNMENT = 4;
const LARGEST = 0xffffffff;

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

/**
 * The bytes of an archive, piece by piece: of each entry its header, its contents as they were given, and what is needed
 * to reach the next multiple of four.
 *
 * @throws {RangeError} where a file has 4 GiB or more: the format has 32 bits for sizes
 */
export function* cpioChunks(entries: Iterable<CpioEntry>): Generator<Uint8Array> {
  let inode = 1;
  for (const entry of entries) {
    const data = contents(entry);
    if (data.length > LARGEST) {
      throw new RangeError(
        `Cannot archive ${entry.path}: it has ${data.length} bytes, at most ${LARGEST} fit`,
      );
    }
    yield header(entry.path.replace(/^\/+/, "") || ".", {
      inode: inode++,
      mode: mode(entry),
      links: entry.kind === "directory" ? 2 : 1,
      size: data.length,
      major: entry.kind === "device" ? entry.major : 0,
      minor: entry.kind === "device" ? entry.minor : 0,
    });
    if (data.length > 0) yield data;
    const rest = padding(data.length);
    if (rest > 0) yield new Uint8Array(rest);
  }
  yield header(TRAILER, { inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0 });
}

function contents(entry: CpioEntry): Uint8Array {
  if (entry.kind === "file") return entry.data;
  return entry.kind === "symlink" ? encoder.encode(entry.target) : EMPTY;
}

function mode(entry: CpioEntry): number {
  switch (entry.kind) {
    case "directory":
      return S_IFDIR | (entry.mode ?? 0o755);
    case "file":
      return S_IFREG | (entry.mode ?? 0o644);
    case "symlink":
      return S_IFLNK | 0o777;
    case "device":
      return (entry.type === "block" ? S_IFBLK : S_IFCHR) | (entry.mode ?? 0o600);
  }
}

interface Fields {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  /** Of a device node: which device. */
  readonly major: number;
  readonly minor: number;
}

/** `struct cpio_newc_header`: a magic number and 13 fields of eight hexadecimal digits; then the name. */
function header(name: string, fields: Fields): Uint8Array {
  const nameSize = encoder.encode(name).length + 1;
  const numbers = [
    fields.inode,
    fields.mode,
    0, // uid
    0, // gid
    fields.links,
    0, // mtime
    fields.size,
    0, // major of the device that it lies on
    0, // minor
    fields.major,
    fields.minor,
    nameSize,
    0, // checksum, of the "crc" format only
  ];
  const digits = numbers.map((n) => n.toString(16).padStart(8, "0"));
  const bytes = encoder.encode(`070701${digits.join("")}${name}\0`);
  const padded = new Uint8Array(bytes.length + padding(bytes.length));
  padded.set(bytes);
  return padded;
}

function padding(size: number): number {
  return (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT;
}
