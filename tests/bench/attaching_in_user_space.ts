/** How attaching to the functions of a program grows, for gimlet and the bpftraces: from exec until it is done, and until all is undone. */

import { BINARY } from "../gimlet.ts";
import { type Chart, figure, median, type Result } from "./measure.ts";
import { bpftraces, isThere, type Peer } from "./peers/peers.ts";
import { Spender, type Spent } from "./spent.ts";

const ROUNDS = 3;
/** Which of the functions stand for how many. */
const PATTERNS: ReadonlyMap<number, string> = new Map([
  [1, "called_0000"],
  [10, "called_000*"],
  [100, "called_00*"],
  [1000, "called_*"],
]);
/** For ten times as many functions, ten times the time. */
const TENFOLD = 10;
const PATIENCE_MS = 60_000;
/** Who takes longer does so the next time, too. */
const SLOW_MS = 5_000;

/** The times of each tracer, by the number of functions. */
type Samples = ReadonlyMap<string, ReadonlyMap<number, readonly Spent[]>>;

/** Measures it, with a program that has as many functions. */
export async function attachingInUserSpace(program: string): Promise<Result[]> {
  const own: Peer = { name: "gimlet", words: [BINARY], env: {} };
  const others = await bpftraces();
  const missing = others.flatMap((peer) => isThere(peer) ? [] : [`${peer.name}: ${peer.why}`]);
  const samples = new Map<string, Map<number, Spent[]>>();
  const notes: string[] = [];
  await using spender = await Spender.make();
  for (const peer of [own, ...others.filter(isThere)]) {
    const ofPeer = new Map<number, Spent[]>();
    samples.set(peer.name, ofPeer);
    for (const [count, pattern] of PATTERNS) {
      const before = ofPeer.get(count / TENFOLD)?.[0]?.whole ?? 0;
      if (before * TENFOLD > PATIENCE_MS) {
        const took = `${figure(before / 1000)} s for ${count / TENFOLD}`;
        notes.push(`${peer.name} took ${took} until its end: it was not asked for ${count}.`);
        break;
      }
      ofPeer.set(count, await spentBy(peer, { spender, probe: `uprobe:${program}:${pattern}` }));
    }
  }
  return [
    table(samples, {
      key: "armed",
      title: "from exec until all are attached",
      notes: [
        "Each tracer by the same script: `uprobe:PROGRAM:PATTERN { @ = count(); }`, for all processes.",
        ...missing,
      ],
    }),
    table(samples, { key: "whole", title: "from exec until all are detached", notes }),
  ];
}

/** What a tracer takes to attach and to detach. */
async function spentBy(
  { words, env }: Peer,
  { spender, probe }: { readonly spender: Spender; readonly probe: string },
): Promise<Spent[]> {
  const command = ["-e", `${probe} { @ = count(); }`, "-c", spender.said.join(" ")];
  const samples: Spent[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const spent = await spender.spend([...words, ...command], {
      ...env,
      BPFTRACE_MAX_PROBES: String(Math.max(...PATTERNS.keys())),
    });
    samples.push(spent);
    if (spent.whole > SLOW_MS) break;
  }
  return samples;
}

function table(
  samples: Samples,
  { key, title, notes }: {
    readonly key: "armed" | "whole";
    readonly title: string;
    readonly notes: readonly string[];
  },
): Result {
  const chart: Chart = {
    file: `attaching_user_${key}`,
    x: "functions",
    y: `ms ${title}`,
    curves: Array.from(samples, ([name, counts]) => ({
      name,
      points: Array.from(counts, ([count, all]) => [count, median(all.map((each) => each[key]))]),
    })),
  };
  return {
    title: `The functions of a program: ${title}`,
    unit: "ms",
    rows: Array.from(samples, ([name, counts]) =>
      Array.from(counts, ([count, all]) => ({
        name: `${name}: ${count}`,
        samples: all.map((each) => each[key]),
      }))).flat(),
    charts: [chart],
    notes,
  };
}
