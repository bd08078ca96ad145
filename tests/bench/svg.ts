/** Curves as SVG: lines over a logarithmic axis, nothing else. */

import type { Chart, Curve, Point } from "./measure.ts";

const WIDTH = 720;
const PLOT = { left: 70, top: 20, right: 700, bottom: 250 } as const;
/** Below the curves: where their names begin, and what each of them takes. */
const NAMES = { top: 52, each: 16 } as const;
const COLOURS = ["#0b6e4f", "#d1495b", "#00798c", "#edae49", "#30638e", "#8f6593", "#7a7a7a"];
/** Charts with fewer curves are of one size. */
const LEAST_NAMES = 4;
/** From this many powers of ten on, values would lie on each other in a linear axis. */
const LOGARITHMIC = 3;

/** An axis: where a value lies, and which ones are told. */
interface Axis {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** Draws a chart. */
export function svgOf({ x, y, curves }: Chart): string {
  const points = curves.flatMap(({ points }) => points);
  const across = logarithmic(points.map(([x]) => x), PLOT.left, PLOT.right);
  const up = upwards(points.map(([, y]) => y));
  const height = PLOT.bottom + NAMES.top + NAMES.each * Math.max(curves.length, LEAST_NAMES) - 6;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...across.ticks.map((value) =>
      text(across.place(value), PLOT.bottom + 16, label(value), "middle")
    ),
    ...up.ticks.flatMap((value) => [
      `<path d="M${PLOT.left} ${fixed(up.place(value))}H${PLOT.right}" stroke="#ddd"/>`,
      text(PLOT.left - 6, up.place(value) + 4, label(value), "end"),
    ]),
    `<path d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}" fill="none" stroke="#333"/>`,
    text(PLOT.left, PLOT.top - 6, y),
    text(PLOT.right, PLOT.bottom + 34, x, "end"),
    ...curves.flatMap((curve, i) => drawn(curve, colourOf(i), [across, up])),
    ...curves.flatMap(({ name }, i) => legend(name, i)),
    "</svg>",
  ];
  return lines.join("\n") + "\n";
}

function colourOf(i: number): string {
  return COLOURS[i % COLOURS.length]!;
}

function drawn({ points }: Curve, colour: string, [across, up]: readonly [Axis, Axis]): string[] {
  const places = points.map(([x, y]: Point) => [across.place(x), up.place(y)].map(fixed));
  return [
    `<polyline points="${
      places.map((place) => place.join(",")).join(" ")
    }" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
  ];
}

function legend(name: string, i: number): string[] {
  const y = PLOT.bottom + NAMES.top + NAMES.each * i;
  return [
    `<rect x="${PLOT.left}" y="${y - 9}" width="18" height="4" fill="${colourOf(i)}"/>`,
    text(PLOT.left + 26, y - 3, name),
  ];
}

function upwards(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const wide = positive.length === values.length &&
    Math.log10(Math.max(...values) / Math.min(...values)) >= LOGARITHMIC;
  if (wide) return logarithmic(values, PLOT.bottom, PLOT.top);
  const step = roundStep(Math.max(...values, 1e-9));
  const steps = Math.ceil(Math.max(...values) / step) || 1;
  return {
    place: (value) => PLOT.bottom - (value / (steps * step)) * (PLOT.bottom - PLOT.top),
    ticks: Array.from({ length: steps + 1 }, (_, i) => i * step),
  };
}

/** A step of 1, 2 or 5 times a power of ten, of which a handful reaches a value. */
function roundStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => most / step <= 6)!;
}

function logarithmic(values: readonly number[], from: number, to: number): Axis {
  const [first, last] = [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values))),
  ];
  const span = Math.max(1, last - first);
  return {
    place: (value) => from + (Math.log10(value) - first) / span * (to - from),
    ticks: Array.from({ length: span + 1 }, (_, i) => 10 ** (first + i)),
  };
}

/** 1k, 10M, 0.5. */
function label(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}

function text(x: number, y: number, words: string, anchor = "start"): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${safe}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
