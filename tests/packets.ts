/** Datagrams of known lengths and contents, and what has to stand in the files that scripts write of them. */

import { assert, assertEquals } from "./assert.ts";

const PORT = 4711;
/** Of 1 to so many bytes: a prime number, and longer than what the kernel fills records up to. */
const COUNT = 23;
const HEADERS = 20 + 8; // of IPv4 and UDP
const IPPROTO_UDP = 17;

/** Sends them to this machine itself, with bash: each is its length, with zeros before it. */
export const SEND =
  `for n in {1..${COUNT}}; do printf "%0\${n}d" $n >/dev/udp/127.0.0.1/${PORT}; done`;

/** Commands of a script that are to be run for these datagrams only; `skb` names the packet. */
export function forDatagrams(skb: string, commands: string): string {
  return `$skb = ${skb};
    $ip = (struct iphdr *)($skb->head + $skb->network_header);
    $udp = (struct udphdr *)($skb->head + $skb->transport_header);
    if ($ip->protocol == ${IPPROTO_UDP} && bswap((uint16)$udp->dest) == ${PORT}) { ${commands} }`;
}

/** A packet of a file. */
export interface Captured {
  /** In µs since 1970. */
  readonly time: number;
  /** How many bytes it had. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Reads a file of packets that begin with the head of IP: independently of what wrote it. */
export function readPcap(file: Uint8Array): Captured[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number) => view.getUint32(at, true);
  assertEquals([0, 4, 8, 12, 16, 20].map(word), [0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 101]);
  const packets: Captured[] = [];
  for (let at = 24; at < file.length;) {
    const [seconds, microseconds, kept, length] = [0, 4, 8, 12].map((field) => word(at + field));
    const bytes = file.slice(at + 16, at + 16 + kept!);
    assertEquals(bytes.length, kept);
    packets.push({ time: seconds! * 1e6 + microseconds!, length: length!, bytes });
    at += 16 + kept!;
  }
  return packets;
}

/** Looks whether these are all datagrams, each once, in their order; of each the whole, or so many bytes. */
export function checkDatagrams(packets: readonly Captured[], most = Infinity): void {
  assertEquals(packets.length, COUNT);
  packets.forEach(({ time, length, bytes }, i) => {
    const size = i + 1;
    assertEquals([length, bytes.length], [HEADERS + size, Math.min(HEADERS + size, most)]);
    const view = new DataView(bytes.buffer);
    assertEquals([bytes[0], view.getUint16(2), bytes[9]], [0x45, HEADERS + size, IPPROTO_UDP]);
    const text = new TextDecoder().decode(bytes.slice(HEADERS));
    assertEquals(text, String(size).padStart(size, "0").slice(0, Math.max(0, most - HEADERS)));
    assert(time >= (packets[i - 1]?.time ?? 0), "times go backwards");
  });
}
