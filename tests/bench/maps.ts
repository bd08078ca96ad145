/** How fast a large map is read: a hash of a million entries, as pairs of a number and a bigint. */

import { createMap } from "../../ffi/bpf/create_map.ts";
import type { BpfMap } from "../../ffi/bpf/map.ts";
import { u32, u64 } from "../../ffi/wire/codec.ts";
import { run } from "../gimlet.ts";
import { compiledPeer } from "./compiled.ts";
import { ownCpuNs } from "./cpu_time.ts";
import { type Check, ratio, type Result, type Row } from "./measure.ts";
import { bcc, isThere } from "./peers/peers.ts";

const ROUNDS = 7;
const PEER_ROUNDS = 3; // of each of which a process is started once
const ENTRIES = 1_000_000;
const BATCH = 4096;

const ITERATED = "for (const [key, value] of map)";
const LISTED = "map.toJSON(): all of it as a list";
const BY_HAND = `a C program on libbpf, look-ups of ${BATCH}`;

/** Measures it. */
export async function maps(): Promise<Result[]> {
  const python = await bcc();
  const rows: Row[] = [
    ...own(),
    { name: BY_HAND, samples: await byHand() },
    ...(isThere(python) ? [{ name: `${python.name}, items()`, samples: await items(python) }] : []),
  ];
  const check = (base: string, atMost: number): Check => ({
    what: `${ITERATED} / ${base}`,
    value: ratio(rows, ITERATED, base),
    atMost,
  });
  return [{
    title: `Reading a hash of ${ENTRIES} entries, decoded`,
    unit: "ns of CPU an entry",
    rows,
    base: BY_HAND,
    checks: [check(BY_HAND, 3), ...rows.slice(3).map(({ name }) => check(name, 0.1))],
    ...(isThere(python) ? {} : { notes: [`${python.name} could not be measured: ${python.why}`] }),
  }];
}

function own(): Row[] {
  using map = createMap({ type: "hash", key: u32, value: u64, maxEntries: ENTRIES });
  map.setAll(Array.from({ length: ENTRIES }, (_, i) => [i, BigInt(i)] as const));
  const [iterated, listed] = [[], []] as [number[], number[]];
  for (let round = 0; round < ROUNDS; round++) {
    iterated.push(each(map, iterate));
    listed.push(each(map, (map) => map.toJSON().length));
  }
  return [{ name: ITERATED, samples: iterated }, { name: LISTED, samples: listed }];
}

type Numbers = BpfMap<number, bigint>;

function each(map: Numbers, read: (map: Numbers) => number): number {
  const start = ownCpuNs();
  const count = read(map);
  const ns = (ownCpuNs() - start) / ENTRIES;
  if (count !== ENTRIES) throw new Error(`${count} entries were read, should be ${ENTRIES}`);
  return ns;
}

/** The pairs are kept for a while, so that they have to be made. */
function iterate(map: Numbers): number {
  const kept: [number, bigint][] = [];
  let count = 0;
  for (const entry of map) kept[count++ % 1024] = entry;
  return count;
}

async function byHand(): Promise<number[]> {
  const program = await compiledPeer("map");
  return await numbersOf([program, ...[ENTRIES, ROUNDS, BATCH].map(String)]);
}

async function items(
  { words, env }: { words: readonly string[]; env: Record<string, string> },
): Promise<number[]> {
  const script = new URL("./peers/map.py", import.meta.url).pathname;
  return await numbersOf([...words, script, String(ENTRIES), String(PEER_ROUNDS)], env);
}

/** The numbers that a command prints, one a line. */
async function numbersOf(
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<number[]> {
  const { status, stdout, stderr } = await run(words, { env });
  if (status !== 0) throw new Error(`Cannot run ${words.join(" ")}: ${status}: ${stderr}`);
  return stdout.trim().split("\n").map(Number);
}
