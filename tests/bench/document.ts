/** docs/benchmarks.md and its curves: what was measured, as a page. Its source is kept beside it, so that it can be written again. */

import { type Check, figure, holds, quantile, ratio, type Result, type Row } from "./measure.ts";
import { svgOf } from "./svg.ts";

/** The page, from the root of the repository; and where its curves and its source are. */
export const PAGE = "docs/benchmarks.md";
export const FOLDER = "docs/benchmarks";
/** The file of {@linkcode FOLDER} that the page is made of. */
export const SOURCE = "results.json";

/** All that was measured, and on what. */
export interface Measurements {
  /** What the machine is, in the order in which it is told: `kernel`, `CPUs`, versions. */
  readonly machine: Readonly<Record<string, string>>;
  /** By the names that `deno task bench` knows, in their order. */
  readonly benches: Readonly<Record<string, readonly Result[]>>;
}

/** The files of the page, by their paths: the page itself, its curves, its source. `deno fmt` goes over them. */
export function filesOf(measurements: Measurements): Map<string, string> {
  const files = new Map([
    [PAGE, pageOf(measurements)],
    [`${FOLDER}/${SOURCE}`, JSON.stringify(rounded(measurements), undefined, 2) + "\n"],
  ]);
  for (const { charts = [] } of Object.values(measurements.benches).flat()) {
    for (const chart of charts) files.set(`${FOLDER}/${chart.file}.svg`, svgOf(chart));
  }
  return files;
}

/** Reads what {@linkcode filesOf} has written. */
export function parseMeasurements(text: string): Measurements {
  return JSON.parse(text);
}

function pageOf({ machine, benches }: Measurements): string {
  const checks = Object.values(benches).flat().flatMap(({ checks = [] }) => checks);
  const held = checks.filter(holds).length;
  return [
    "# Benchmarks",
    "Written by `deno task bench --report`; `deno task bench --check` holds what has to hold. Each table was measured side " +
    "by side, in turns, in one run: compare the ratios, the times themselves say more about the machine. Told is the median, " +
    "with the quartiles for its spread. Of all that has to hold, " +
    `${held} of ${checks.length} did.`,
    "## The machine",
    table(["", ""], Object.entries(machine)),
    ...Object.entries(benches).flatMap(([name, results]) => [
      `## \`deno task bench ${name}\``,
      ...results.flatMap(resultPart),
    ]),
  ].join("\n\n") + "\n";
}

function resultPart({ title, unit, rows, base, checks, charts, notes }: Result): string[] {
  const timesOf = (name: string) =>
    base === undefined || name === base ? "" : `${ratio(rows, name, base).toFixed(2)} ×`;
  return [
    `### ${title}`,
    table(
      ["", unit, "quartiles", "n", ...(base === undefined ? [] : ["ratio"])],
      rows.map((row) => [
        escaped(row.name),
        ...figuresOf(row),
        ...(base === undefined ? [] : [timesOf(row.name)]),
      ]),
    ),
    ...(checks === undefined || checks.length === 0 ? [] : [checks.map(checkItem).join("\n")]),
    ...(charts ?? []).map(({ file, y }) => `![${y}](${FOLDER.replace("docs/", "")}/${file}.svg)`),
    ...(notes ?? []).map(escaped),
  ];
}

function figuresOf({ samples }: Row): string[] {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => figure(quantile(samples, q)));
  return [middle!, `${low}–${high}`, String(samples.length)];
}

function checkItem(check: Check): string {
  const verdict = holds(check) ? "holds" : "**does not hold**";
  return `- ${escaped(check.what)}: ${figure(check.value)}, at most ${
    figure(check.atMost)
  }: ${verdict}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** As words, whatever Markdown would make of them. */
function escaped(words: string): string {
  return words.replace(/[|*_<>[\]`]/g, "\\$&").replaceAll("\n", " ");
}

/** Samples with the digits that count. */
function rounded({ machine, benches }: Measurements): Measurements {
  const digits = (key: string, value: unknown) =>
    typeof value === "number" && key !== "atMost" ? Number(value.toPrecision(6)) : value;
  return JSON.parse(JSON.stringify({ machine, benches }, digits));
}
