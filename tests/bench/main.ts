/**
 * `deno task bench [NAME…] [--check]`: what gimlet costs, side by side with its peers on the same machine, in the same
 * minutes. Ratios count; the times themselves say more about the machine. With --check what has to hold is held.
 */

import { compiling } from "./compiling.ts";
import { cost } from "./cost.ts";
import { doctor } from "./doctor.ts";
import { draining } from "./draining.ts";
import { ending } from "./ending.ts";
import { listing } from "./listing.ts";
import { machines } from "./machines.ts";
import { holds, type Result, textOf } from "./measure.ts";
import { printing } from "./printing.ts";
import { start } from "./start.ts";

const BENCHES: Readonly<Record<string, () => Promise<Result[]>>> = {
  start,
  compiling,
  cost,
  draining,
  printing,
  ending,
  listing,
  machines,
  doctor,
};

const check = Deno.args.includes("--check");
const asked = Deno.args.filter((word) => word !== "--check");
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}: there are ${Object.keys(BENCHES).join(", ")}`);
  Deno.exit(2);
}
const results: Result[] = [];
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  for (const result of await BENCHES[name]!()) {
    results.push(result);
    console.log(textOf(result).join("\n") + "\n");
  }
}
const broken = results.flatMap(({ checks = [] }) => checks).filter((it) => !holds(it));
if (check && broken.length > 0) {
  console.error(`${broken.length} do not hold`);
  Deno.exit(1);
}
