/** What a measurement gives: samples of several things that were measured side by side, and what has to hold of them. */

/** One thing that was measured. */
export interface Row {
  readonly name: string;
  readonly samples: readonly number[];
}

/** Something that has to hold: `--check` fails where it does not. */
export interface Check {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
}

/** A point of a curve: x and y. */
export type Point = readonly [x: number, y: number];

/** How one thing grows with another. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Curves side by side. */
export interface Chart {
  /** The name of its file, without its folder and its end. */
  readonly file: string;
  /** What the axes show: that of x is logarithmic, and that of y too where the values are wide apart. */
  readonly x: string;
  readonly y: string;
  readonly curves: readonly Curve[];
}

/** A table of a measurement. */
export interface Result {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  /** The row that the others are compared with: their medians are told as multiples of its. */
  readonly base?: string;
  readonly checks?: readonly Check[];
  readonly charts?: readonly Chart[];
  /** What else a reader has to know: who could not be measured, and why. */
  readonly notes?: readonly string[];
}

/** The value that a part of the samples is below, by the nearest rank. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * q)]!;
}

/** The value in the middle. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The ratio of two rows' medians. */
export function ratio(rows: readonly Row[], name: string, base: string): number {
  const of = (wanted: string) => median(rows.find(({ name }) => name === wanted)!.samples);
  return of(name) / of(base);
}

/** Measures things in turns, so that whatever else the machine does falls on all of them. */
export async function inTurns(
  rounds: number,
  things: Readonly<Record<string, () => Promise<number>>>,
): Promise<Row[]> {
  const samples = new Map(Object.keys(things).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(things)) {
      samples.get(name)!.push(await measure());
    }
  }
  return Array.from(samples, ([name, samples]) => ({ name, samples }));
}

/** How long something takes, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A table for people: medians, quartiles, ratios, and what was checked. */
export function textOf({ title, unit, rows, base, checks = [], notes = [] }: Result): string[] {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    `${title} (${unit}: median, quartiles, n)`,
    ...rows.map((row) => {
      const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => figure(quantile(row.samples, q)));
      const times = base === undefined || base === row.name
        ? ""
        : `  ${ratio(rows, row.name, base).toFixed(2)} ×`;
      return `  ${row.name.padEnd(width)}  ${
        middle!.padStart(8)
      }  ${low}–${high}  ${row.samples.length}${times}`;
    }),
    ...checks.map(checkLine),
    ...notes.map((note) => `  ${note}`),
  ];
}

/** Whether it holds, in a line. */
export function checkLine({ what, value, atMost }: Check): string {
  return `  ${holds({ what, value, atMost }) ? "ok  " : "FAIL"}  ${what}: ${
    figure(value)
  }, at most ${figure(atMost)}`;
}

/** Whether what has to hold does. */
export function holds({ value, atMost }: Check): boolean {
  return value <= atMost;
}

/** Three digits that count. */
export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
