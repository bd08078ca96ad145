import { assertEquals } from "../../assert.ts";
import { svgOf } from "../../bench/svg.ts";

/** The points of each curve. */
function places(svg: string): string[] {
  return Array.from(svg.matchAll(/<polyline points="([^"]*)"/g), ([, points]) => points!);
}

Deno.test("svgOf() puts powers of ten at equal distances, and values from 0 to the top", () => {
  const points = [[1, 0], [10, 50], [100, 100]] as const;
  const svg = svgOf({ file: "x", x: "count", y: "%", curves: [{ name: "a < b", points }] });
  assertEquals(places(svg), ["70.0,250.0 385.0,135.0 700.0,20.0"]);
  assertEquals(svg.includes("a &lt; b"), true);
});

Deno.test("svgOf() takes a logarithmic axis for values that are wide apart", () => {
  const points = [[1, 1], [10, 10_000]] as const;
  const svg = svgOf({ file: "x", x: "count", y: "ms", curves: [{ name: "a", points }] });
  assertEquals(places(svg), ["70.0,250.0 700.0,20.0"]);
});
