/**
 * Files of packets, as libpcap writes them: a head, then packets, each behind its own.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 */

import { concat } from "../../ffi/wire/concat.ts";

const MAGIC = 0xa1b2c3d4; // times are in microseconds
const VERSION = { major: 2, minor: 4 } as const;
/** What bpftrace writes: packets that begin with the head of IP, of the version that stands in it. */
const LINKTYPE_RAW = 101;
const LONGEST = 65535;
const FILE_HEAD = 24;
const HEAD = 16;
const NS_PER_US = 1000n;
const US_PER_S = 1_000_000n;

/** What a file begins with. */
export function pcapHead(): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(FILE_HEAD));
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION.major, true);
  view.setUint16(6, VERSION.minor, true);
  // Two words of 0: the zone of the times, which is UTC, and how exact they are.
  view.setUint32(16, LONGEST, true);
  view.setUint32(20, LINKTYPE_RAW, true);
  return new Uint8Array(view.buffer);
}

/** A packet, or its beginning. */
export interface PcapPacket {
  /** In ns since 1970. */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  /** How many bytes it has, all in all. */
  readonly length: number;
}

/** A packet, behind its head. */
export function pcapPacket({ time, bytes, length }: PcapPacket): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(HEAD));
  const microseconds = time / NS_PER_US;
  view.setUint32(0, Number(microseconds / US_PER_S), true);
  view.setUint32(4, Number(microseconds % US_PER_S), true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, length, true);
  return concat([new Uint8Array(view.buffer), bytes]);
}
